import { podQosClass } from '../pods/qos.ts'
import type { Pod, ResourceQuota, ScopedResourceSelectorRequirement } from '../types/core-v1.ts'

/** Whether a quota counts this object; quotas with scopes count pods only. */
export function countsObject(
  quota: ResourceQuota,
  resource: { group: string; plural: string },
  object: unknown,
): boolean {
  const { scopes = [], scopeSelector } = quota.spec ?? {}
  const expressions = scopeSelector?.matchExpressions ?? []
  if (scopes.length === 0 && expressions.length === 0) return true
  if (resource.group !== '' || resource.plural !== 'pods') return false
  const pod = object as Pod
  return scopes.every(scope => inScope(scope, pod)) && expressions.every(expression => meets(expression, pod))
}

function inScope(scope: string, { spec }: Pod): boolean {
  switch (scope) {
    case 'Terminating':
      return spec?.activeDeadlineSeconds !== undefined
    case 'NotTerminating':
      return spec?.activeDeadlineSeconds === undefined
    case 'BestEffort':
      return podQosClass(spec) === 'BestEffort'
    case 'NotBestEffort':
      return podQosClass(spec) !== 'BestEffort'
    case 'PriorityClass':
      return Boolean(spec?.priorityClassName)
    case 'CrossNamespacePodAffinity':
      return hasForeignAffinity(spec)
    default:
      return false
  }
}

function hasForeignAffinity(spec: Pod['spec']): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {}
  const terms = [podAffinity, podAntiAffinity].flatMap(affinity => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(one => one.podAffinityTerm),
  ])
  return terms.some(term => (term?.namespaces?.length ?? 0) > 0 || term?.namespaceSelector !== undefined)
}

function meets({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, pod: Pod): boolean {
  if (scopeName !== 'PriorityClass') return inScope(scopeName, pod) === (operator !== 'DoesNotExist')
  const name = pod.spec?.priorityClassName ?? ''
  if (operator === 'In') return values.includes(name)
  if (operator === 'NotIn') return !values.includes(name)
  return (name !== '') === (operator === 'Exists')
}
