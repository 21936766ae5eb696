import type { ResourceRef } from '../../api/objects.ts'
import { objectKey } from '../../api/objects.ts'
import { matchesLabels, parseLabelSelector } from '../../api/selectors.ts'
import type { Scale } from '../../api/types/autoscaling-v1.ts'
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerStatus,
  MetricSpec,
  MetricStatus,
} from '../../api/types/autoscaling-v2.ts'
import { deepEqual } from '../../api/values.ts'
import type { Live } from '../../client/client.ts'
import { HORIZONTAL_POD_AUTOSCALERS } from '../../client/resources.ts'
import { timestamp } from '../../client/times.ts'
import { type Context, type Controller, createChore, createLoop, type Loop, together, unlessGone } from '../context.ts'
import { discover } from '../discovery.ts'
import { sharedPods } from '../pods.ts'
import { limitScaling, type ScalingPast, trimPast } from './behavior.ts'
import { MetricError, measure, type Target } from './measure.ts'

const ROUND_MS = 15_000
const DEFAULT_METRICS: readonly MetricSpec[] = [
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
]

type Autoscaler = Live<HorizontalPodAutoscaler>
type Condition = [type: string, status: 'True' | 'False', reason: string, message: string]

export function autoscalingController(context: Context): Controller {
  const autoscalers = new Autoscalers(context)
  return together(
    autoscalers.loop,
    createChore(context, 'horizontal-pod-autoscaler-round', ROUND_MS, () => autoscalers.round()),
  )
}

interface Outcome {
  replicas: number
  conditions: Condition[]
  metrics: MetricStatus[]
}

/** Sizes targets by what is measured of them. */
class Autoscalers {
  readonly loop: Loop
  readonly #context: Context
  readonly #informer
  readonly #pods
  readonly #pasts = new Map<string, ScalingPast>()
  #kinds: readonly ResourceRef[] = []

  constructor(context: Context) {
    this.#context = context
    this.#informer = context.informers.of<HorizontalPodAutoscaler>(HORIZONTAL_POD_AUTOSCALERS)
    this.#pods = sharedPods(context.informers)
    this.loop = createLoop(context, 'horizontal-pod-autoscaler', key => this.#step(key))
    this.#informer.addHandler({
      added: autoscaler => this.loop.queue.add(objectKey(autoscaler)),
      updated: (autoscaler, old) => {
        if (!deepEqual(autoscaler.spec, old.spec)) this.loop.queue.add(objectKey(autoscaler))
      },
      deleted: autoscaler => this.#pasts.delete(autoscaler.metadata.uid),
    })
  }

  async round(): Promise<void> {
    for (const autoscaler of this.#informer.list()) this.loop.queue.add(objectKey(autoscaler))
  }

  async #step(key: string): Promise<void> {
    const autoscaler = this.#informer.get(key)
    if (!autoscaler) return
    const target = await this.#findTarget(autoscaler)
    if (!target) return
    const outcome = await this.#decide(autoscaler, target)
    const { replicas } = outcome
    const isMove = replicas !== target.replicas
    if (isMove) await this.#scale(autoscaler, target, outcome)
    await this.#report(autoscaler, target.replicas, outcome, isMove)
  }

  async #findTarget(autoscaler: Autoscaler): Promise<(Target & { ref: ResourceRef; scale: Live<Scale> }) | undefined> {
    const { kind, name, apiVersion = 'v1' } = autoscaler.spec.scaleTargetRef
    const { namespace } = autoscaler.metadata
    try {
      const ref = await this.#refOf(apiVersion, kind)
      const scale = await this.#context.client.resource(ref).getSubresource<Live<Scale>>(name, 'scale', namespace)
      const selector = scale.status?.selector ?? ''
      const requirements = parseLabelSelector(selector)
      const pods = this.#pods
        .byIndex('namespace', namespace)
        .filter(pod => matchesLabels(requirements, pod.metadata.labels))
      return { ref, scale, namespace, selector, pods, replicas: scale.spec?.replicas ?? 0 }
    } catch (error) {
      const message = `the HPA controller was unable to get the target's current scale: ${(error as Error).message}`
      this.loop.events.event(autoscaler, 'Warning', 'FailedGetScale', message)
      const conditions: Condition[] = [['AbleToScale', 'False', 'FailedGetScale', message]]
      const current = autoscaler.status?.currentReplicas ?? 0
      await this.#report(autoscaler, current, { replicas: current, conditions, metrics: [] }, false)
      return undefined
    }
  }

  async #refOf(apiVersion: string, kind: string): Promise<ResourceRef> {
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : ''
    const find = () => this.#kinds.find(ref => ref.group === group && ref.kind === kind)
    if (!find()) this.#kinds = (await discover(this.#context.client)).resources
    const ref = find()
    if (!ref) throw new Error(`no matches for kind "${kind}" in group "${group}"`)
    return ref
  }

  async #decide(autoscaler: Autoscaler, target: Target): Promise<Outcome> {
    const able: Condition = [
      'AbleToScale',
      'True',
      'SucceededGetScale',
      "the HPA controller was able to get the target's current scale",
    ]
    const { minReplicas = 1, maxReplicas } = autoscaler.spec
    if (target.replicas === 0 && minReplicas !== 0) {
      const message = 'scaling is disabled since the replica count of the target is zero'
      return { replicas: 0, metrics: [], conditions: [able, ['ScalingActive', 'False', 'ScalingDisabled', message]] }
    }
    const bounded = Math.min(maxReplicas, Math.max(minReplicas, target.replicas))
    if (bounded !== target.replicas) return { replicas: bounded, metrics: [], conditions: [able] }
    return this.#decideByMetrics(autoscaler, target, able)
  }

  async #decideByMetrics(autoscaler: Autoscaler, target: Target, able: Condition): Promise<Outcome> {
    const { wanted, metrics, failure } = await this.#measureAll(autoscaler, target)
    if (failure && (wanted === undefined || wanted < target.replicas)) {
      const message = `the HPA was unable to compute the replica count: ${failure.message}`
      this.loop.events.event(autoscaler, 'Warning', 'FailedComputeMetricsReplicas', message)
      return {
        replicas: target.replicas,
        metrics,
        conditions: [able, ['ScalingActive', 'False', failure.reason, message]],
      }
    }
    const past = this.#pastOf(autoscaler)
    const now = this.#context.clock.monotonic()
    const limited = limitScaling(autoscaler, target.replicas, wanted!, past, now)
    past.recommendations.push({ at: now, replicas: wanted! })
    trimPast(past, now)
    const active: Condition = [
      'ScalingActive',
      'True',
      'ValidMetricFound',
      'the HPA was able to successfully calculate a replica count from the metrics',
    ]
    const stable: Condition = limited.stabilized
      ? [
          'AbleToScale',
          'True',
          'ScaleDownStabilized',
          'recent recommendations were higher than current one, applying the highest recent recommendation',
        ]
      : ['AbleToScale', 'True', 'ReadyForNewScale', 'recommended size matches current size']
    const bounds: Condition = limited.reason
      ? ['ScalingLimited', 'True', limited.reason, limited.message!]
      : ['ScalingLimited', 'False', 'DesiredWithinRange', 'the desired count is within the acceptable range']
    return { replicas: limited.replicas, metrics, conditions: [stable, active, bounds] }
  }

  /** The metric that asks for most counts; one that cannot be read must not shrink anything. */
  async #measureAll(autoscaler: Autoscaler, target: Target) {
    const metrics: MetricStatus[] = []
    let wanted: number | undefined
    let failure: MetricError | undefined
    for (const metric of autoscaler.spec.metrics ?? DEFAULT_METRICS) {
      try {
        const { proposal, status } = await measure(
          this.#context.client,
          autoscaler,
          metric,
          target,
          this.#context.clock.now(),
        )
        wanted = Math.max(wanted ?? 0, proposal.replicas)
        metrics.push(status)
      } catch (error) {
        failure ??=
          error instanceof MetricError
            ? error
            : new MetricError(`FailedGet${metric.type}Metric`, (error as Error).message)
      }
    }
    return { wanted, metrics, failure }
  }

  #pastOf(autoscaler: Autoscaler): ScalingPast {
    const known = this.#pasts.get(autoscaler.metadata.uid)
    if (known) return known
    // After a restart what is there now counts as recommended: nothing shrinks for want of memory.
    const replicas = autoscaler.status?.desiredReplicas ?? 0
    const past: ScalingPast = { recommendations: [{ at: this.#context.clock.monotonic(), replicas }], changes: [] }
    this.#pasts.set(autoscaler.metadata.uid, past)
    return past
  }

  async #scale(
    autoscaler: Autoscaler,
    target: Target & { ref: ResourceRef; scale: Live<Scale> },
    outcome: Outcome,
  ): Promise<void> {
    const { name } = autoscaler.spec.scaleTargetRef
    const spec = { replicas: outcome.replicas }
    const options = { namespace: target.namespace, subresource: 'scale' }
    await this.#context.client.resource(target.ref).patch(name, 'merge', { spec }, options)
    const by = outcome.replicas - target.replicas
    this.#pastOf(autoscaler).changes.push({ at: this.#context.clock.monotonic(), by })
    const direction = by > 0 ? 'above' : 'below'
    const why =
      outcome.metrics.length > 0 ? `metrics ${direction} target` : 'Current number of replicas outside of the bounds'
    this.loop.events.event(autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${outcome.replicas}; reason: ${why}`)
    outcome.conditions[0] = [
      'AbleToScale',
      'True',
      'SucceededRescale',
      `the HPA controller was able to update the target scale to ${outcome.replicas}`,
    ]
  }

  async #report(autoscaler: Autoscaler, currentReplicas: number, outcome: Outcome, isMove: boolean): Promise<void> {
    const time = timestamp(this.#context.clock.now())
    const lastScaleTime = isMove ? time : autoscaler.status?.lastScaleTime
    const status: HorizontalPodAutoscalerStatus = {
      observedGeneration: autoscaler.metadata.generation,
      ...(lastScaleTime ? { lastScaleTime } : {}),
      currentReplicas,
      desiredReplicas: outcome.replicas,
      currentMetrics: outcome.metrics,
      conditions: mergeConditions(autoscaler.status?.conditions ?? [], outcome.conditions, time),
    }
    if (deepEqual(status, autoscaler.status)) return
    const resource = this.#context.client.resource<HorizontalPodAutoscaler>(HORIZONTAL_POD_AUTOSCALERS)
    await unlessGone(resource.update({ ...autoscaler, status }, 'status'))
  }
}

function mergeConditions(
  known: readonly HorizontalPodAutoscalerCondition[],
  news: readonly Condition[],
  time: string,
): HorizontalPodAutoscalerCondition[] {
  const merged = new Map(known.map(condition => [condition.type, condition]))
  for (const [type, status, reason, message] of news) {
    const old = merged.get(type)
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : time
    merged.set(type, { type, status, lastTransitionTime, reason, message })
  }
  return [...merged.values()]
}
