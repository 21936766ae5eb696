import { Agent, type Dispatcher, upgrade as upgradeConnection } from 'undici'
import type { ApiResponse } from '../api/exchange.ts'
import type { Clock } from '../platform/clock.ts'
import { withRetries } from './retry.ts'
import { TransportError, type TransportRequest, type UpgradingTransport } from './transport.ts'

/** Who we are and whom we trust. All PEM; `token` is a bearer token and goes beside or instead of a certificate. */
export interface Credentials {
  ca?: string
  certificate?: string
  key?: string
  token?: string
  /** Name expected in the server's certificate, where it differs from the URL's host. */
  serverName?: string
  insecure?: boolean
}

export interface HttpTransportOptions {
  /** e.g. `https://192.168.56.10:6443` */
  server: string
  credentials?: Credentials
  clock: Clock
  /** Sent with every request. */
  userAgent?: string
}

export interface HttpTransport extends UpgradingTransport {
  /** Takes effect for the next request; requests under way finish on the connection they have. */
  setCredentials(credentials: Credentials): void
  /** Moves to another address of the same cluster, in the same manner. */
  setServer(server: string): void
}

const HEADERS_TIMEOUT_MS = 70_000 // a little over the server's own limit of 60 s

/** HTTP/1.1 keep-alive connections to one API server, retrying what is safe to retry. */
export function httpTransport(options: HttpTransportOptions): HttpTransport {
  const connection = new Connection(options)
  const retrying = withRetries({ request: request => connection.request(request) }, options.clock)
  return {
    request: retrying,
    upgrade: request => connection.upgrade(request),
    setCredentials: credentials => connection.renew(connection.server, credentials),
    setServer: server => connection.renew(server, connection.credentials),
    close: () => connection.close(),
  }
}

class Connection {
  server: string
  credentials: Credentials
  readonly #userAgent: string
  #agent: Agent

  constructor(options: HttpTransportOptions) {
    this.server = options.server.replace(/\/$/, '')
    this.credentials = options.credentials ?? {}
    this.#userAgent = options.userAgent ?? 'kubox'
    this.#agent = openAgent(this.credentials)
  }

  renew(server: string, credentials: Credentials): void {
    const old = this.#agent
    this.server = server.replace(/\/$/, '')
    this.credentials = credentials
    this.#agent = openAgent(credentials)
    // Closing waits for what is under way; long watches end by themselves within minutes.
    old.close().catch(() => old.destroy())
  }

  async request(request: TransportRequest): Promise<ApiResponse> {
    try {
      const answer = await this.#agent.request({
        origin: this.server,
        method: request.method,
        path: request.path,
        headers: this.#headers(request),
        body: request.body ?? null,
        signal: request.signal,
        headersTimeout: HEADERS_TIMEOUT_MS,
        bodyTimeout: 0,
      })
      return { status: answer.statusCode, headers: plainHeaders(answer.headers), body: bodyOf(answer.body) }
    } catch (error) {
      throw asTransportError(error, this.server)
    }
  }

  async upgrade(request: TransportRequest) {
    const { upgrade, connection: _, ...headers } = this.#headers(request)
    try {
      const answer = await upgradeConnection(`${this.server}${request.path}`, {
        dispatcher: this.#agent,
        method: request.method,
        headers,
        protocol: upgrade ?? 'websocket',
        signal: request.signal,
      })
      const agreed = answer.headers['x-stream-protocol-version'] ?? answer.headers['sec-websocket-protocol'] ?? ''
      return { protocol: String(agreed), socket: answer.socket }
    } catch (error) {
      throw asTransportError(error, this.server)
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  #headers(request: TransportRequest): Record<string, string> {
    const { token } = this.credentials
    return {
      'user-agent': this.#userAgent,
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...request.headers,
    }
  }
}

function openAgent(credentials: Credentials): Agent {
  return new Agent({
    pipelining: 1,
    keepAliveTimeout: 30_000,
    connect: {
      ca: credentials.ca,
      cert: credentials.certificate,
      key: credentials.key,
      servername: credentials.serverName,
      rejectUnauthorized: !credentials.insecure,
      timeout: 10_000,
      // A master that vanished without a word is noticed by the kernel's probes, not by a watch that waits for ever.
      keepAlive: true,
      keepAliveInitialDelay: 15_000,
    },
  })
}

async function* bodyOf(body: Dispatcher.ResponseData['body']): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of body) yield chunk
  } catch (error) {
    throw asTransportError(error, 'the connection')
  }
}

function plainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(headers).filter(entry => entry[1] !== undefined)) as Record<
    string,
    string | string[]
  >
}

function asTransportError(error: unknown, whom: string): unknown {
  if (!(error instanceof Error) || error.name === 'AbortError' || error instanceof TransportError) return error
  return new TransportError(`${whom}: ${error.message || (error as { code?: string }).code}`, { cause: error })
}
