import type { Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { Informer } from '../../client/informer.ts'
import { WorkQueue } from '../../client/queue.ts'
import { PODS } from '../../client/resources.ts'
import { timestamp } from '../../client/times.ts'
import type { ControlPlane } from './control-plane.ts'

export interface FakeKubelet {
  /** What becomes of a pod: `ready` (the default), `broken` (runs, never ready), `succeeded`, `failed`, `ignored`. */
  fate: (pod: Live<Pod>) => 'ready' | 'broken' | 'succeeded' | 'failed' | 'ignored'
  stop(): Promise<void>
}

/**
 * Plays the nodes: pods run as soon as they are placed (`needsNode`) or made, and end as soon as they are deleted. With
 * `nodeName` it is that one node and sees no other pods.
 */
export async function startFakeKubelet(
  plane: Pick<ControlPlane, 'client' | 'clock' | 'random' | 'log'>,
  options: {
    needsNode?: boolean
    nodeName?: string
    fate?: FakeKubelet['fate']
    addressOf?: (pod: Live<Pod>) => string
  } = {},
): Promise<FakeKubelet> {
  const { client, clock } = plane
  const pods = client.resource<Pod>(PODS)
  const fieldSelector = options.nodeName ? `spec.nodeName=${options.nodeName}` : undefined
  const informer = new Informer<Pod>(pods, { ...plane, fieldSelector })
  const kubelet: FakeKubelet = {
    fate: options.fate ?? (() => 'ready'),
    async stop() {
      await queue.stop()
      await informer.stop()
    },
  }
  const queue = new WorkQueue({
    name: 'fake-kubelet',
    clock,
    log: plane.log,
    workers: 50,
    longestRetryMs: 1000,
    work: step,
  })

  async function step(key: string): Promise<void> {
    const pod = informer.get(key)
    if (!pod) return
    const { name, namespace, uid } = pod.metadata
    if (pod.metadata.deletionTimestamp) {
      await ignoreGone(pods.delete(name, { namespace, gracePeriodSeconds: 0, preconditions: { uid } }))
      return
    }
    const fate = kubelet.fate(pod)
    if (fate === 'ignored' || (options.needsNode && !pod.spec.nodeName) || pod.status?.phase !== 'Pending') return
    const podIP = options.addressOf?.(pod) ?? addressFor(name)
    const status = statusOf(fate, timestamp(clock.now()), podIP)
    await ignoreGone(pods.patch(name, 'strategic', { metadata: { uid }, status }, { namespace, subresource: 'status' }))
  }

  informer.addHandler({ added: add, updated: add })
  function add(pod: Live<Pod>): void {
    queue.add(`${pod.metadata.namespace}/${pod.metadata.name}`)
  }
  informer.start()
  queue.start()
  await informer.synced()
  return kubelet
}

/** Tests may tell pods apart by address. */
function addressFor(name: string): string {
  return `10.244.${[...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 256}.${1 + (name.length % 250)}`
}

function statusOf(fate: 'ready' | 'broken' | 'succeeded' | 'failed', time: string, podIP: string): Pod['status'] {
  const phase = { ready: 'Running', broken: 'Running', succeeded: 'Succeeded', failed: 'Failed' }[fate]
  const ready = fate === 'ready' ? 'True' : 'False'
  return {
    phase,
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: time,
    conditions: ['Ready', 'ContainersReady'].map(type => ({ type, status: ready, lastTransitionTime: time })),
  }
}

async function ignoreGone(write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (error) {
    const { reason } = error as { reason?: string }
    if (reason !== 'NotFound' && reason !== 'Conflict') throw error
  }
}
