import type { ApiRequest, ApiResponse, Identity } from '../../api/exchange.ts'
import type { Call } from '../call.ts'
import type { RequestInfo } from '../request.ts'
import type { AuditLevel, AuditStage } from './policy.ts'

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

/** audit.k8s.io/v1 Event, as far as it is looked into again. */
export interface AuditEvent {
  auditID: string
  stage: AuditStage
  verb: string
  requestURI: string
  user: { username: string; groups: readonly string[] }
  impersonatedUser?: { username: string; groups: readonly string[] }
  sourceIPs: readonly string[]
  userAgent?: string
  objectRef?: { namespace?: string }
  responseStatus?: { code: number; [more: string]: unknown }
  requestReceivedTimestamp: string
  [more: string]: unknown
}

/** Who asked what, and how it ended. Bodies only where the policy asks for them. */
export function auditEvent(moment: AuditMoment): AuditEvent {
  const { id, level, stage, call, status, message, answer, received, now } = moment
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

/** The same in one line of plain text, as Kubernetes once wrote it and --audit-log-format=legacy still wants it. */
export function legacyLine(event: AuditEvent): string {
  const { user, impersonatedUser: as, sourceIPs, objectRef, responseStatus } = event
  const list = (texts: readonly string[]) => texts.map(quoted).join(',')
  const known = user.username !== ''
  const fields = {
    ...{ id: quoted(event.auditID), stage: quoted(event.stage), ip: quoted(sourceIPs[0] ?? '<unknown>') },
    ...{ method: quoted(event.verb), user: quoted(known ? user.username : '<none>') },
    groups: known && user.groups.length > 0 ? list(user.groups) : '<none>',
    ...{ as: quoted(as?.username ?? '<self>'), asgroups: as?.groups ? list(as.groups) : '<lookup>' },
    ...{ 'user-agent': quoted(event.userAgent ?? ''), namespace: quoted(objectRef?.namespace ?? '<none>') },
    ...{ uri: quoted(event.requestURI), response: quoted(String(responseStatus?.code ?? '<deferred>')) },
  }
  const text = Object.entries(fields).map(([name, value]) => `${name}=${value}`)
  return `${event.requestReceivedTimestamp} AUDIT: ${text.join(' ')}`
}

const quoted = (text: string) => JSON.stringify(text)

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
