import type { Column } from '../kind.ts'
import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../types/autoscaling-v1.ts'
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget } from '../types/autoscaling-v2.ts'
import { ageColumn, column, nameColumn, UNKNOWN, UNSET } from './basic.ts'

const integer = { type: 'integer' } as const

/** Columns of an autoscaler; `read` makes it v2, the version that holds every metric. */
function autoscalerColumns<T extends AutoscalerV1 | HorizontalPodAutoscaler>(targets: (object: T) => string): Column[] {
  return [
    nameColumn,
    column<T>('Reference', ({ spec }) => `${spec?.scaleTargetRef.kind ?? ''}/${spec?.scaleTargetRef.name ?? ''}`),
    column<T>('Targets', targets),
    column<T>('MinPods', ({ spec }) => (spec?.minReplicas === undefined ? UNSET : String(spec.minReplicas))),
    column<T>('MaxPods', ({ spec }) => spec?.maxReplicas ?? 0, integer),
    column<T>('Replicas', ({ status }) => status?.currentReplicas ?? 0, integer),
    ageColumn,
  ]
}

function targetsV1({ spec, status }: AutoscalerV1): string {
  const percent = (value: number | undefined) => (value === undefined ? UNKNOWN : `${value}%`)
  const target = spec?.targetCPUUtilizationPercentage
  return `${percent(status?.currentCPUUtilizationPercentage)}/${percent(target)}`
}

function targetsV2({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec?.metrics ?? []
  if (metrics.length === 0) return '<none>'
  const shown = metrics.slice(0, 2).map((metric, index) => metricText(metric, status?.currentMetrics?.[index]))
  const rest = metrics.length > 2 ? ` + ${metrics.length - 2} more...` : ''
  return shown.join(', ') + rest
}

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  switch (metric.type) {
    case 'Resource':
      return `${metric.resource?.name}: ${ratio(metric.resource?.target, status?.resource?.current)}`
    case 'ContainerResource':
      return `${metric.containerResource?.name}: ${ratio(metric.containerResource?.target, status?.containerResource?.current)}`
    case 'Pods':
      return ratio(metric.pods?.target, status?.pods?.current)
    case 'Object':
      return ratio(metric.object?.target, status?.object?.current)
    case 'External':
      return ratio(metric.external?.target, status?.external?.current)
    default:
      return '<unknown type>'
  }
}

interface Current {
  averageUtilization?: number
  averageValue?: string | number
  value?: string | number
}

/** `current/target`, in the unit that the target has. */
function ratio(target: MetricTarget | undefined, current: Current | undefined): string {
  if (target?.averageUtilization !== undefined) {
    const now = current?.averageUtilization
    return `${now === undefined ? UNKNOWN : `${now}%`}/${target.averageUtilization}%`
  }
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`
  return `${current?.value ?? UNKNOWN}/${target?.value ?? UNKNOWN}`
}

export const autoscalerV1Columns: readonly Column[] = autoscalerColumns(targetsV1)
export const autoscalerV2Columns: readonly Column[] = autoscalerColumns(targetsV2)
