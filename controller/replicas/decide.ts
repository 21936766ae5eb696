import type { ReplicaSetCondition, ReplicaSetStatus } from '../../api/types/apps-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { isActive, isAvailable, isReady } from '../pods.ts'

/** At most so many pods are made or removed in one step. */
const BURST = 500

export interface ReplicaPlan {
  create: number
  remove: readonly Live<Pod>[]
}

/** How many pods to make, or which ones to remove, to have `wanted` of them; `siblings` stand for the same application. */
export function planReplicas(
  wanted: number,
  pods: readonly Live<Pod>[],
  now: number,
  siblings: readonly Live<Pod>[] = [],
): ReplicaPlan {
  const active = pods.filter(isActive)
  const missing = wanted - active.length
  if (missing >= 0) return { create: Math.min(missing, BURST), remove: [] }
  return { create: 0, remove: rankForRemoval(active, now, siblings).slice(0, Math.min(-missing, BURST)) }
}

/** Those first who are missed least: not placed, not running, not ready, cheap, crowded together (siblings count), young. */
export function rankForRemoval(
  pods: readonly Live<Pod>[],
  now: number,
  siblings: readonly Live<Pod>[] = [],
): Live<Pod>[] {
  const onNode = new Map<string, number>()
  for (const pod of [...pods, ...siblings]) {
    const { nodeName } = pod.spec
    if (nodeName && isActive(pod)) onNode.set(nodeName, (onNode.get(nodeName) ?? 0) + 1)
  }
  const keys = new Map(pods.map(pod => [pod, removalKey(pod, onNode, now)]))
  return [...pods].sort((a, b) => compareKeys(keys.get(a)!, keys.get(b)!))
}

const PHASES = ['Pending', 'Unknown', 'Running']

function removalKey(pod: Live<Pod>, onNode: ReadonlyMap<string, number>, now: number): number[] {
  const { nodeName } = pod.spec
  const cost = Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0)
  const readySince = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime
  const restarts = pod.status?.containerStatuses?.reduce((most, status) => Math.max(most, status.restartCount), 0) ?? 0
  return [
    nodeName ? 1 : 0,
    PHASES.indexOf(pod.status?.phase ?? 'Pending'),
    isReady(pod) ? 1 : 0,
    Number.isNaN(cost) ? 0 : cost,
    -(onNode.get(nodeName ?? '') ?? 0),
    isReady(pod) ? logAge(readySince, now) : 0,
    -restarts,
    logAge(pod.metadata.creationTimestamp, now),
  ]
}

/** Ages on a logarithmic scale: of pods made at about the same time none is preferred. */
function logAge(since: string | undefined, now: number): number {
  const age = now - Date.parse(since ?? '')
  return age > 0 ? Math.floor(Math.log2(age)) : 0
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return 0
}

export interface Failure {
  reason: 'FailedCreate' | 'FailedDelete'
  message: string
}

/** What the set is to say of itself. */
export function replicaStatus(
  set: { metadata: { generation?: number }; status?: ReplicaSetStatus },
  templateLabels: Readonly<Record<string, string>>,
  minReadySeconds: number,
  pods: readonly Pod[],
  failure: Failure | undefined,
  clock: { now: number; time: string },
): ReplicaSetStatus {
  const active = pods.filter(isActive)
  const labels = Object.entries(templateLabels)
  const isLabelled = (pod: Pod) => labels.every(([key, value]) => pod.metadata?.labels?.[key] === value)
  const conditions = failureConditions(set.status?.conditions ?? [], failure, clock.time)
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(isLabelled).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter(pod => isAvailable(pod, minReadySeconds, clock.now)).length,
    observedGeneration: set.metadata.generation,
    ...(conditions.length > 0 ? { conditions } : {}),
  }
}

function failureConditions(
  known: readonly ReplicaSetCondition[],
  failure: Failure | undefined,
  time: string,
): ReplicaSetCondition[] {
  const others = known.filter(condition => condition.type !== 'ReplicaFailure')
  if (!failure) return others
  const old = known.find(condition => condition.type === 'ReplicaFailure')
  if (old?.reason === failure.reason) return [...known]
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: time, ...failure }]
}

export function sameStatus(a: object | undefined, b: object): boolean {
  const sorted = (value: object | undefined) =>
    JSON.stringify(
      Object.entries(value ?? {})
        .filter(([, v]) => v !== undefined && v !== 0)
        .sort(),
    )
  return sorted(a) === sorted(b)
}
