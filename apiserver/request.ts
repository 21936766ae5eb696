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
  const { method, path } = request
  const raw = path.split('/')
  if (raw.at(-1) === '') raw.pop()
  const head = raw[1] === 'api' ? 3 : raw[1] === 'apis' ? 4 : 0
  if (head === 0 || raw.length <= head) return { ...NON_RESOURCE, verb: method.toLowerCase(), path }
  const legacyWatch = raw[head] === 'watch' && raw.length > head + 1
  const rest = raw.slice(legacyWatch ? head + 1 : head)
  const { used, namespace, plural, name, subresource } = place(rest)
  const tail = rest.slice(used)
  const info: RequestInfo = {
    isResource: true,
    verb: VERBS[method] ?? method.toLowerCase(),
    group: head === 3 ? '' : decodeSegment(raw[2]!),
    version: decodeSegment(raw[head - 1]!),
    // What follows these belongs to whoever a proxy passes it on to, and stays as it is.
    namespace: decodeSegment(namespace),
    plural: decodeSegment(plural),
    name: decodeSegment(name),
    subresource: decodeSegment(subresource),
    rest: tail.length > 0 ? `/${tail.join('/')}` : path.endsWith('/') ? '/' : '',
    path,
  }
  refineVerb(info, request, legacyWatch)
  return info
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
function refineVerb(info: RequestInfo, { query }: Pick<ApiRequest, 'query'>, legacyWatch: boolean): void {
  if (info.verb === 'delete' && info.name === '') info.verb = 'deletecollection'
  if (info.verb !== 'get') return
  const watching = legacyWatch || isTrue(query.get('watch'))
  if (info.name !== '' && !watching) return
  info.verb = watching ? 'watch' : 'list'
  info.name ||= singleName(query.get('fieldSelector'))
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

const PLAIN_SEGMENT = /^[a-z0-9-]*$/

function decodeSegment(segment: string): string {
  if (PLAIN_SEGMENT.test(segment)) return segment
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
