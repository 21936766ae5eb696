import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiRequest, Identity } from '../../api/exchange.ts'
import type { Peer } from './peer.ts'

const NO_QUERY = new URLSearchParams()

/** node's request as the server sees it. What few requests need (query, abort signal) is made when it is asked for. */
export class NodeRequest implements ApiRequest {
  readonly method: ApiRequest['method']
  readonly path: string
  readonly headers: ApiRequest['headers']
  readonly certificate: Identity | undefined
  readonly certificateProblem: string | undefined
  readonly frontProxy: string | undefined
  readonly remoteAddress: string | undefined
  body: Uint8Array | undefined
  readonly #search: string
  readonly #response: ServerResponse | undefined
  #query: URLSearchParams | undefined
  #abort: AbortController | undefined

  constructor(request: IncomingMessage, response: ServerResponse | undefined, peer: Peer) {
    const url = request.url ?? '/'
    const at = url.indexOf('?')
    this.method = request.method as ApiRequest['method']
    this.path = at < 0 ? url : url.slice(0, at)
    this.#search = at < 0 ? '' : url.slice(at + 1)
    // Node joins repeated headers with commas; only set-cookie would be a list, and no request has it.
    this.headers = request.headers as ApiRequest['headers']
    this.certificate = peer.identity
    this.certificateProblem = peer.problem
    this.frontProxy = peer.frontProxy
    this.remoteAddress = request.socket.remoteAddress
    this.#response = response
  }

  get query(): URLSearchParams {
    if (this.#search === '') return NO_QUERY
    this.#query ??= new URLSearchParams(this.#search)
    return this.#query
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      const abort = new AbortController()
      this.#abort = abort
      if (this.#response?.destroyed) abort.abort()
      else this.#response?.once('close', () => abort.abort())
    }
    return this.#abort.signal
  }
}
