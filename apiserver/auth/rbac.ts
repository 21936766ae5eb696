import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../api/types/rbac-v1.ts'
import type { Attributes, Authorizer, Decision } from './attributes.ts'
import { UNKNOWN } from './attributes.ts'

/** The RBAC objects as they are now. */
export interface RbacObjects {
  clusterRoles: readonly ClusterRole[]
  clusterRoleBindings: readonly ClusterRoleBinding[]
  roles: readonly Role[]
  roleBindings: readonly RoleBinding[]
}

/** Rules that a subject holds: everywhere, or in one namespace. */
export interface Grant {
  namespace: string
  rules: readonly PolicyRule[]
  /** How it came to it, for the reason that auditors read. */
  source: string
}

export const SUPERUSERS = 'system:masters'

export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!matches(rule.verbs, attributes.verb)) return false
  if (!attributes.isResource) return (rule.nonResourceURLs ?? []).some(url => matchesPath(url, attributes.path))
  const { group, plural, subresource, name } = attributes
  if (!matches(rule.apiGroups, group) || !matchesResource(rule.resources ?? [], plural, subresource)) return false
  const names = rule.resourceNames ?? []
  return names.length === 0 || names.includes(name)
}

function matches(values: readonly string[] = [], value: string): boolean {
  return values.includes('*') || values.includes(value)
}

function matchesResource(resources: readonly string[], plural: string, subresource: string): boolean {
  if (subresource === '') return resources.includes('*') || resources.includes(plural)
  return (
    resources.includes('*') || resources.includes(`${plural}/${subresource}`) || resources.includes(`*/${subresource}`)
  )
}

function matchesPath(pattern: string, path: string): boolean {
  return pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)))
}

/** Who holds what, by subject: made again whenever an RBAC object changes. */
function indexGrants(objects: RbacObjects): Map<string, Grant[]> {
  const clusterRoles = new Map(objects.clusterRoles.map(role => [role.metadata?.name ?? '', role]))
  const roles = new Map(objects.roles.map(role => [`${role.metadata?.namespace}/${role.metadata?.name}`, role]))
  const grants = new Map<string, Grant[]>()
  const grant = (subjects: readonly Subject[], namespace: string, rules: readonly PolicyRule[], source: string) => {
    for (const subject of subjects) {
      const key = subjectKey(subject, namespace)
      grants.set(key, [...(grants.get(key) ?? []), { namespace, rules, source }])
    }
  }
  for (const { metadata, roleRef, subjects } of objects.clusterRoleBindings) {
    const role = clusterRoles.get(roleRef.name)
    const source = `ClusterRoleBinding "${metadata?.name}" of ClusterRole "${roleRef.name}"`
    if (role) grant(subjects ?? [], '', rulesOf(role, objects.clusterRoles), source)
  }
  for (const { metadata, roleRef, subjects } of objects.roleBindings) {
    const namespace = metadata?.namespace ?? ''
    const cluster = roleRef.kind === 'ClusterRole' ? clusterRoles.get(roleRef.name) : undefined
    const role = roleRef.kind === 'Role' ? roles.get(`${namespace}/${roleRef.name}`) : undefined
    const rules = cluster ? rulesOf(cluster, objects.clusterRoles) : (role?.rules ?? [])
    const source = `RoleBinding "${metadata?.name}/${namespace}" of ${roleRef.kind} "${roleRef.name}"`
    grant(subjects ?? [], namespace, rules, source)
  }
  return grants
}

/** An aggregated role holds the rules of all roles that its selectors choose. */
export function rulesOf(
  role: ClusterRole,
  all: readonly ClusterRole[],
  above: readonly ClusterRole[] = [],
): readonly PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors
  if (!selectors) return role.rules ?? []
  const seen = [...above, role]
  const chosen = all.filter(other => selectors.some(selector => hasLabels(other, selector.matchLabels ?? {})))
  // Aggregated roles may choose one another: `admin` takes in `edit`, which takes in `view`.
  return [...(role.rules ?? []), ...chosen.flatMap(other => (seen.includes(other) ? [] : rulesOf(other, all, seen)))]
}

function hasLabels(role: ClusterRole, wanted: Record<string, string>): boolean {
  const labels = role.metadata?.labels ?? {}
  const entries = Object.entries(wanted)
  return entries.length > 0 && entries.every(([key, value]) => labels[key] === value)
}

function subjectKey(subject: Subject, bindingNamespace: string): string {
  if (subject.kind === 'Group') return `group:${subject.name}`
  if (subject.kind !== 'ServiceAccount') return `user:${subject.name}`
  return `user:system:serviceaccount:${subject.namespace || bindingNamespace}:${subject.name}`
}

export class RbacAuthorizer implements Authorizer {
  readonly #objects: () => RbacObjects
  #grants: Map<string, Grant[]> | undefined

  /** `objects` is asked again after `invalidate`. */
  constructor(objects: () => RbacObjects) {
    this.#objects = objects
  }

  invalidate(): void {
    this.#grants = undefined
  }

  authorize(attributes: Attributes): Decision {
    if (attributes.user.groups.includes(SUPERUSERS)) return { verdict: 'allow', reason: '' }
    for (const grant of this.grantsOf(attributes.user, attributes.namespace)) {
      if (!grant.rules.some(rule => ruleAllows(rule, attributes))) continue
      return { verdict: 'allow', reason: `RBAC: allowed by ${grant.source}` }
    }
    return UNKNOWN
  }

  /** What a subject holds in a namespace, cluster-wide grants included. */
  *grantsOf(user: { name: string; groups: readonly string[] }, namespace: string): Generator<Grant> {
    this.#grants ??= indexGrants(this.#objects())
    for (const key of [`user:${user.name}`, ...user.groups.map(group => `group:${group}`)]) {
      for (const grant of this.#grants.get(key) ?? []) {
        if (grant.namespace === '' || grant.namespace === namespace) yield grant
      }
    }
  }
}
