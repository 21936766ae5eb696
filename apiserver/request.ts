import { badRequest } from '../api/errors.ts'
import type { ApiRequest } from '../api/exchange.ts'

/** What a path and a method ask for, before anybody knows whether it exists. */
export interface RequestInfo {
  isResource: boolean
  /** get, list, watch, create, update, patch, delete, deletecollection; for other paths the method in lower case. */
  verb: string
  group: string
  version: string
  namespace: string
  plural: string
  name: string
  subresource: string
  /** What follows the subresource, beginning with `/`: the path that a proxy passes on, still percent-encoded. */
  rest: string
  path: string
}

const NON_RESOURCE: Omit<RequestInfo, 'verb' | 'path'> = {
  isResource: false,
  group: '',
  version: '',
  namespace: '',
  plural: '',
  name: '',
  subresource: '',
  rest: '',
}

const VERBS: Record<string, string> = {
  GET: 'get',
  HEAD: 'get',
  OPTIONS: 'options',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

// These stand below a namespace in the path and yet belong to the namespace itself.
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])

export function parseRequest(request: Pick<ApiRequest, 'method' | 'path' | 'query'>): RequestInfo {
  const nonResource = { ...NON_RESOURCE, verb: request.method.toLowerCase(), path: request.path }
  const raw = request.path.split('/').slice(1)
  if (raw.at(-1) === '') raw.pop()
  const head = raw[0] === 'api' ? 2 : raw[0] === 'apis' ? 3 : 0
  if (head === 0 || raw.length <= head) return nonResource
  const [group, version] = head === 2 ? ['', decodeSegment(raw[1]!)] : [decodeSegment(raw[1]!), decodeSegment(raw[2]!)]
  const rest = raw.slice(head)
  const legacyWatch = rest[0] === 'watch' && rest.length > 1
  if (legacyWatch) rest.shift()
  const { used, ...where } = place(rest)
  const tail = rest.slice(used)
  const proxied = tail.length > 0 ? `/${tail.join('/')}` : request.path.endsWith('/') ? '/' : ''
  const info = { ...nonResource, ...decoded(where), isResource: true, group, version, rest: proxied }
  return { ...info, ...verbOf(request, info, legacyWatch) }
}

type Place = Pick<RequestInfo, 'namespace' | 'plural' | 'name' | 'subresource'>

/** Decoded only now: what follows belongs to whoever a proxy passes it on to. */
function decoded({ namespace, plural, name, subresource }: Place): Place {
  return {
    namespace: decodeSegment(namespace),
    plural: decodeSegment(plural),
    name: decodeSegment(name),
    subresource: decodeSegment(subresource),
  }
}

/** Namespace, resource, name and subresource of the segments after the version, and how many of them they are. */
function place(segments: string[]) {
  const none = { namespace: '', name: '', subresource: '' }
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = segments
  if (first !== 'namespaces' || segments.length < 2) {
    return { ...none, plural: first, name: second, subresource: third, used: Math.min(3, segments.length) }
  }
  if (segments.length === 2 || NAMESPACE_SUBRESOURCES.has(third)) {
    return { plural: first, namespace: second, name: second, subresource: third, used: Math.min(3, segments.length) }
  }
  return { namespace: second, plural: third, name: fourth, subresource: fifth, used: Math.min(5, segments.length) }
}

/** The verb that is authorized; a list or watch of one name counts as access to that name. */
function verbOf(request: Pick<ApiRequest, 'method' | 'query'>, info: { name: string }, legacyWatch: boolean) {
  const verb = VERBS[request.method] ?? request.method.toLowerCase()
  if (verb === 'delete' && info.name === '') return { verb: 'deletecollection' }
  if (verb !== 'get') return { verb }
  const watching = legacyWatch || isTrue(request.query.get('watch'))
  if (info.name !== '' && !watching) return { verb }
  const name = info.name || singleName(request.query.get('fieldSelector'))
  return { verb: watching ? 'watch' : 'list', name }
}

function singleName(fieldSelector: string | null): string {
  if (!fieldSelector) return ''
  const term = fieldSelector.split(',').find(part => /^metadata\.name==?[^=]/.test(part))
  return term ? term.replace(/^metadata\.name==?/, '') : ''
}

/** Query flags as Go's clients write them. */
export function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1' || value === 'True' || value === 'TRUE' || value === 't' || value === 'T'
}

function decodeSegment(segment: string): string {
  const decoded = safeDecode(segment)
  if (decoded === '..' || decoded === '.' || decoded.includes('/') || decoded.includes('\0')) {
    throw badRequest(`invalid path segment ${JSON.stringify(decoded)}`)
  }
  return decoded
}

function safeDecode(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    if (error instanceof URIError) throw badRequest(`invalid URL escape in ${JSON.stringify(segment)}`)
    throw error
  }
}
