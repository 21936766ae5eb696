import type { Identity } from '../../api/exchange.ts'
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../api/types/flowcontrol-v1.ts'
import type { RequestInfo } from '../request.ts'

export interface Asked {
  user: Identity
  info: RequestInfo
}

/** The schemas in the order in which they are asked: the first that fits decides. */
export function byPrecedence(a: FlowSchema, b: FlowSchema): number {
  const difference = (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0)
  if (difference !== 0) return difference
  return (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1
}

export function fitsSchema({ spec }: FlowSchema, asked: Asked): boolean {
  return (spec?.rules ?? []).some(rule => fitsRule(rule, asked))
}

function fitsRule({ subjects, resourceRules, nonResourceRules }: PolicyRulesWithSubjects, asked: Asked): boolean {
  if (!subjects.some(subject => isSubject(subject, asked.user))) return false
  if (asked.info.isResource) return (resourceRules ?? []).some(rule => fitsResource(rule, asked.info))
  return (nonResourceRules ?? []).some(rule => fitsPath(rule, asked.info))
}

function isSubject({ kind, user, group, serviceAccount }: Subject, { name, groups }: Identity): boolean {
  if (kind === 'User') return user?.name === '*' || user?.name === name
  if (kind === 'Group') return group?.name === '*' || groups.includes(group?.name ?? '')
  if (!serviceAccount) return false
  const prefix = `system:serviceaccount:${serviceAccount.namespace}:`
  return serviceAccount.name === '*' ? name.startsWith(prefix) : name === prefix + serviceAccount.name
}

function fitsResource(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  const resource = info.subresource === '' ? info.plural : `${info.plural}/${info.subresource}`
  if (!has(rule.verbs, info.verb) || !has(rule.apiGroups, info.group) || !has(rule.resources, resource)) return false
  return info.namespace === '' ? rule.clusterScope === true : has(rule.namespaces ?? [], info.namespace)
}

function fitsPath({ verbs, nonResourceURLs }: NonResourcePolicyRule, { verb, path }: RequestInfo): boolean {
  return has(verbs, verb) && nonResourceURLs.some(pattern => isPath(pattern, path))
}

/** `*` is every path, and `/a/*` every path below /a. */
function isPath(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true
  return pattern.endsWith('/*') && path.startsWith(pattern.slice(0, -1))
}

function has(values: readonly string[], value: string): boolean {
  return values.includes('*') || values.includes(value)
}

/** What tells the flows of one schema apart. */
export function distinguisherOf({ spec }: FlowSchema, { user, info }: Asked): string {
  if (spec?.distinguisherMethod?.type === 'ByUser') return user.name
  return spec?.distinguisherMethod?.type === 'ByNamespace' ? info.namespace : ''
}
