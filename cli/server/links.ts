import { hostname } from 'node:os'
import { ApiError } from '../../api/errors.ts'
import type { ApiHandler, ApiRequest, ApiResponse, Identity } from '../../api/exchange.ts'
import type { ApiServer } from '../../apiserver/app.ts'
import type { Store } from '../../apiserver/storage/store.ts'
import { type Client, createClient } from '../../client/client.ts'
import { inProcessTransport } from '../../client/in-process.ts'

/** The built-in store of this process, as an API server takes it. */
export interface LocalStore {
  clientUrls: readonly string[]
  /** A fresh view on the member: closing it does not end the member. */
  open(): Store
}

/** What the components of one process know of each other; everything else they learn from the API. */
export class Links {
  store: LocalStore | undefined
  apiserver: ApiServer | undefined
  /** Serves metrics.k8s.io while the controllers run here. */
  metrics: ApiHandler | undefined

  /** A client with no socket in between, as one of the control plane's own users; it outlives restarts of the server. */
  clientAs(name: string): Client {
    const identity: Identity = { name, groups: ['system:authenticated'] }
    return createClient(inProcessTransport(request => this.#handle(request), identity))
  }

  /** The server itself, for what no user may do: showing its own components. */
  clientAsSystem(): Client {
    const identity: Identity = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] }
    return createClient(inProcessTransport(request => this.#handle(request), identity))
  }

  async #handle(request: ApiRequest): Promise<ApiResponse> {
    return this.apiserver ? this.apiserver.handle(request) : unavailable('the API server is not running')
  }
}

export function unavailable(message: string): ApiResponse {
  const status = new ApiError('ServiceUnavailable', message).toStatus()
  return { status: 503, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(status)) }
}

/**
 * This machine's name among the candidates for a lease. The same after a crash: the ports see to it that only one server
 * runs here, so the lease of a process that died is ours to go on with, without waiting for it to run out.
 */
export function candidateName(): string {
  return `${hostname()}_kubox-server`
}
