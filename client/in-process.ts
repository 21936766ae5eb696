import type { ApiHandler, ApiRequest, Identity } from '../api/exchange.ts'
import type { Transport } from './transport.ts'

/** The same face with no socket: requests go straight to the handler, as somebody it need not ask for proof. */
export function inProcessTransport(handler: ApiHandler, identity: Identity): Transport {
  const closing = new AbortController()
  return {
    async request(request) {
      const [path = '', query = ''] = splitOnce(request.path, '?')
      const { body } = request
      const exchange: ApiRequest = {
        method: request.method,
        path,
        query: new URLSearchParams(query),
        headers: lowerCase(request.headers ?? {}),
        body: typeof body === 'string' ? Buffer.from(body) : body,
        signal: request.signal ? AbortSignal.any([request.signal, closing.signal]) : closing.signal,
        trusted: identity,
        takesObjects: true,
      }
      return handler(exchange)
    },
    async close() {
      closing.abort()
    },
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
