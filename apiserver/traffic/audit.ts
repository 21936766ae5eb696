import type { ApiRequest, ApiResponse, Identity } from '../../api/exchange.ts'
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

export interface AuditOptions {
  policy: AuditPolicy
  /** Takes one JSON line. */
  write(line: string): void
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

export interface AuditMoment {
  id: string
  level: AuditLevel
  stage: AuditStage
  call: Call
  /** Known from ResponseStarted on. */
  status?: number
  message?: string
  /** In whole, where there is one. */
  answer?: ApiResponse['body']
  received: number
  now: number
}

/** One line of the audit log: who asked what, and how it ended. Bodies only where the policy asks for them. */
export function auditEvent({ id, level, stage, call, status, message, answer, received, now }: AuditMoment): object {
  const { request, info, caller, user, annotations } = call
  const ended = stage !== 'RequestReceived'
  const query = request.query.size > 0 ? `?${withoutSecrets(request.query)}` : ''
  return {
    ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level, auditID: id, stage },
    requestURI: request.path + query,
    verb: info.verb,
    user: userOf(caller),
    ...(user === caller ? {} : { impersonatedUser: userOf(user) }),
    sourceIPs: request.remoteAddress ? [request.remoteAddress] : [],
    userAgent: request.headers['user-agent'],
    ...(info.isResource ? { objectRef: objectRef(info) } : {}),
    ...(status === undefined ? {} : { responseStatus: { metadata: {}, message, code: status } }),
    ...(ended && level !== 'Metadata' ? { requestObject: bodyOf(request.body) } : {}),
    ...(ended && level === 'RequestResponse' ? { responseObject: bodyOf(answer) } : {}),
    ...(annotations && Object.keys(annotations).length > 0 ? { annotations } : {}),
    requestReceivedTimestamp: new Date(received).toISOString(),
    stageTimestamp: new Date(now).toISOString(),
  }
}

/** In what ways somebody tried to say who he is: their names, never what he showed. */
export function attemptedBy({ headers, query, certificate, certificateProblem }: ApiRequest): string {
  const scheme = /^(basic|bearer) +\S/i.exec(headers.authorization?.trim() ?? '')?.[1]?.toLowerCase()
  const ways = [
    scheme,
    query.get('access_token') ? 'access_token' : '',
    certificate || certificateProblem ? 'x509' : '',
  ]
  const tried = ways.filter(Boolean).join(', ')
  return `Authentication failed, ${tried ? `attempted: ${tried}` : 'no credentials provided'}`
}

/** Programs that know no headers put their token into the address; it is not for the log. */
function withoutSecrets(query: URLSearchParams): URLSearchParams {
  if (!query.has('access_token')) return query
  const copy = new URLSearchParams(query)
  copy.set('access_token', 'omitted')
  return copy
}

function userOf({ name, uid, groups, extra }: Identity) {
  return { username: name, uid, groups, extra }
}

function objectRef({ plural, namespace, name, group, version, subresource }: RequestInfo) {
  const none = (text: string) => text || undefined
  return {
    ...{ resource: plural, namespace: none(namespace), name: none(name) },
    ...{ apiGroup: none(group), apiVersion: version, subresource: none(subresource) },
  }
}

function bodyOf(body: ApiResponse['body']): unknown {
  if (!(body instanceof Uint8Array) || body.length === 0) return undefined
  try {
    return JSON.parse(Buffer.from(body).toString())
  } catch {
    // Not JSON (protobuf, YAML, nonsense): the line says that there was something, and how much.
    return { bytes: body.length }
  }
}
