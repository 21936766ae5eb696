import type { ApiRequest, Identity } from '../../api/exchange.ts'
import type { Peer } from './peer.ts'

const NO_QUERY = new URLSearchParams()

/** What came over the wire. `url` is path and query as they stand in the request's first line. */
export interface Received {
  method: string
  url: string
  headers: ApiRequest['headers']
}

/** A request as the server sees it. What few requests need (query, abort signal) is made when it is asked for. */
export class HttpRequest implements ApiRequest {
  readonly method: ApiRequest['method']
  readonly path: string
  readonly headers: ApiRequest['headers']
  readonly certificate: Identity | undefined
  readonly certificateProblem: string | undefined
  readonly frontProxy: string | undefined
  readonly remoteAddress: string | undefined
  body: Uint8Array | undefined
  readonly #search: string
  #query: URLSearchParams | undefined
  #abort: AbortController | undefined
  #gone = false

  constructor({ method, url, headers }: Received, peer: Peer, remoteAddress: string | undefined) {
    const at = url.indexOf('?')
    this.method = method as ApiRequest['method']
    this.path = at < 0 ? url : url.slice(0, at)
    this.#search = at < 0 ? '' : url.slice(at + 1)
    this.headers = headers
    this.certificate = peer.identity
    this.certificateProblem = peer.problem
    this.frontProxy = peer.frontProxy
    this.remoteAddress = remoteAddress
  }

  get query(): URLSearchParams {
    if (this.#search === '') return NO_QUERY
    this.#query ??= new URLSearchParams(this.#search)
    return this.#query
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#gone) this.#abort.abort()
    return this.#abort.signal
  }

  /** The client has gone: whoever works for it may stop. */
  clientGone(): void {
    this.#gone = true
    this.#abort?.abort()
  }
}
