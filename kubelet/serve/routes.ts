/** The agent's paths and queries, as the kubelet's: pure. */

export interface ContainerRoute {
  kind: 'exec' | 'attach' | 'containerLogs'
  namespace: string
  pod: string
  container: string
}

export type Route =
  | ContainerRoute
  | { kind: 'portForward'; namespace: string; pod: string }
  /** Not the kubelet's: DELETE empties the folder of a local volume that nobody claims any more. */
  | { kind: 'localVolumes'; volume: string }
  | { kind: 'healthz' | 'pods' | 'stats/summary' | 'metrics' | 'metrics/resource' }

const CONTAINER_ROUTES = ['exec', 'attach', 'containerLogs'] as const
const PLAIN_ROUTES = ['healthz', 'pods', 'stats/summary', 'metrics', 'metrics/resource'] as const

export function parseRoute(path: string): Route | undefined {
  const [first = '', ...names] = path.slice(1).replace(/\/$/, '').split('/')
  const plain = PLAIN_ROUTES.find(kind => kind === [first, ...names].join('/'))
  if (plain) return { kind: plain }
  const [namespace, pod, container] = names.map(decodeName)
  if (first === 'localVolumes' && namespace && names.length === 1) return { kind: first, volume: namespace }
  if (!namespace || !pod) return undefined
  if (first === 'portForward' && names.length === 2) return { kind: 'portForward', namespace, pod }
  const kind = CONTAINER_ROUTES.find(each => each === first)
  return kind && container && names.length === 3 ? { kind, namespace, pod, container } : undefined
}

function decodeName(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

/** What a request is about, for the API server's authorizer: verb on `nodes/SUBRESOURCE`. */
export interface AccessAttributes {
  verb: string
  subresource: 'proxy' | 'stats' | 'metrics' | 'log'
  path: string
}

const VERBS: Record<string, string> = { POST: 'create', GET: 'get', HEAD: 'get', PUT: 'update', PATCH: 'patch' }

export function accessAttributes(method: string, path: string): AccessAttributes {
  const subresource = path.startsWith('/stats/') ? 'stats' : /^\/metrics(\/|$)/.test(path) ? 'metrics' : 'proxy'
  return { verb: VERBS[method] ?? method.toLowerCase(), subresource, path }
}

export interface StreamRequest {
  stdin: boolean
  stdout: boolean
  stderr: boolean
  tty: boolean
  command: string[]
}

/** Both the kubelet's names (input, output, error) and the API's (stdin, stdout, stderr) are understood. */
export function parseStreamRequest(query: URLSearchParams): StreamRequest {
  const has = (...names: string[]) => names.some(name => ['1', 'true'].includes(query.get(name) ?? ''))
  const tty = has('tty')
  return {
    stdin: has('input', 'stdin'),
    stdout: has('output', 'stdout'),
    // A terminal has one output only.
    stderr: has('error', 'stderr') && !tty,
    tty,
    command: query.getAll('command'),
  }
}

export function parsePorts(query: URLSearchParams): number[] | undefined {
  const texts = [...query.getAll('port'), ...query.getAll('ports')].flatMap(text => text.split(','))
  const ports = texts.map(text => (/^\d{1,5}$/.test(text) ? Number(text) : 0))
  return ports.every(port => port >= 1 && port <= 65535) ? ports : undefined
}

/** Node joins repeated headers by commas, as clients may do themselves. */
export function headerList(value: string | string[] | undefined): string[] {
  const text = Array.isArray(value) ? value.join(',') : (value ?? '')
  return text
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '')
}
