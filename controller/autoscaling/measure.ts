import { parseDuration } from '../../api/duration.ts'
import type { ResourceRef } from '../../api/objects.ts'
import { formatQuantity, quantityMilli } from '../../api/quantity.ts'
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from '../../api/types/autoscaling-v2.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'
import type { PodMetrics } from '../../api/types/metrics-v1beta1.ts'
import type { Quantity } from '../../api/types/scalars.ts'
import type { Client, Live } from '../../client/client.ts'
import {
  byAverage,
  byShare,
  byTotal,
  byUtilization,
  type PodValues,
  type Proposal,
  requestsOf,
  TOLERANCE,
  type Tolerances,
} from './replicas.ts'

/** What the pods of the target are, and how many it has. */
export interface Target {
  namespace: string
  selector: string
  pods: readonly Live<Pod>[]
  replicas: number
}

export interface Measured {
  proposal: Proposal
  status: MetricStatus
  /** What was measured, in the words of conditions and events. */
  title: string
}

export class MetricError extends Error {
  override name = 'MetricError'
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}

/** Where metrics are read, and how kinds are called there. */
export interface MetricSource {
  read: Client['read']
  refOf(apiVersion: string | undefined, kind: string): Promise<ResourceRef>
}

interface Question {
  source: MetricSource
  metric: MetricSpec
  target: Target
  tolerances: Tolerances
  now: number
}

interface MetricValues {
  items: { describedObject?: { name: string }; value: Quantity }[]
}

/** Reads one metric of an autoscaler and says how many pods it asks for; all that goes wrong is a MetricError. */
export async function measure(
  source: MetricSource,
  autoscaler: HorizontalPodAutoscaler,
  metric: MetricSpec,
  target: Target,
  now: number,
): Promise<Measured> {
  const take = TAKEN_BY[metric.type]
  if (!take) throw new MetricError('InvalidMetricSourceType', `unknown metric source type "${metric.type}"`)
  try {
    return await take({ source, metric, target, tolerances: tolerancesOf(autoscaler), now })
  } catch (error) {
    const message = `failed to get ${subjectOf(metric)}: ${(error as Error).message}`
    throw new MetricError(`FailedGet${metric.type}Metric`, message)
  }
}

const TAKEN_BY: Record<string, (question: Question) => Promise<Measured>> = {
  Resource: measureResource,
  ContainerResource: measureResource,
  Pods: measurePods,
  Object: measureOther,
  External: measureOther,
}

function tolerancesOf({ spec }: HorizontalPodAutoscaler): Tolerances {
  const read = (value: Quantity | undefined) => (value === undefined ? TOLERANCE : quantityMilli(value) / 1000)
  return { up: read(spec.behavior?.scaleUp?.tolerance), down: read(spec.behavior?.scaleDown?.tolerance) }
}

function subjectOf(metric: MetricSpec): string {
  const resource = metric.resource ?? metric.containerResource
  if (resource) return `${resource.name} ${resource.target.averageValue === undefined ? 'utilization' : 'usage'}`
  if (metric.external) return `${metric.external.metric.name} external metric`
  return `${metric.type.toLowerCase()} metric value`
}

async function measureResource(question: Question): Promise<Measured> {
  const { source, metric, target, tolerances, now } = question
  const { name, target: aim } = (metric.resource ?? metric.containerResource)!
  const container = metric.containerResource?.container
  const query = new URLSearchParams({ labelSelector: target.selector })
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${target.namespace}/pods?${query}`
  const { items } = await source.read<{ items: PodMetrics[] }>(path)
  const usage = usageOf(items, name, container)
  if (usage.size === 0) {
    throw new Error(`unable to get metrics for resource ${name}: no metrics returned from resource metrics API`)
  }
  const from = name === 'cpu' ? measuredFrom(items) : undefined
  const say = (current: MetricStatus['resource']): MetricStatus =>
    container
      ? { type: metric.type, containerResource: { ...current!, container } }
      : { type: metric.type, resource: current }
  const title = `${name} ${container ? 'container ' : ''}resource`
  const { pods, replicas } = target
  if (aim.averageValue !== undefined) {
    const proposal = proven(byAverage(replicas, pods, usage, quantityMilli(aim.averageValue), from, now, tolerances))
    return { title, proposal, status: say({ name, current: { averageValue: milli(proposal.current) } }) }
  }
  const requests = requestsOf(pods, name, container)
  if (typeof requests === 'string') throw new Error(requests)
  const share = aim.averageUtilization ?? 80
  const proposal = proven(byUtilization(replicas, pods, usage, requests, share, from, now, tolerances))
  const current = { averageUtilization: proposal.current, averageValue: milli(proposal.average) }
  return { title: `${title} utilization (percentage of request)`, proposal, status: say({ name, current }) }
}

function usageOf(items: readonly PodMetrics[], resource: string, container: string | undefined): PodValues {
  const usage = new Map<string, number>()
  for (const { metadata, containers } of items) {
    const own = containers.filter(({ name }) => container === undefined || name === container)
    const amounts = own.flatMap(({ usage: used }) => used[resource] ?? [])
    // A container that was not measured makes the pod's sum too small to mean anything.
    if (amounts.length < own.length || own.length === 0) continue
    usage.set(
      metadata?.name ?? '',
      amounts.reduce<number>((sum, amount) => sum + quantityMilli(amount), 0),
    )
  }
  return usage
}

function measuredFrom(items: readonly PodMetrics[]): ReadonlyMap<string, number> {
  return new Map(
    items.map(({ metadata, timestamp, window }) => [
      metadata?.name ?? '',
      Date.parse(timestamp) - (parseDuration(window) ?? 0),
    ]),
  )
}

async function measurePods({ source, metric: spec, target, tolerances, now }: Question): Promise<Measured> {
  const { metric, target: aim } = spec.pods!
  const query = queryOf({ labelSelector: target.selector, metricLabelSelector: textOf(metric.selector) })
  const path = `/apis/custom.metrics.k8s.io/v1beta2/namespaces/${target.namespace}/pods/*/${metric.name}${query}`
  const { items } = await source.read<MetricValues>(path)
  const values = new Map(items.map(({ describedObject, value }) => [describedObject?.name ?? '', quantityMilli(value)]))
  const wanted = quantityMilli(aim.averageValue ?? 0)
  const proposal = proven(byAverage(target.replicas, target.pods, values, wanted, undefined, now, tolerances))
  const current = { averageValue: milli(proposal.current) }
  return { title: `pods metric ${metric.name}`, proposal, status: { type: 'Pods', pods: { metric, current } } }
}

async function measureOther({ source, metric: spec, target, tolerances }: Question): Promise<Measured> {
  const { metric, target: aim } = (spec.object ?? spec.external)!
  const { items } = await source.read<MetricValues>(await pathOfOther(source, spec, target.namespace))
  if (items.length === 0) throw new Error(`no values of ${metric.name} were returned`)
  const value = items.reduce((sum, item) => sum + quantityMilli(item.value), 0)
  const isShared = aim.averageValue !== undefined
  const wanted = quantityMilli(aim.averageValue ?? aim.value ?? 0)
  const proposal = isShared
    ? byShare(target.replicas, value, wanted, tolerances)
    : byTotal(target.replicas, target.pods, value, wanted, tolerances)
  const current = isShared ? { averageValue: milli(proposal.current) } : { value: milli(value) }
  if (spec.external) {
    const title = `external metric ${metric.name}${metric.selector ? `(${textOf(metric.selector)})` : ''}`
    return { title, proposal, status: { type: 'External', external: { metric, current } } }
  }
  const { describedObject } = spec.object!
  const title = `${describedObject.kind} metric ${metric.name}`
  return { title, proposal, status: { type: 'Object', object: { metric, describedObject, current } } }
}

async function pathOfOther(source: MetricSource, { object, external }: MetricSpec, namespace: string): Promise<string> {
  const { metric } = (object ?? external)!
  const selector = textOf(metric.selector)
  const of = (api: string) => `/apis/${api}/namespaces/${namespace}`
  if (external) return `${of('external.metrics.k8s.io/v1beta1')}/${metric.name}${queryOf({ labelSelector: selector })}`
  const query = queryOf({ metricLabelSelector: selector })
  const { apiVersion, kind, name } = object!.describedObject
  const { group, plural } = await source.refOf(apiVersion, kind)
  const described = kind === 'Namespace' && group === '' ? 'metrics' : `${plural}${group && `.${group}`}/${name}`
  return `${of('custom.metrics.k8s.io/v1beta2')}/${described}/${metric.name}${query}`
}

function queryOf(query: Record<string, string>): string {
  const given = Object.entries(query).filter(([, value]) => value !== '')
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

/** A selector as it is written in queries. */
function textOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): string {
  const equal = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`)
  const others = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`
  })
  return [...equal, ...others].join(',')
}

function proven<P extends Proposal>(proposal: P | undefined): P {
  if (!proposal) throw new Error('did not receive metrics for targeted pods (pods might be unready)')
  return proposal
}

function milli(amount: number): string {
  return formatQuantity({ nano: BigInt(Math.round(amount)) * 1_000_000n, format: 'DecimalSI' })
}
