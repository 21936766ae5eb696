import { type Clock, sleep } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { isRunning } from '../pod/picture.ts'
import { specGraceSeconds } from '../pod/pod.ts'
import type { PodWorker } from '../pod/worker.ts'
import type { PodWorkers } from '../pod/workers.ts'

interface Parts {
  workers: PodWorkers
  clock: Clock
  log: Log
  /** For all pods together. */
  graceSeconds: number
}

const CRITICAL_PRIORITY = 2_000_000_000
/** The part of the grace that is kept for pods others depend on. */
const CRITICAL_SHARE = 1 / 3
const LOOK_MS = 100

/** Ends all pods of a node that is about to be switched off: ordinary ones first, then those that others depend on. */
export async function endAllPods(parts: Parts): Promise<void> {
  const { workers, log, graceSeconds } = parts
  const isCritical = ({ pod }: PodWorker) => (pod.spec.priority ?? 0) >= CRITICAL_PRIORITY
  log.info('The node is shutting down, ending its pods', { pods: workers.all().length })
  const forCritical = graceSeconds * CRITICAL_SHARE
  await endGroup(
    parts,
    workers.all().filter(worker => !isCritical(worker)),
    graceSeconds - forCritical,
  )
  await endGroup(parts, workers.all().filter(isCritical), forCritical)
}

async function endGroup({ clock }: Parts, group: PodWorker[], longest: number): Promise<void> {
  for (const worker of group) {
    const graceSeconds = Math.min(longest, specGraceSeconds(worker.pod))
    const message = 'Pod was terminated in response to imminent node shutdown.'
    worker.end({ why: 'shutdown', reason: 'Terminated', message, graceSeconds })
  }
  const end = clock.monotonic() + (longest + 1) * 1000
  while (group.some(hasRunning) && clock.monotonic() < end) await sleep(clock, LOOK_MS)
}

function hasRunning({ picture }: PodWorker): boolean {
  return [...picture.containers.values()].some(attempts => attempts.some(isRunning))
}
