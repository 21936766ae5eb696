import { compileSelector } from '../api/placement.ts'
import type { ClusterRole, PolicyRule } from '../api/types/rbac-v1.ts'
import { deepEqual } from '../api/values.ts'
import type { Live } from '../client/client.ts'
import { unlessGone } from '../client/outcomes.ts'
import { CLUSTER_ROLES } from '../client/resources.ts'
import { type Context, type Controller, createLoop } from './context.ts'

/** The rules of all roles that an aggregated role selects, in the order of their names, each once. */
export function aggregate(role: Live<ClusterRole>, all: readonly Live<ClusterRole>[]): PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors?.map(compileSelector) ?? []
  const parts = all
    .filter(other => other.metadata.name !== role.metadata.name)
    .filter(other => selectors.some(selects => selects(other.metadata.labels)))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const rules: PolicyRule[] = []
  for (const rule of parts.flatMap(part => part.rules ?? [])) {
    if (!rules.some(known => deepEqual(known, rule))) rules.push(rule)
  }
  return rules
}

/** Keeps roles like admin and edit the sum of those that are labelled to belong to them. */
export function clusterRoleController(context: Context): Controller {
  const { client, informers } = context
  const roles = informers.of<ClusterRole>(CLUSTER_ROLES)
  const loop = createLoop(context, 'clusterrole-aggregation-controller', async name => {
    const role = roles.get(name)
    if (!role?.aggregationRule) return
    const rules = aggregate(role, roles.list())
    if (!deepEqual(rules, role.rules ?? [])) {
      await unlessGone(client.resource<ClusterRole>(CLUSTER_ROLES).update({ ...role, rules }))
    }
  })
  loop.watchRelated(roles, () => roles.list().flatMap(role => (role.aggregationRule ? [role.metadata.name] : [])))
  return loop
}
