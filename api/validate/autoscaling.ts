import type { FieldError } from '../kind.ts'
import { isPathSegmentName } from '../names.ts'
import { canonicalQuantity, compareQuantity } from '../quantity.ts'
import type { HorizontalPodAutoscaler, HPAScalingRules, MetricSpec, MetricTarget } from '../types/autoscaling-v2.ts'
import { oneOf } from './checks.ts'
import { forbidden, invalid, required } from './errors.ts'

interface Autoscaler {
  spec?: { minReplicas?: number; maxReplicas: number; scaleTargetRef?: { kind?: string; name?: string } }
}

/** What both versions of the kind ask. */
export function validateBounds({ spec }: Autoscaler): FieldError[] {
  if (!spec) return []
  const { minReplicas, maxReplicas, scaleTargetRef } = spec
  const errors: FieldError[] = []
  if (minReplicas !== undefined && minReplicas < 1) {
    errors.push(invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'))
  }
  if (maxReplicas < 1) errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0'))
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'))
  }
  return [...errors, ...reference(scaleTargetRef ?? {}, 'spec.scaleTargetRef')]
}

function reference(target: { kind?: string; name?: string }, path: string): FieldError[] {
  return (['kind', 'name'] as const).flatMap(key => {
    const value = target[key]
    return value
      ? isPathSegmentName(value).map(problem => invalid(`${path}.${key}`, value, problem))
      : [required(`${path}.${key}`)]
  })
}

const SOURCES: Readonly<Record<string, keyof MetricSpec>> = {
  Resource: 'resource',
  ContainerResource: 'containerResource',
  Pods: 'pods',
  Object: 'object',
  External: 'external',
}

export function validateAutoscaler(object: HorizontalPodAutoscaler): FieldError[] {
  const { metrics = [], behavior } = object.spec ?? {}
  return [
    ...validateBounds(object),
    ...fromNothing(object),
    ...metrics.flatMap((metric, index) => validateMetric(metric, `spec.metrics[${index}]`)),
    ...scaling(behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...scaling(behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ]
}

/** Pods that are not there use nothing: what wakes them must be seen elsewhere. */
function fromNothing({ spec }: HorizontalPodAutoscaler): FieldError[] {
  if (spec?.minReplicas !== 0) return []
  const isSeen = spec.metrics?.some(({ type }) => type === 'Object' || type === 'External')
  const detail = 'must specify at least one Object or External metric to support scaling to zero replicas'
  return isSeen ? [] : [forbidden('spec.metrics', detail)]
}

function validateMetric(metric: MetricSpec, path: string): FieldError[] {
  const wanted = SOURCES[metric.type]
  if (!wanted) return []
  if (metric[wanted] === undefined) {
    return [required(`${path}.${wanted}`, 'must populate information for the given metric source')]
  }
  const others = Object.values(SOURCES).filter(name => name !== wanted && metric[name] !== undefined)
  const { target = { type: '' } } = metric[wanted] as { target?: MetricTarget }
  const where = `${path}.${wanted}`
  return [
    ...others.map(name => forbidden(`${path}.${name}`, 'must populate the given metric source only')),
    ...(metric.object ? reference(metric.object.describedObject ?? {}, `${where}.describedObject`) : []),
    ...validateTarget(target, `${where}.target`),
    ...neededTarget(metric.type, target, `${where}.target`),
  ]
}

function validateTarget({ type, value, averageValue, averageUtilization }: MetricTarget, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (!type) errors.push(required(`${path}.type`, 'must specify a metric target type'))
  else if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    errors.push(invalid(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue'))
  }
  for (const [name, amount] of Object.entries({ value, averageValue })) {
    if (amount !== undefined && compareQuantity(amount, 0) <= 0) {
      errors.push(invalid(`${path}.${name}`, canonicalQuantity(amount), 'must be positive'))
    }
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0'))
  }
  return errors
}

/** Each source is measured in its own way, and in one way. */
function neededTarget(type: string, target: MetricTarget, path: string): FieldError[] {
  const { value, averageValue, averageUtilization } = target
  if (type === 'Pods') {
    const isGood = averageValue !== undefined && compareQuantity(averageValue, 0) > 0
    return isGood ? [] : [required(`${path}.averageValue`, 'must specify a positive target averageValue')]
  }
  if (type === 'Object' || type === 'External') {
    if (value !== undefined && averageValue !== undefined && type === 'External') {
      return [forbidden(`${path}.value`, 'may not set both a target value for metric and a per-pod target')]
    }
    const either = type === 'Object' ? 'value or averageValue' : 'value for metric or a per-pod target'
    const isSet = value !== undefined || averageValue !== undefined
    return isSet ? [] : [required(`${path}.averageValue`, `must set either a target ${either}`)]
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    return [forbidden(`${path}.averageValue`, 'may not set both a target raw value and a target utilization')]
  }
  if (averageUtilization !== undefined || averageValue !== undefined) return []
  return [required(`${path}.averageUtilization`, 'must set either a target raw value or a target utilization')]
}

function scaling(rules: HPAScalingRules | undefined, path: string): FieldError[] {
  if (!rules) return []
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [] } = rules
  const errors: FieldError[] = []
  const where = `${path}.stabilizationWindowSeconds`
  if (window !== undefined && window < 0) errors.push(invalid(where, window, 'must be greater than or equal to zero'))
  if (window !== undefined && window > 3600) errors.push(invalid(where, window, 'must be less than or equal to 3600'))
  if (selectPolicy !== undefined) {
    errors.push(...oneOf('Disabled', 'Max', 'Min')(selectPolicy, `${path}.selectPolicy`))
  }
  if (policies.length === 0) errors.push(required(`${path}.policies`, 'must specify at least one Policy'))
  policies.forEach(({ type, value, periodSeconds }, index) => {
    const at = `${path}.policies[${index}]`
    errors.push(...oneOf('Percent', 'Pods')(type, `${at}.type`))
    if (value <= 0) errors.push(invalid(`${at}.value`, value, 'must be greater than zero'))
    if (periodSeconds <= 0) errors.push(invalid(`${at}.periodSeconds`, periodSeconds, 'must be greater than zero'))
    if (periodSeconds > 1800) {
      errors.push(invalid(`${at}.periodSeconds`, periodSeconds, 'must be less than or equal to 1800'))
    }
  })
  return errors
}
