import type { ResourceRef } from '../../api/objects.ts'
import { objectKey } from '../../api/objects.ts'
import { matchesLabels, parseLabelSelector } from '../../api/selectors.ts'
import type { Scale } from '../../api/types/autoscaling-v1.ts'
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerStatus,
  MetricSpec,
} from '../../api/types/autoscaling-v2.ts'
import { deepEqual } from '../../api/values.ts'
import type { Live } from '../../client/client.ts'
import { unlessGone } from '../../client/outcomes.ts'
import { HORIZONTAL_POD_AUTOSCALERS } from '../../client/resources.ts'
import { timestamp } from '../../client/times.ts'
import { type Context, type Controller, createChore, createLoop, type Loop, together } from '../context.ts'
import { discover } from '../discovery.ts'
import { sharedPods } from '../pods.ts'
import { type ScalingPast, trimPast } from './behavior.ts'
import { type Condition, decideByBounds, decideByMetrics, mergeConditions, type Outcome } from './decide.ts'
import { type Measured, MetricError, type MetricSource, measure, type Target } from './measure.ts'

const ROUND_MS = 15_000
const DEFAULT_METRICS: readonly MetricSpec[] = [
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
]

type Autoscaler = Live<HorizontalPodAutoscaler>

export function autoscalingController(context: Context): Controller {
  const autoscalers = new Autoscalers(context)
  return together(
    autoscalers.loop,
    createChore(context, 'horizontal-pod-autoscaler-round', ROUND_MS, () => autoscalers.round()),
  )
}

/** Sizes targets by what is measured of them. */
class Autoscalers {
  readonly loop: Loop
  readonly #context: Context
  readonly #informer
  readonly #pods
  readonly #pasts = new Map<string, ScalingPast>()
  readonly #source: MetricSource
  #kinds: readonly ResourceRef[] = []

  constructor(context: Context) {
    this.#context = context
    this.#informer = context.informers.of<HorizontalPodAutoscaler>(HORIZONTAL_POD_AUTOSCALERS)
    this.#pods = sharedPods(context.informers)
    this.#source = {
      read: path => context.client.read(path),
      refOf: (apiVersion = 'v1', kind) => this.#refOf(apiVersion, kind),
    }
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
    for (const { reason, message } of outcome.warnings) this.loop.events.event(autoscaler, 'Warning', reason, message)
    const isMove = outcome.replicas !== target.replicas
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
      await this.#report(autoscaler, current, { replicas: current, conditions, metrics: [], warnings: [] }, false)
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
    const clear = decideByBounds(autoscaler, target.replicas)
    if (clear) return clear
    const { measured, failures } = await this.#measureAll(autoscaler, target)
    const past = this.#pastOf(autoscaler)
    const now = this.#context.clock.monotonic()
    const outcome = decideByMetrics(autoscaler, target.replicas, measured, failures, past, now)
    if (outcome.recommended !== undefined) past.recommendations.push({ at: now, replicas: outcome.recommended })
    trimPast(past, now)
    return outcome
  }

  async #measureAll(autoscaler: Autoscaler, target: Target) {
    const measured: Measured[] = []
    const failures: MetricError[] = []
    for (const metric of autoscaler.spec.metrics ?? DEFAULT_METRICS) {
      try {
        measured.push(await measure(this.#source, autoscaler, metric, target, this.#context.clock.now()))
      } catch (error) {
        if (!(error instanceof MetricError)) throw error
        failures.push(error)
      }
    }
    return { measured, failures }
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
    const message = `New size: ${outcome.replicas}; reason: ${outcome.why}`
    this.loop.events.event(autoscaler, 'Normal', 'SuccessfulRescale', message)
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
