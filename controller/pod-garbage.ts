import type { Node, Pod } from '../api/types/core-v1.ts'
import type { Live } from '../client/client.ts'
import { unlessGone } from '../client/outcomes.ts'
import { NODES, PODS } from '../client/resources.ts'
import { timestamp } from '../client/times.ts'
import { type Context, type Controller, createChore, deleteExactly } from './context.ts'

const ROUND_MS = 20_000
/** A node must be missing for this long: informers of different kinds are not in step. */
const QUARANTINE_MS = 40_000
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'

export type Garbage = { pod: Live<Pod>; why: 'orphaned' | 'unscheduled' | 'out-of-service' | 'terminated' }

/**
 * Pods that nobody will ever finish or needs any more. `missing`: names of nodes that have been gone for long enough;
 * `threshold`: how many ended pods may stay, 0 for any number.
 */
export function findGarbage(
  pods: readonly Live<Pod>[],
  nodes: ReadonlyMap<string, Live<Node>>,
  missing: ReadonlySet<string>,
  threshold: number,
): Garbage[] {
  const garbage: Garbage[] = []
  const terminated: Live<Pod>[] = []
  for (const pod of pods) {
    const { nodeName } = pod.spec
    const node = nodeName ? nodes.get(nodeName) : undefined
    const isEnding = pod.metadata.deletionTimestamp !== undefined
    if (nodeName && missing.has(nodeName)) garbage.push({ pod, why: 'orphaned' })
    else if (!nodeName && isEnding) garbage.push({ pod, why: 'unscheduled' })
    else if (isEnding && node && isOutOfService(node)) garbage.push({ pod, why: 'out-of-service' })
    else if (!isEnding && isTerminated(pod)) terminated.push(pod)
  }
  const surplus = terminated.length - threshold
  if (surplus <= 0 || threshold <= 0) return garbage
  // Evicted ones first: they tell least. Then the oldest.
  const order = (pod: Live<Pod>) => `${pod.status?.reason === 'Evicted' ? 0 : 1} ${pod.metadata.creationTimestamp}`
  terminated.sort((a, b) => order(a).localeCompare(order(b)))
  return [...garbage, ...terminated.slice(0, surplus).map(pod => ({ pod, why: 'terminated' as const }))]
}

function isTerminated(pod: Live<Pod>): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

function isOutOfService(node: Live<Node>): boolean {
  const isReady = node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  return !isReady && (node.spec.taints?.some(taint => taint.key === OUT_OF_SERVICE) ?? false)
}

export function podGarbageController(context: Context): Controller {
  const { client, clock, informers, options } = context
  const pods = informers.of<Pod>(PODS)
  const nodes = informers.of<Node>(NODES)
  const podClient = client.resource<Pod>(PODS)
  const missingSince = new Map<string, number>()

  function missingNodes(): Set<string> {
    const now = clock.monotonic()
    const named = new Set(pods.list().flatMap(pod => pod.spec.nodeName ?? []))
    for (const name of missingSince.keys()) if (nodes.get(name) || !named.has(name)) missingSince.delete(name)
    for (const name of named) if (!nodes.get(name) && !missingSince.has(name)) missingSince.set(name, now)
    return new Set([...missingSince].filter(([, since]) => now - since >= QUARANTINE_MS).map(([name]) => name))
  }

  async function remove({ pod, why }: Garbage): Promise<void> {
    const { name, namespace } = pod.metadata
    if (!isTerminated(pod)) {
      const lastTransitionTime = timestamp(clock.now())
      const message = 'PodGC: node no longer exists'
      const target = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByPodGC',
        message,
        lastTransitionTime,
      }
      const status = { phase: 'Failed', ...(why === 'orphaned' ? { conditions: [target] } : {}) }
      await unlessGone(podClient.patch(name, 'strategic', { status }, { namespace, subresource: 'status' }))
    }
    await deleteExactly(podClient, pod, { gracePeriodSeconds: 0 })
    context.log.info('Removed a pod that nobody would finish', { pod: `${namespace}/${name}`, why })
  }

  return createChore(context, 'pod-garbage-collector', ROUND_MS, async () => {
    const byName = new Map(nodes.list().map(node => [node.metadata.name, node]))
    const threshold = options.terminatedPodThreshold ?? 12_500
    for (const garbage of findGarbage(pods.list(), byName, missingNodes(), threshold)) await remove(garbage)
  })
}
