/**
 * etcd/client/ talks to any cluster of etcd v3 over gRPC: channel.ts keeps a connection to one of the endpoints, call.ts is one
 * request on it. Used by the API server's remote store, by `kubox etcd snapshot save` and by the benchmark. It imports
 * etcd/h2, etcd/proto and etcd/rpc/grpc.ts.
 */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Clock } from '../../platform/clock.ts'
import { EtcdError, GrpcCode } from '../errors.ts'
import { Connection } from '../h2/connection.ts'
import { encodeHeaders } from '../h2/hpack.ts'
import { type Endpoint, endpointOf } from '../listen.ts'
import type { Message } from '../proto/schema.ts'
import { ClientCall } from './call.ts'

export interface ChannelTls {
  ca?: string | Buffer
  cert?: string | Buffer
  key?: string | Buffer
}

export interface ChannelOptions {
  /** URLs, or host:port for plain ones. */
  endpoints: readonly string[]
  tls?: ChannelTls
  clock: Clock
}

const CONNECT_MS = 5000
const CALL_MS = 10_000

export class Channel {
  readonly #options: ChannelOptions
  readonly #endpoints: Endpoint[]
  readonly #headers = new Map<string, Buffer>()
  #connecting: Promise<Connection> | undefined
  #connection: Connection | undefined
  #next = 0
  #closed = false

  constructor(options: ChannelOptions) {
    this.#options = options
    this.#endpoints = options.endpoints.map(url => endpointOf(url.includes('://') ? url : `http://${url}`))
  }

  /** One request, one response. Rejects with the EtcdError that the server gave, or one that says why there is none. */
  async unary<Q extends object, R extends object>(
    method: string,
    [request, response]: readonly [Message<Q>, Message<R>],
    content: Partial<Q>,
    timeoutMs = CALL_MS,
  ): Promise<R> {
    const connection = await this.#connected()
    return new Promise<R>((resolve, reject) => {
      let answer: R | undefined
      const call = this.#call(connection, method, {
        message: bytes => {
          answer = response.decode(bytes)
        },
        ended: error => {
          timer.cancel()
          if (answer && !error) resolve(answer)
          else reject(error ?? new EtcdError(GrpcCode.internal, 'the server ended a call without an answer'))
        },
      })
      const timer = this.#options.clock.after(timeoutMs, () =>
        call.fail(new EtcdError(GrpcCode.deadlineExceeded, `no answer within ${timeoutMs / 1000} s`)),
      )
      call.send(request.encode(content))
      call.end()
    })
  }

  /** A stream of messages in both directions. */
  async stream(
    method: string,
    listener: { message(bytes: Buffer): void; ended(error: EtcdError | undefined): void },
  ): Promise<ClientCall> {
    return this.#call(await this.#connected(), method, listener)
  }

  close(): void {
    this.#closed = true
    this.#connection?.destroy()
  }

  #call(connection: Connection, method: string, listener: ConstructorParameters<typeof ClientCall>[0]): ClientCall {
    const call = new ClientCall(listener)
    call.start(connection.request(this.#headersFor(method), call))
    return call
  }

  #connected(): Promise<Connection> {
    if (this.#connection && !this.#connection.closed) return Promise.resolve(this.#connection)
    this.#connecting ??= this.#connectToAny().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #connectToAny(): Promise<Connection> {
    const problems: string[] = []
    for (let attempt = 0; attempt < this.#endpoints.length; attempt++) {
      if (this.#closed) throw new EtcdError(GrpcCode.unavailable, 'the client is closed')
      const endpoint = this.#endpoints[this.#next % this.#endpoints.length]!
      try {
        this.#connection = await this.#open(endpoint)
        return this.#connection
      } catch (error) {
        problems.push(`${endpoint.host}:${endpoint.port}: ${(error as Error).message}`)
        this.#next++
      }
    }
    throw new EtcdError(GrpcCode.unavailable, `no endpoint can be reached: ${problems.join('; ')}`)
  }

  #open({ host, port, secure }: Endpoint): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const options = { host, port, ...this.#options.tls, ALPNProtocols: ['h2'] }
      const socket: Socket = secure ? connectTls(options) : connect({ host, port })
      const timer = this.#options.clock.after(CONNECT_MS, () => socket.destroy(new Error('no connection in time')))
      socket.setNoDelay(true)
      socket.once('error', reject)
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        timer.cancel()
        socket.off('error', reject)
        // The connection may be lost to another leader or a restart: the next call finds another endpoint.
        resolve(new Connection(socket, false, { closed: () => this.#next++ }))
      })
    })
  }

  #headersFor(method: string): Buffer {
    const known = this.#headers.get(method)
    if (known) return known
    const { host, port, secure } = this.#endpoints[0]!
    const headers = encodeHeaders({
      ':method': 'POST',
      ':scheme': secure ? 'https' : 'http',
      ':path': method,
      ':authority': `${host}:${port}`,
      te: 'trailers',
      'content-type': 'application/grpc',
      'user-agent': 'kubox',
    })
    this.#headers.set(method, headers)
    return headers
  }
}
