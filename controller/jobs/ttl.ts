import type { Job } from '../../api/types/batch-v1.ts'
import type { Live } from '../../client/client.ts'
import { JOBS } from '../../client/resources.ts'
import { type Context, type Controller, createLoop, deleteExactly } from '../context.ts'

/** When a finished Job is to be deleted; undefined: it is not finished, or stays. */
export function expiryOf({ spec, status }: Live<Job>): number | undefined {
  const { ttlSecondsAfterFinished } = spec
  const end = status?.conditions?.find(
    ({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True',
  )
  if (ttlSecondsAfterFinished === undefined || !end?.lastTransitionTime) return undefined
  return Date.parse(end.lastTransitionTime) + ttlSecondsAfterFinished * 1000
}

/** Finished Jobs go when their time is over, and their pods with them. */
export function ttlController(context: Context): Controller {
  const { client, clock, informers } = context
  const jobs = informers.of<Job>(JOBS)
  const loop = createLoop(context, 'ttl-after-finished-controller', async key => {
    const job = jobs.get(key)
    const expiry = job && !job.metadata.deletionTimestamp ? expiryOf(job) : undefined
    if (!job || expiry === undefined) return
    const left = expiry - clock.now()
    if (left > 0) loop.queue.addAfter(key, Math.min(left, 3_600_000))
    else await deleteExactly(client.resource<Job>(JOBS), job, { propagationPolicy: 'Foreground' })
  })
  loop.watch(jobs)
  return loop
}
