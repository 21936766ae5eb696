import type { ApiRequest, Identity } from '../../api/exchange.ts'
import type { Authenticator } from './authenticator.ts'

export interface RequestHeaderOptions {
  usernameHeaders: readonly string[]
  groupHeaders: readonly string[]
  extraHeaderPrefixes: readonly string[]
  /** Common names of the proxies that may speak for others; empty: any whose certificate the front-proxy authority signed. */
  allowedNames: readonly string[]
}

export const DEFAULT_REQUEST_HEADERS: RequestHeaderOptions = {
  usernameHeaders: ['x-remote-user'],
  groupHeaders: ['x-remote-group'],
  extraHeaderPrefixes: ['x-remote-extra-'],
  allowedNames: ['front-proxy-client'],
}

/** A front proxy says in headers for whom it speaks; its own certificate must be of the front-proxy authority. */
export class RequestHeaderAuthenticator implements Authenticator {
  readonly #options: RequestHeaderOptions

  constructor(options: RequestHeaderOptions) {
    this.#options = options
  }

  authenticate(request: ApiRequest): Identity | undefined {
    const proxy = request.frontProxy
    const { usernameHeaders, groupHeaders, extraHeaderPrefixes, allowedNames } = this.#options
    if (!proxy || (allowedNames.length > 0 && !allowedNames.includes(proxy))) return undefined
    const name = usernameHeaders.map(header => request.headers[header]).find(Boolean)
    if (!name) return undefined
    const groups = groupHeaders.flatMap(header => splitHeader(request.headers[header]))
    return { name, groups, extra: extrasOf(request.headers, extraHeaderPrefixes) }
  }
}

/** Repeated headers arrive as one, joined by commas. */
export function splitHeader(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}

export function extrasOf(headers: ApiRequest['headers'], prefixes: readonly string[]): Record<string, string[]> {
  const extra: Record<string, string[]> = {}
  for (const [header, value] of Object.entries(headers)) {
    const prefix = prefixes.find(one => header.startsWith(one))
    if (prefix && value) extra[decodeURIComponent(header.slice(prefix.length)).toLowerCase()] = splitHeader(value)
  }
  return extra
}
