import type { FieldError } from '../kind.ts'
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef } from '../types/rbac-v1.ts'
import { deepEqual } from '../values.ts'
import { invalid, required, unsupported } from './errors.ts'

export function validateRole({ rules }: Role): FieldError[] {
  return (rules ?? []).flatMap((rule, index) => validateRule(rule, true, `rules[${index}]`))
}

export function validateClusterRole({ rules, aggregationRule }: ClusterRole): FieldError[] {
  const isEmpty = aggregationRule && !aggregationRule.clusterRoleSelectors?.length
  const detail = 'at least one clusterRoleSelector required if aggregationRule is non-nil'
  return [
    ...(rules ?? []).flatMap((rule, index) => validateRule(rule, false, `rules[${index}]`)),
    ...(isEmpty ? [required('aggregationRule.clusterRoleSelectors', detail)] : []),
  ]
}

function validateRule(rule: PolicyRule, namespaced: boolean, path: string): FieldError[] {
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  const where = `${path}.nonResourceURLs`
  if (nonResourceURLs.length > 0) {
    const isMixed = apiGroups.length + resources.length + resourceNames.length > 0
    const mixed = 'rules cannot apply to both regular resources and non-resource URLs'
    return [
      ...(namespaced ? [invalid(where, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs')] : []),
      ...(isMixed ? [invalid(where, nonResourceURLs, mixed)] : []),
    ]
  }
  const errors: FieldError[] = []
  if (apiGroups.length === 0)
    errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
  if (resources.length === 0)
    errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
  return errors
}

export function validateRoleBinding({ roleRef }: RoleBinding): FieldError[] {
  return validateReference(roleRef, ['ClusterRole', 'Role'])
}

export function validateClusterRoleBinding({ roleRef }: ClusterRoleBinding): FieldError[] {
  return validateReference(roleRef, ['ClusterRole'])
}

function validateReference({ kind }: RoleRef, known: string[]): FieldError[] {
  return known.includes(kind) ? [] : [unsupported('roleRef.kind', kind, known)]
}

type Binding = RoleBinding | ClusterRoleBinding

/** Who gets a role may change, the role not: else an old grant would silently mean something new. */
export function roleStays<T extends Binding>(validate: (object: T) => FieldError[]) {
  return (object: T, old: T): FieldError[] => [
    ...validate(object),
    ...(deepEqual(object.roleRef, old.roleRef) ? [] : [invalid('roleRef', object.roleRef, 'cannot change roleRef')]),
  ]
}
