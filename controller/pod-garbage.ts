import type { Node, Pod, PodStatus } from '../api/types/core-v1.ts'
import type { Live } from '../client/client.ts'
import { unlessGone } from '../client/outcomes.ts'
import { NODES, PODS } from '../client/resources.ts'
import { timestamp } from '../client/times.ts'
import { type Context, type Controller, createChore, deleteExactly } from './context.ts'
import { isFinished } from './pods.ts'

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
    else if (!isEnding && isFinished(pod)) terminated.push(pod)
  }
  const surplus = terminated.length - threshold
  if (surplus <= 0 || threshold <= 0) return garbage
  // Evicted ones first: they tell least. Then the oldest.
  const order = (pod: Live<Pod>) => `${pod.status?.reason === 'Evicted' ? 0 : 1} ${pod.metadata.creationTimestamp}`
  terminated.sort((a, b) => order(a).localeCompare(order(b)))
  return [...garbage, ...terminated.slice(0, surplus).map(pod => ({ pod, why: 'terminated' as const }))]
}

/** Since when each node that pods name has been missing. */
export function missingSince(
  before: ReadonlyMap<string, number>,
  named: Iterable<string>,
  isThere: (name: string) => boolean,
  now: number,
): Map<string, number> {
  return new Map([...named].filter(name => !isThere(name)).map(name => [name, before.get(name) ?? now]))
}

/** Those that have been missing for so long that nobody will find them. */
export function lostFor(since: ReadonlyMap<string, number>, now: number): Set<string> {
  return new Set([...since].filter(([, at]) => now - at >= QUARANTINE_MS).map(([name]) => name))
}

/** What a pod that had not ended says at last; undefined: it has said how it ended. */
export function lastWords({ pod, why }: Garbage, time: string): PodStatus | undefined {
  if (isFinished(pod)) return undefined
  if (why !== 'orphaned') return { phase: 'Failed' }
  const reason = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' }
  return {
    phase: 'Failed',
    conditions: [{ type: 'DisruptionTarget', status: 'True', ...reason, lastTransitionTime: time }],
  }
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
  let missing: ReadonlyMap<string, number> = new Map()

  async function remove(garbage: Garbage): Promise<void> {
    const { pod, why } = garbage
    const { name, namespace } = pod.metadata
    const status = lastWords(garbage, timestamp(clock.now()))
    if (status) await unlessGone(podClient.patch(name, 'strategic', { status }, { namespace, subresource: 'status' }))
    await deleteExactly(podClient, pod, { gracePeriodSeconds: 0 })
    context.log.info('Removed a pod that nobody would finish', { pod: `${namespace}/${name}`, why })
  }

  return createChore(context, 'pod-garbage-collector', ROUND_MS, async () => {
    const byName = new Map(nodes.list().map(node => [node.metadata.name, node]))
    const threshold = options.terminatedPodThreshold ?? 12_500
    const now = clock.monotonic()
    const named = new Set(pods.list().flatMap(pod => pod.spec.nodeName ?? []))
    missing = missingSince(missing, named, name => byName.has(name), now)
    for (const garbage of findGarbage(pods.list(), byName, lostFor(missing, now), threshold)) await remove(garbage)
  })
}
