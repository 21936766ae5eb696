import * as http from 'node:http'
import * as https from 'node:https'
import type { ApiResponse } from '../api/exchange.ts'
import type { Clock } from '../platform/clock.ts'
import { withRetries } from './retry.ts'
import { CONNECT_TIMEOUT, type Transport, TransportError, type TransportRequest } from './transport.ts'

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

export interface HttpTransport extends Transport {
  /** Takes effect for the next request; requests under way finish on the connection they have. */
  setCredentials(credentials: Credentials): void
  /** Moves to another address of the same cluster, in the same manner. */
  setServer(server: string): void
  /** Breaks every connection, e.g. because this machine has another address now: what is under way fails, and is tried anew. */
  reconnect(): void
}

const CONNECT_TIMEOUT_MS = 10_000
const HEADERS_TIMEOUT_MS = 70_000 // a little over the server's own limit of 60 s
const IDLE_TIMEOUT_MS = 30_000

/**
 * HTTP/1.1 keep-alive connections to one API server, retrying what is safe to retry. Made from Node's own parts, which
 * every process has loaded anyway: another HTTP library costs an agent a quarter of its memory.
 */
export function httpTransport(options: HttpTransportOptions): HttpTransport {
  const connection = new Connection(options)
  return {
    request: withRetries({ request: request => connection.request(request) }, options.clock),
    setCredentials: credentials => connection.renew(connection.server, credentials),
    setServer: server => connection.renew(server, connection.credentials),
    reconnect: () => connection.reconnect(),
    close: () => connection.close(),
  }
}

class Connection {
  server: string
  credentials: Credentials
  readonly #userAgent: string
  #agent: http.Agent

  constructor(options: HttpTransportOptions) {
    this.server = options.server.replace(/\/$/, '')
    this.credentials = options.credentials ?? {}
    this.#userAgent = options.userAgent ?? 'kubox'
    this.#agent = openAgent(this.server, this.credentials)
  }

  renew(server: string, credentials: Credentials): void {
    retire(this.#agent)
    this.server = server.replace(/\/$/, '')
    this.credentials = credentials
    this.#agent = openAgent(this.server, credentials)
  }

  reconnect(): void {
    this.#agent.destroy()
    this.#agent = openAgent(this.server, this.credentials)
  }

  async request(request: TransportRequest): Promise<ApiResponse> {
    try {
      const answer = await this.#send(request)
      return { status: answer.statusCode ?? 0, headers: plainHeaders(answer.headers), body: bodyOf(answer, request) }
    } catch (error) {
      throw asTransportError(error, this.server)
    }
  }

  async close(): Promise<void> {
    this.#agent.destroy()
  }

  #send({ method, path, headers, body, signal }: TransportRequest): Promise<http.IncomingMessage> {
    const { token } = this.credentials
    const { protocol, hostname, port } = new URL(this.server)
    return new Promise((resolve, reject) => {
      const call = (protocol === 'https:' ? https : http).request({
        ...{ host: hostname.replace(/^\[|\]$/g, ''), port, method, path, signal, agent: this.#agent },
        headers: {
          'user-agent': this.#userAgent,
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          // Node says it by itself for some methods only: the body of a DELETE would be taken for the next request.
          ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          ...headers,
        },
      })
      limitSilence(call, protocol === 'https:' ? 'secureConnect' : 'connect')
      call.once('response', resolve)
      call.once('error', reject)
      call.end(body)
    })
  }
}

function openAgent(server: string, { ca, certificate, key, serverName, insecure }: Credentials): http.Agent {
  const pooling = {
    keepAlive: true,
    // A master that vanished without a word is noticed by the kernel's probes, not by a watch that waits for ever.
    keepAliveMsecs: 15_000,
    timeout: IDLE_TIMEOUT_MS,
  }
  if (!server.startsWith('https:')) return new http.Agent(pooling)
  const identity = { ca, cert: certificate, key, rejectUnauthorized: !insecure }
  return new https.Agent({ ...pooling, ...identity, ...(serverName ? { servername: serverName } : {}) })
}

/** Nothing new goes over its connections; each is closed when what is under way on it has ended. */
function retire(agent: http.Agent): void {
  agent.maxFreeSockets = 0
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
}

/** Bounds the time to connect and the time to the answer's head. How long the body takes is the reader's affair. */
function limitSilence(call: http.ClientRequest, connected: 'connect' | 'secureConnect'): void {
  let code: string = CONNECT_TIMEOUT
  call.once('socket', socket => {
    const isConnected = () => {
      code = 'ETIMEDOUT'
      socket.setTimeout(HEADERS_TIMEOUT_MS)
    }
    if (call.reusedSocket) return isConnected()
    socket.setTimeout(CONNECT_TIMEOUT_MS)
    socket.once(connected, isConnected)
  })
  call.once('response', () => call.socket?.setTimeout(0))
  call.once('timeout', () => call.destroy(Object.assign(new Error('no answer in time'), { code })))
}

async function* bodyOf(answer: http.IncomingMessage, { signal }: TransportRequest): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of answer) yield chunk
  } catch (error) {
    throw asTransportError(signal?.aborted ? signal.reason : error, 'the connection')
  }
}

function plainHeaders(headers: http.IncomingHttpHeaders): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(headers).filter(entry => entry[1] !== undefined)) as Record<
    string,
    string | string[]
  >
}

function asTransportError(error: unknown, whom: string): unknown {
  if (!(error instanceof Error) || error.name === 'AbortError' || error instanceof TransportError) return error
  return new TransportError(`${whom}: ${error.message || (error as { code?: string }).code}`, { cause: error })
}
