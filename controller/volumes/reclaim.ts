import type { Node, PersistentVolume } from '../../api/types/core-v1.ts'
import { volumeReaches } from '../../api/volumes.ts'
import { type Live, refusal } from '../../client/client.ts'
import { NODES, PERSISTENT_VOLUMES } from '../../client/resources.ts'
import { type Context, type Controller, createLoop, deleteExactly, together } from '../context.ts'
import { isToReclaim } from './decide.ts'

const ANSWER_WITHIN_MS = 300_000

/**
 * Gives local volumes back when their claims are gone: first the folder, by the agent of its node, then the object. Apart
 * from binding, which must not wait for a node that does not answer.
 */
export function volumeReclaimer(context: Context): Controller {
  const volumes = context.informers.of<PersistentVolume>(PERSISTENT_VOLUMES)
  const nodes = context.informers.of<Node>(NODES)
  const stopping = new AbortController()
  const options = { component: 'persistentvolume-controller' }
  const loop = createLoop(context, 'persistentvolume-reclaim', step, options)

  async function step(name: string): Promise<void> {
    const volume = volumes.get(name)
    if (!volume || !isToReclaim(volume)) return
    // With a node, its folders are gone as well.
    const node = nodes.list().find(candidate => volumeReaches(volume, candidate))
    if (node) await removeFolder(volume, node.metadata.name)
    await deleteExactly(context.client.resource<PersistentVolume>(PERSISTENT_VOLUMES), volume)
  }

  async function removeFolder(volume: Live<PersistentVolume>, nodeName: string): Promise<void> {
    const path = `/api/v1/nodes/${nodeName}/proxy/localVolumes/${volume.metadata.name}`
    try {
      await askToDelete(context, path, stopping.signal)
    } catch (error) {
      const message = `the folder on node ${nodeName} could not be removed: ${(error as Error).message}`
      if (!stopping.signal.aborted) loop.events.event(volume, 'Warning', 'VolumeFailedDelete', message)
      throw error
    }
  }

  loop.watch(volumes)
  return together(loop, { start() {}, stop: async () => stopping.abort() })
}

/** Large folders take their time; a node that lost its power in the midst never answers. */
async function askToDelete({ client, clock }: Context, path: string, stopping: AbortSignal): Promise<void> {
  const overdue = new AbortController()
  const timer = clock.after(ANSWER_WITHIN_MS, () => overdue.abort(new Error('it does not answer')))
  try {
    const signal = AbortSignal.any([stopping, overdue.signal])
    const answer = await client.transport.request({ method: 'DELETE', path, signal })
    if (answer.status >= 300) throw await refusal(answer)
  } finally {
    timer.cancel()
  }
}
