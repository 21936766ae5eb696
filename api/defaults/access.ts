import type { TokenRequest } from '../types/authentication-v1.ts'
import type { ClusterRoleBinding, RoleBinding } from '../types/rbac-v1.ts'

const RBAC = 'rbac.authorization.k8s.io'

export function setBindingDefaults({ roleRef, subjects }: RoleBinding | ClusterRoleBinding): void {
  if (roleRef) roleRef.apiGroup ||= RBAC
  for (const subject of subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= RBAC
  }
}

export function setTokenRequestDefaults({ spec }: TokenRequest): void {
  if (spec) spec.expirationSeconds ??= 3600
}
