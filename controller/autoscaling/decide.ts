import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  MetricStatus,
} from '../../api/types/autoscaling-v2.ts'
import { transitionTime } from '../conditions.ts'
import { type Limited, limitScaling, type ScalingPast } from './behavior.ts'
import type { Measured, MetricError } from './measure.ts'

export type Condition = [type: string, status: 'True' | 'False', reason: string, message: string]

export interface Outcome {
  replicas: number
  conditions: Condition[]
  metrics: MetricStatus[]
  /** Why the size changes, where it does. */
  why?: string
  /** What the metrics ask for by themselves; undefined: they were not asked, or say nothing. */
  recommended?: number
  warnings: { reason: string; message: string }[]
}

const FOUND: Condition = [
  'AbleToScale',
  'True',
  'SucceededGetScale',
  "the HPA controller was able to get the target's current scale",
]

/** What is clear before anything is measured: no pods are wanted, or fewer or more than may be are there. */
export function decideByBounds({ spec }: HorizontalPodAutoscaler, current: number): Outcome | undefined {
  const { minReplicas = 1, maxReplicas } = spec
  const rest = { metrics: [], warnings: [], conditions: [FOUND] }
  if (current === 0 && minReplicas !== 0) {
    const message = 'scaling is disabled since the replica count of the target is zero'
    return { ...rest, replicas: 0, conditions: [FOUND, ['ScalingActive', 'False', 'ScalingDisabled', message]] }
  }
  if (current > maxReplicas) {
    return { ...rest, replicas: maxReplicas, why: 'Current number of replicas above Spec.MaxReplicas' }
  }
  if (current < minReplicas) {
    return { ...rest, replicas: minReplicas, why: 'Current number of replicas below Spec.MinReplicas' }
  }
  return undefined
}

/** The metric that asks for most counts; one that cannot be read must not shrink anything. */
export function decideByMetrics(
  autoscaler: HorizontalPodAutoscaler,
  current: number,
  measured: readonly Measured[],
  failures: readonly MetricError[],
  past: ScalingPast,
  now: number,
): Outcome {
  const metrics = measured.map(({ status }) => status)
  const warnings = failures.map(({ reason, message }) => ({ reason, message }))
  const most = measured.reduce<Measured | undefined>(
    (a, b) => (a && a.proposal.replicas >= b.proposal.replicas ? a : b),
    undefined,
  )
  const first = failures[0]
  if (!most || (first && most.proposal.replicas < current)) {
    return { replicas: current, metrics, ...unable(first!, failures.length, measured.length, warnings) }
  }
  const recommended = most.proposal.replicas
  const limited = limitScaling(autoscaler, current, recommended, past, now)
  const why = recommended > current ? `${most.title} above target` : 'All metrics below target'
  const active = `the HPA was able to successfully calculate a replica count from ${most.title}`
  const conditions: Condition[] = [
    patience(limited, recommended, current),
    ['ScalingActive', 'True', 'ValidMetricFound', active],
    bounds(limited),
  ]
  return { replicas: limited.replicas, conditions, metrics, why, recommended, warnings }
}

function unable(first: MetricError, failed: number, read: number, warnings: Outcome['warnings']) {
  const message = `the HPA was unable to compute the replica count: ${first.message}`
  const all = `invalid metrics (${failed} invalid out of ${failed + read}), first error is: ${first.message}`
  const conditions: Condition[] = [FOUND, ['ScalingActive', 'False', first.reason, message]]
  return { conditions, warnings: [...warnings, { reason: 'FailedComputeMetricsReplicas', message: all }] }
}

function patience({ stabilized }: Limited, recommended: number, current: number): Condition {
  if (!stabilized) return ['AbleToScale', 'True', 'ReadyForNewScale', 'recommended size matches current size']
  const [way, than, which] = recommended >= current ? ['Up', 'lower', 'lowest'] : ['Down', 'higher', 'highest']
  const message = `recent recommendations were ${than} than current one, applying the ${which} recent recommendation`
  return ['AbleToScale', 'True', `Scale${way}Stabilized`, message]
}

function bounds({ reason, message }: Limited): Condition {
  return reason
    ? ['ScalingLimited', 'True', reason, message!]
    : ['ScalingLimited', 'False', 'DesiredWithinRange', 'the desired count is within the acceptable range']
}

/** Conditions of which there is no news stay; the time of one is that of its last change of status. */
export function mergeConditions(
  known: readonly HorizontalPodAutoscalerCondition[],
  news: readonly Condition[],
  time: string,
): HorizontalPodAutoscalerCondition[] {
  const merged = new Map(known.map(condition => [condition.type, condition]))
  for (const [type, status, reason, message] of news) {
    const lastTransitionTime = transitionTime(known, { type, status }, time)
    merged.set(type, { type, status, lastTransitionTime, reason, message })
  }
  return [...merged.values()]
}
