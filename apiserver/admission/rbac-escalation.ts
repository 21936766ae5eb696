import type { Identity } from '../../api/exchange.ts'
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '../../api/types/rbac-v1.ts'
import { deepEqual } from '../../api/values.ts'
import { resourceAttributes } from '../auth/attributes.ts'
import { describeRule, uncoveredRules } from '../auth/escalation.ts'
import { type RbacAuthorizer, rulesOf, SUPERUSERS } from '../auth/rbac.ts'
import type { Authorization } from '../stages/authorize.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import type { Lister } from './lister.ts'
import { refuse } from './refuse.ts'

const GROUP = 'rbac.authorization.k8s.io'

export interface EscalationSurroundings {
  lister: Lister
  rbac: RbacAuthorizer
  authorization: Authorization
}

/** Nobody gives away more than he has: the part of RBAC that looks at what is written. It cannot be switched off. */
export function rbacEscalation(around: EscalationSurroundings): AdmissionPlugin {
  return {
    name: 'RBACEscalation',
    async validate(request) {
      const { kind, operation, user, object } = request
      if (kind.group !== GROUP || (operation !== 'CREATE' && operation !== 'UPDATE') || !object) return
      if (user.groups.includes(SUPERUSERS)) return
      if (kind.kind === 'Role' || kind.kind === 'ClusterRole') return checkRole(around, request)
      if (kind.kind === 'RoleBinding' || kind.kind === 'ClusterRoleBinding') return checkBinding(around, request)
    },
  }
}

async function checkRole(around: EscalationSurroundings, request: AdmissionRequest): Promise<void> {
  const role = request.object as Role & ClusterRole
  const old = request.old as (Role & ClusterRole) | undefined
  if (old && deepEqual(role.rules, old.rules) && deepEqual(role.aggregationRule, old.aggregationRule)) return
  const { user, namespace, name, kind } = request
  const question = resourceAttributes(user, 'escalate', { group: GROUP, plural: kind.plural, namespace, name })
  if (await around.authorization.allows(question)) return
  if (role.aggregationRule) {
    const everything = [
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { nonResourceURLs: ['*'], verbs: ['*'] },
    ]
    if (missing(around, user, '', everything).length > 0) {
      throw refuse(request, 'must have cluster-admin privileges to use the aggregationRule')
    }
  }
  refuseMissing(request, missing(around, user, namespace, role.rules ?? []))
}

async function checkBinding(around: EscalationSurroundings, request: AdmissionRequest): Promise<void> {
  const binding = request.object as RoleBinding | ClusterRoleBinding
  const old = request.old as typeof binding | undefined
  if (old && deepEqual(binding.roleRef, old.roleRef) && deepEqual(binding.subjects, old.subjects)) return
  const { user, namespace } = request
  const { kind, name } = binding.roleRef
  const plural = kind === 'Role' ? 'roles' : 'clusterroles'
  const question = resourceAttributes(user, 'bind', { group: GROUP, plural, namespace, name })
  if (await around.authorization.allows(question)) return
  const rules = referencedRules(around.lister, kind, namespace, name)
  if (!rules) throw refuse(request, `${plural}.${GROUP} "${name}" not found`)
  refuseMissing(request, missing(around, user, namespace, rules))
}

function referencedRules(lister: Lister, kind: string, namespace: string, name: string) {
  if (kind === 'Role') return lister.get<Role>(`roles.${GROUP}`, namespace, name)?.rules
  const role = lister.get<ClusterRole>(`clusterroles.${GROUP}`, '', name)
  return role && rulesOf(role, lister.list<ClusterRole>(`clusterroles.${GROUP}`))
}

function missing({ rbac }: EscalationSurroundings, user: Identity, namespace: string, wanted: readonly PolicyRule[]) {
  const held = [...rbac.grantsOf(user, namespace)].flatMap(grant => [...grant.rules])
  return uncoveredRules(held, wanted)
}

function refuseMissing(request: AdmissionRequest, rules: PolicyRule[]): void {
  if (rules.length === 0) return
  const { user } = request
  const who = `user "${user.name}" (groups=[${user.groups.map(group => JSON.stringify(group)).join(' ')}])`
  const what = rules.map(describeRule).join('\n')
  throw refuse(request, `${who} is attempting to grant RBAC permissions not currently held:\n${what}`)
}
