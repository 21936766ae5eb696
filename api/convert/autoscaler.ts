/**
 * convert/ turns a kind of one version into the same kind of another, for the few that have two. This one: autoscalers
 * are stored as v2; v1 knows the CPU metric only and carries the others in an annotation.
 */
import type { KubeObject } from '../objects.ts'
import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../types/autoscaling-v1.ts'
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from '../types/autoscaling-v2.ts'

const METRICS = 'autoscaling.alpha.kubernetes.io/metrics'
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior'
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions'
const CURRENT = 'autoscaling.alpha.kubernetes.io/current-metrics'

const isCpu = (metric: MetricSpec) =>
  metric.type === 'Resource' &&
  metric.resource?.name === 'cpu' &&
  metric.resource.target.averageUtilization !== undefined

const isCpuStatus = (metric: MetricStatus) =>
  metric.type === 'Resource' &&
  metric.resource?.name === 'cpu' &&
  metric.resource.current.averageUtilization !== undefined

export function autoscalerToV1(stored: KubeObject): KubeObject {
  const { metadata, spec, status } = stored as HorizontalPodAutoscaler
  const { metrics = [], behavior, ...rest } = spec ?? { scaleTargetRef: { kind: '', name: '' }, maxReplicas: 0 }
  const { conditions, currentMetrics = [], ...counts } = status ?? { desiredReplicas: 0 }
  const cpu = metrics.find(isCpu)?.resource?.target.averageUtilization
  const nowCpu = currentMetrics.find(isCpuStatus)?.resource?.current.averageUtilization
  const annotations = {
    ...metadata?.annotations,
    ...carried(
      METRICS,
      metrics.filter(metric => !isCpu(metric)),
    ),
    ...carried(BEHAVIOR, behavior),
    ...carried(CONDITIONS, conditions),
    ...carried(CURRENT, currentMetrics),
  }
  const made: AutoscalerV1 = {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: { ...rest, ...(cpu === undefined ? {} : { targetCPUUtilizationPercentage: cpu }) },
    status: {
      currentReplicas: 0,
      ...counts,
      ...(nowCpu === undefined ? {} : { currentCPUUtilizationPercentage: nowCpu }),
    },
  }
  return made
}

function carried(key: string, value: unknown): Record<string, string> {
  const empty = value === undefined || (Array.isArray(value) && value.length === 0)
  return empty ? {} : { [key]: JSON.stringify(value) }
}

export function autoscalerFromV1(object: KubeObject): KubeObject {
  const { metadata, spec, status } = object as AutoscalerV1
  const { targetCPUUtilizationPercentage: cpu, ...rest } = spec ?? {
    scaleTargetRef: { kind: '', name: '' },
    maxReplicas: 0,
  }
  const { currentCPUUtilizationPercentage: _, ...counts } = status ?? { currentReplicas: 0, desiredReplicas: 0 }
  const {
    [METRICS]: others,
    [BEHAVIOR]: behavior,
    [CONDITIONS]: conditions,
    [CURRENT]: current,
    ...annotations
  } = metadata?.annotations ?? {}
  const target = { type: 'Utilization', averageUtilization: cpu }
  const cpuMetric: MetricSpec[] = cpu === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', target } }]
  const metrics = [...parsedList<MetricSpec>(others), ...cpuMetric]
  const made: HorizontalPodAutoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { ...metadata, annotations },
    spec: { ...rest, ...(metrics.length > 0 ? { metrics } : {}), ...parsedField('behavior', behavior) },
    status: { ...counts, ...parsedField('conditions', conditions), ...parsedField('currentMetrics', current) },
  }
  if (Object.keys(annotations).length === 0) delete made.metadata!.annotations
  return made
}

function parsedList<T>(text: string | undefined): T[] {
  const value = parsed(text)
  return Array.isArray(value) ? value : []
}

function parsedField(name: string, text: string | undefined): Record<string, unknown> {
  const value = parsed(text)
  return value === undefined ? {} : { [name]: value }
}

/** The annotations are the client's to spoil: what is no JSON is as if it were not there. */
function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
