import { type OwnerReference, objectKey } from '../api/objects.ts'
import { compileSelector } from '../api/placement.ts'
import type { Deployment, ReplicaSet, StatefulSet } from '../api/types/apps-v1.ts'
import type { Pod, ReplicationController } from '../api/types/core-v1.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../api/types/policy-v1.ts'
import { deepEqual } from '../api/values.ts'
import type { Live } from '../client/client.ts'
import type { Informer } from '../client/informer.ts'
import { unlessGone } from '../client/outcomes.ts'
import {
  DEPLOYMENTS,
  POD_DISRUPTION_BUDGETS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  STATEFUL_SETS,
} from '../client/resources.ts'
import { timestamp } from '../client/times.ts'
import { transitionTime } from './conditions.ts'
import { type Context, type Controller, controllerRefOf, createLoop } from './context.ts'
import { resolvePercentage } from './deployments/rollout.ts'
import { isFinished, isReady, sharedPods } from './pods.ts'

/** An eviction that was allowed counts as under way for so long; then the pod is believed to stay. */
const EVICTION_TIMEOUT_MS = 120_000

type Budget = Live<PodDisruptionBudget>

export interface BudgetInput {
  budget: Budget
  pods: readonly Live<Pod>[]
  /** How many pods the controllers of these pods want; undefined: one of them is not known. */
  wanted: number | undefined
  now: number
  time: string
}

/** How many pods may be disturbed right now, and what that follows from. */
export function budgetStatus({ budget, pods, wanted, now, time }: BudgetInput): PodDisruptionBudgetStatus {
  const { minAvailable, maxUnavailable } = budget.spec
  const needsWanted = maxUnavailable !== undefined || String(minAvailable).endsWith('%')
  const expectedPods = needsWanted ? (wanted ?? 0) : pods.length
  const desiredHealthy =
    maxUnavailable === undefined
      ? resolvePercentage(minAvailable, expectedPods, true)
      : Math.max(0, expectedPods - resolvePercentage(maxUnavailable, expectedPods, true))
  const disruptedPods = stillDisrupted(budget, pods, now)
  const healthy = pods.filter(
    pod => !pod.metadata.deletionTimestamp && !(pod.metadata.name in disruptedPods) && isReady(pod),
  )
  const isUnknown = needsWanted && wanted === undefined
  const surplus = expectedPods > 0 ? Math.max(0, healthy.length - desiredHealthy) : 0
  return {
    observedGeneration: budget.metadata.generation,
    ...(Object.keys(disruptedPods).length > 0 ? { disruptedPods } : {}),
    disruptionsAllowed: surplus,
    currentHealthy: healthy.length,
    desiredHealthy,
    expectedPods,
    conditions: conditionOf(budget, surplus, isUnknown, time),
  }
}

function stillDisrupted({ status }: Budget, pods: readonly Live<Pod>[], now: number): Record<string, string> {
  const entries = Object.entries(status?.disruptedPods ?? {}).filter(([name, since]) => {
    const pod = pods.find(({ metadata }) => metadata.name === name)
    return pod && !pod.metadata.deletionTimestamp && now - Date.parse(since) < EVICTION_TIMEOUT_MS
  })
  return Object.fromEntries(entries)
}

function conditionOf({ metadata, status }: Budget, allowed: number, isUnknown: boolean, time: string) {
  const reason = isUnknown ? 'SyncFailed' : allowed > 0 ? 'SufficientPods' : 'InsufficientPods'
  const wanted = { type: 'DisruptionAllowed', status: allowed > 0 ? 'True' : 'False', reason, message: '' }
  const observedGeneration = metadata.generation
  const lastTransitionTime = transitionTime(status?.conditions, wanted, time)
  return [{ ...wanted, observedGeneration, lastTransitionTime }]
}

/** Keeps the numbers of disruption budgets, from which evictions and preemption take. */
export function disruptionController(context: Context): Controller {
  const { client, clock, informers } = context
  const budgets = informers.of<PodDisruptionBudget>(POD_DISRUPTION_BUDGETS)
  const pods = sharedPods(informers)
  const scaledOf = scaleReader(context)
  const loop = createLoop(context, 'disruption-controller', async key => {
    const budget = budgets.get(key)
    if (!budget) return
    const selects = compileSelector(budget.spec.selector)
    const inNamespace = pods.byIndex('namespace', budget.metadata.namespace)
    const chosen = inNamespace.filter(pod => selects(pod.metadata.labels) && !isFinished(pod))
    const now = clock.now()
    const status = budgetStatus({
      budget,
      pods: chosen,
      wanted: wantedPods(chosen, scaledOf),
      now,
      time: timestamp(now),
    })
    if (!deepEqual(status, budget.status)) {
      await unlessGone(
        client.resource<PodDisruptionBudget>(POD_DISRUPTION_BUDGETS).update({ ...budget, status }, 'status'),
      )
    }
    if (status.disruptedPods) loop.queue.addAfter(key, EVICTION_TIMEOUT_MS)
  })
  loop.watch(budgets)
  loop.watchRelated(pods, pod => {
    const own = budgets.list().filter(({ metadata, spec }) => {
      return metadata.namespace === pod.metadata.namespace && compileSelector(spec.selector)(pod.metadata.labels)
    })
    return own.map(objectKey)
  })
  return loop
}

type Scaled = Live<ReplicaSet | StatefulSet | ReplicationController | Deployment>

/** The controller that a reference means; undefined: it is not known, or has no size. */
type ScaledOf = (owner: OwnerReference, namespace: string) => Scaled | undefined

/**
 * How many pods the controllers of some pods want; undefined: one of them cannot be asked. Pods that nobody controls
 * count for nothing, and of a Deployment's sets, of which a rollout has several, the Deployment itself is asked.
 */
export function wantedPods(pods: readonly Live<Pod>[], scaledOf: ScaledOf): number | undefined {
  const sizes = new Map<string, number>()
  for (const pod of pods) {
    const { namespace } = pod.metadata
    const owner = controllerRefOf(pod)
    if (!owner) continue
    const set = scaledOf(owner, namespace)
    const above = set && controllerRefOf(set)
    const scaled = (above?.kind === 'Deployment' && scaledOf(above, namespace)) || set
    if (!scaled) return undefined
    sizes.set(scaled.metadata.uid, (scaled.spec as { replicas?: number }).replicas ?? 1)
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

function scaleReader({ informers }: Context): ScaledOf {
  const byKind = new Map<string, Informer<ReplicaSet | StatefulSet | ReplicationController | Deployment>>([
    ['ReplicaSet', informers.of(REPLICA_SETS)],
    ['StatefulSet', informers.of(STATEFUL_SETS)],
    ['ReplicationController', informers.of(REPLICATION_CONTROLLERS)],
    ['Deployment', informers.of(DEPLOYMENTS)],
  ])
  return ({ kind, name, uid }, namespace) => {
    const known = byKind.get(kind)?.get(`${namespace}/${name}`)
    return known?.metadata.uid === uid ? known : undefined
  }
}
