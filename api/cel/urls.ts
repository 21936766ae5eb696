import type { Environment } from '@marcbachmann/cel-js'

const SHAPE = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/s
const AUTHORITY = /^(?:[^@]*@)?(\[[0-9a-fA-F:.%]+\]|[^:[\]]*)(?::(\d*))?$/

/** An address as Go reads that of a request: absolute, or a path from the root; nothing is made nicer than it was. */
class CelUrl {
  readonly scheme: string
  readonly host: string
  readonly hostname: string
  readonly port: string
  readonly path: string
  readonly query: string

  constructor(text: string) {
    const shape = hasControls(text) ? null : SHAPE.exec(text)
    const [, scheme, authority, path = '', query = ''] = shape ?? []
    const parts = AUTHORITY.exec(authority ?? '')
    if (!shape || !parts || /%(?![0-9a-fA-F]{2})/.test(path)) throw invalid(text)
    if (scheme === undefined && (authority !== undefined || !path.startsWith('/'))) throw invalid(text)
    const [, hostname = '', port = ''] = parts
    this.scheme = (scheme ?? '').toLowerCase()
    this.host = (authority ?? '').replace(/^.*@/, '')
    this.hostname = hostname.replace(/^\[|\]$/g, '')
    this.port = port
    this.path = path.replace(/[^!-~]|["<>\\^`{|}]/gu, sign => encodeURIComponent(sign))
    this.query = query
  }
}

function invalid(text: string): Error {
  return new Error(`${JSON.stringify(text)} is no absolute URL`)
}

function hasControls(text: string): boolean {
  return [...text].some(sign => sign < ' ' || sign === '\x7f')
}

function isUrl(text: string): boolean {
  try {
    return Boolean(new CelUrl(text))
  } catch {
    // The constructor fails for nothing else.
    return false
  }
}

function queryOf({ query }: CelUrl): Record<string, string[]> {
  const lists: Record<string, string[]> = Object.create(null)
  for (const [key, value] of new URLSearchParams(query)) lists[key] = [...(lists[key] ?? []), value]
  return lists
}

export function addUrls(environment: Environment): void {
  environment
    .registerFunction('isURL(string): bool', isUrl)
    .registerType('kubernetes.URL', CelUrl)
    .registerFunction('url(string): kubernetes.URL', (text: string) => new CelUrl(text))
    .registerFunction('kubernetes.URL.getScheme(): string', ({ scheme }: CelUrl) => scheme)
    .registerFunction('kubernetes.URL.getHost(): string', ({ host }: CelUrl) => host)
    .registerFunction('kubernetes.URL.getHostname(): string', ({ hostname }: CelUrl) => hostname)
    .registerFunction('kubernetes.URL.getPort(): string', ({ port }: CelUrl) => port)
    .registerFunction('kubernetes.URL.getEscapedPath(): string', ({ path }: CelUrl) => path)
    .registerFunction('kubernetes.URL.getQuery(): map<string, list<string>>', queryOf)
}
