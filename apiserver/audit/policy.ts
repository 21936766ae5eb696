import type { Call } from '../call.ts'
import type { RequestInfo } from '../request.ts'

export type AuditLevel = 'None' | 'Metadata' | 'Request' | 'RequestResponse'

const AUDIT_STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const
export type AuditStage = (typeof AUDIT_STAGES)[number]

/** audit.k8s.io/v1 Policy: the first rule that fits decides. */
export interface AuditPolicy {
  omitStages?: readonly AuditStage[]
  rules: readonly AuditRule[]
}

export interface AuditRule {
  level: AuditLevel
  omitStages?: readonly AuditStage[]
  users?: readonly string[]
  userGroups?: readonly string[]
  verbs?: readonly string[]
  resources?: readonly { group?: string; resources?: readonly string[]; resourceNames?: readonly string[] }[]
  namespaces?: readonly string[]
  nonResourceURLs?: readonly string[]
}

type Asked = Pick<Call, 'info' | 'user'>

/** How much is written of a call, and at which moments of it. */
export function auditDecision(policy: AuditPolicy, asked: Asked): { level: AuditLevel; stages: Set<AuditStage> } {
  const rule = policy.rules.find(one => fits(one, asked))
  const omitted = [...(policy.omitStages ?? []), ...(rule?.omitStages ?? [])]
  return { level: rule?.level ?? 'None', stages: new Set(AUDIT_STAGES.filter(stage => !omitted.includes(stage))) }
}

function fits(rule: AuditRule, { info, user }: Asked): boolean {
  if (rule.users?.length && !rule.users.includes(user.name)) return false
  if (rule.userGroups?.length && !rule.userGroups.some(group => user.groups.includes(group))) return false
  if (rule.verbs?.length && !rule.verbs.includes(info.verb)) return false
  if (!info.isResource) {
    if (rule.resources?.length || rule.namespaces?.length) return false
    return !rule.nonResourceURLs?.length || rule.nonResourceURLs.some(pattern => fitsPath(pattern, info.path))
  }
  if (rule.nonResourceURLs?.length) return false
  if (rule.namespaces?.length && !rule.namespaces.includes(info.namespace)) return false
  return !rule.resources?.length || rule.resources.some(one => fitsResource(one, info))
}

function fitsResource(wanted: NonNullable<AuditRule['resources']>[number], info: RequestInfo): boolean {
  if ((wanted.group ?? '') !== info.group) return false
  if (wanted.resourceNames?.length && !wanted.resourceNames.includes(info.name)) return false
  const full = info.subresource === '' ? info.plural : `${info.plural}/${info.subresource}`
  const known = [full, '*', `${info.plural}/*`, `*/${info.subresource}`]
  return !wanted.resources?.length || wanted.resources.some(one => known.includes(one))
}

function fitsPath(pattern: string, path: string): boolean {
  return pattern === path || pattern === '*' || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)))
}
