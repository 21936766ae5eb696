import { formatQuantity, quantityMilli } from '../../api/quantity.ts'
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget } from '../../api/types/autoscaling-v2.ts'
import type { Pod } from '../../api/types/core-v1.ts'
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
}

export class MetricError extends Error {
  override name = 'MetricError'
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}

interface MetricValues {
  items: { describedObject?: { name: string }; value: Quantity }[]
}

/** Reads one metric of an autoscaler and says how many pods it asks for. */
export async function measure(
  client: Client,
  autoscaler: HorizontalPodAutoscaler,
  metric: MetricSpec,
  target: Target,
  now: number,
): Promise<Measured> {
  const { scaleUp, scaleDown } = autoscaler.spec.behavior ?? {}
  const toleranceOf = (value: Quantity | undefined) => (value === undefined ? TOLERANCE : quantityMilli(value) / 1000)
  const tolerances = { up: toleranceOf(scaleUp?.tolerance), down: toleranceOf(scaleDown?.tolerance) }
  switch (metric.type) {
    case 'Resource':
    case 'ContainerResource':
      return measureResource(client, metric, target, now, tolerances)
    case 'Pods':
      return measurePods(client, metric, target, now, tolerances)
    case 'Object':
    case 'External':
      return measureOther(client, metric, target, tolerances)
    default:
      throw new MetricError('InvalidMetricSourceType', `unknown metric source type "${metric.type}"`)
  }
}

async function measureResource(
  client: Client,
  metric: MetricSpec,
  { namespace, selector, pods, replicas }: Target,
  now: number,
  tolerances: { up: number; down: number },
): Promise<Measured> {
  const source = (metric.resource ?? metric.containerResource)!
  const container = metric.containerResource?.container
  const query = new URLSearchParams({ labelSelector: selector })
  const { items } = await client.read<{ items: PodMetrics[] }>(
    `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods?${query}`,
  )
  const usage = podUsage(items, source.name, container)
  if (usage.size === 0) {
    throw new MetricError(
      'FailedGetResourceMetric',
      `failed to get ${source.name} utilization: no metrics returned from resource metrics API`,
    )
  }
  const isCpu = source.name === 'cpu'
  const { averageUtilization, averageValue } = source.target
  const say = (current: MetricStatus['resource']) =>
    container
      ? { type: metric.type, containerResource: { ...current!, container } }
      : { type: metric.type, resource: current }
  if (averageValue !== undefined) {
    const proposal = found(byAverage(replicas, pods, usage, quantityMilli(averageValue), isCpu, now, tolerances))
    return { proposal, status: say({ name: source.name, current: { averageValue: milli(proposal.current) } }) }
  }
  const requests = requestsOf(pods, source.name, container)
  if (!requests)
    throw new MetricError('FailedGetResourceMetric', `missing request for ${source.name} in a pod of the target`)
  const proposal = found(
    byUtilization(replicas, pods, usage, requests, averageUtilization ?? 80, isCpu, now, tolerances),
  )
  const average = [...usage.values()].reduce((sum, value) => sum + value, 0) / usage.size
  const current = { averageUtilization: proposal.current, averageValue: milli(average) }
  return { proposal, status: say({ name: source.name, current }) }
}

function podUsage(items: readonly PodMetrics[], resource: string, container: string | undefined): PodValues {
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

async function measurePods(
  client: Client,
  { pods: source }: MetricSpec,
  { namespace, selector, pods, replicas }: Target,
  now: number,
  tolerances: { up: number; down: number },
): Promise<Measured> {
  const { metric, target } = source!
  const query = new URLSearchParams({ labelSelector: selector })
  const path = `/apis/custom.metrics.k8s.io/v1beta2/namespaces/${namespace}/pods/*/${metric.name}?${query}`
  const { items } = await client.read<MetricValues>(path)
  const values = new Map(items.map(({ describedObject, value }) => [describedObject?.name ?? '', quantityMilli(value)]))
  const proposal = found(
    byAverage(replicas, pods, values, quantityMilli(target.averageValue ?? 0), false, now, tolerances),
  )
  return { proposal, status: { type: 'Pods', pods: { metric, current: { averageValue: milli(proposal.current) } } } }
}

async function measureOther(
  client: Client,
  spec: MetricSpec,
  { namespace, replicas, pods }: Target,
  tolerances: { up: number; down: number },
): Promise<Measured> {
  const { metric, target } = (spec.object ?? spec.external)!
  const { items } = await client.read<MetricValues>(otherPath(spec, namespace))
  if (items.length === 0) throw new MetricError('FailedGetExternalMetric', `no values of ${metric.name} were returned`)
  const value = items.reduce((sum, item) => sum + quantityMilli(item.value), 0)
  const proposal = propose(target, replicas, pods, value, tolerances)
  const current =
    target.averageValue === undefined ? { value: milli(value) } : { averageValue: milli(proposal.current) }
  if (spec.external) return { proposal, status: { type: 'External', external: { metric, current } } }
  const { describedObject } = spec.object!
  return { proposal, status: { type: 'Object', object: { metric, describedObject, current } } }
}

function otherPath({ object, external }: MetricSpec, namespace: string): string {
  const { metric } = (object ?? external)!
  const labels = Object.entries(metric.selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  const query = labels.length > 0 ? `?${new URLSearchParams({ labelSelector: labels.join(',') })}` : ''
  if (external) return `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${metric.name}${query}`
  const { kind, name } = object!.describedObject
  return `/apis/custom.metrics.k8s.io/v1beta2/namespaces/${namespace}/${kind.toLowerCase()}s/${name}/${metric.name}${query}`
}

function propose(
  { value, averageValue }: MetricTarget,
  replicas: number,
  pods: readonly Live<Pod>[],
  current: number,
  tolerances: { up: number; down: number },
) {
  if (averageValue !== undefined) return byShare(replicas, current, quantityMilli(averageValue), tolerances)
  return byTotal(replicas, pods, current, quantityMilli(value ?? 0), tolerances)
}

function found(proposal: Proposal | undefined): Proposal {
  if (!proposal)
    throw new MetricError(
      'FailedGetResourceMetric',
      'did not receive metrics for targeted pods (pods might be unready)',
    )
  return proposal
}

function milli(amount: number): string {
  return formatQuantity({ nano: BigInt(Math.round(amount)) * 1_000_000n, format: 'DecimalSI' })
}
