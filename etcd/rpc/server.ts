import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Timer } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { EtcdError, errors, GrpcCode } from '../errors.ts'
import { Connection } from '../h2/connection.ts'
import { encodeHeaders } from '../h2/hpack.ts'
import type { Stream } from '../h2/stream.ts'
import { endpointOf, Listener } from '../listen.ts'
import type { Member } from '../member.ts'
import type { TlsSource } from '../tls.ts'
import { authMethods } from './auth.ts'
import { clusterMethods } from './cluster.ts'
import { electionMethods } from './election.ts'
import { type Handler, type Methods, ServerCall } from './grpc.ts'
import { createHttpServer } from './http.ts'
import { kvMethods } from './kv.ts'
import { leaseMethods } from './lease.ts'
import { lockMethods } from './lock.ts'
import { maintenanceMethods } from './maintenance.ts'
import { watchMethods } from './watch.ts'

/** etcd's --max-request-bytes, and what gRPC adds for its envelope. */
const MAX_REQUEST_BYTES = 1.5 * 1024 * 1024 + 512 * 1024
/** Three seconds: as long as three elections take at the default timeouts. */
const LEADER_CHECK_MS = 1000
const LEADERLESS_CHECKS = 3
const NOT_GRPC = encodeHeaders({ ':status': '415' })

/** The client face of one member: gRPC and HTTP/1.1 on the same port. */
export class ClientServer {
  readonly #member: Member
  readonly #log: Log
  readonly #methods: Methods
  readonly #http: HttpServer
  readonly #listeners: Listener[] = []
  readonly #connections = new Set<Connection>()
  readonly #wantLeader = new Set<ServerCall>()
  #leaderless = 0
  #leaderTimer: Timer | undefined

  constructor(member: Member, log: Log) {
    this.#member = member
    this.#log = log
    this.#http = createHttpServer(member)
    this.#methods = {
      ...kvMethods(member),
      ...watchMethods(member),
      ...leaseMethods(member),
      ...clusterMethods(member),
      ...maintenanceMethods(member),
      ...lockMethods(member),
      ...electionMethods(member),
      ...authMethods(),
    }
    this.#watchLeader()
  }

  /** The port that was taken. */
  async listen(url: string, tls?: TlsSource): Promise<number> {
    const { host, port, secure } = endpointOf(url)
    if (secure && !tls) throw new Error(`${url} needs --cert-file and --key-file`)
    const accept = (socket: Socket | TLSSocket) => this.#accept(socket)
    const options = { host, port, tls: secure ? tls : undefined, protocols: ['h2', 'http/1.1'], accept }
    const listener = await Listener.open({ ...options, clock: this.#member.clock, log: this.#log })
    this.#listeners.push(listener)
    return listener.port
  }

  async close(): Promise<void> {
    this.#leaderTimer?.cancel()
    for (const connection of this.#connections) connection.drain()
    this.#http.closeAllConnections()
    await Promise.all(this.#listeners.map(listener => listener.close()))
  }

  #accept(socket: Socket | TLSSocket): void {
    if (!('alpnProtocol' in socket)) this.#sniff(socket)
    else if (socket.alpnProtocol === 'h2') this.#serve(socket)
    else this.#http.emit('connection', socket)
  }

  /** Without TLS nobody says which protocol it is going to be: the first bytes do. */
  #sniff(socket: Socket): void {
    const onError = () => socket.destroy()
    socket.on('error', onError)
    socket.once('data', first => {
      socket.pause()
      socket.unshift(first)
      socket.off('error', onError)
      if (first.subarray(0, 3).toString() === 'PRI') this.#serve(socket)
      else this.#http.emit('connection', socket)
      socket.resume()
    })
  }

  #serve(socket: Socket): void {
    const connection: Connection = new Connection(socket, true, {
      request: stream => this.#request(stream),
      closed: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
  }

  /** Whoever wants to be served only while there is a leader is told when there has been none for a while. */
  #withLeader(call: ServerCall, handler: Handler): void {
    if (!this.#member.leader) {
      call.end(errors.noLeader)
      return
    }
    this.#wantLeader.add(call)
    handler(call)
    const onClose = call.onClose
    call.onClose = () => {
      this.#wantLeader.delete(call)
      onClose()
    }
  }

  #watchLeader(): void {
    this.#leaderless = this.#member.leader ? 0 : this.#leaderless + 1
    if (this.#leaderless >= LEADERLESS_CHECKS) for (const call of [...this.#wantLeader]) call.end(errors.noLeader)
    this.#leaderTimer = this.#member.clock.after(LEADER_CHECK_MS, () => this.#watchLeader())
  }

  #request(stream: Stream): void {
    const path = stream.headers[':path'] ?? ''
    if (!stream.headers['content-type']?.startsWith('application/grpc')) {
      stream.sendHeaders(NOT_GRPC, true)
      stream.reset(0)
      return
    }
    const call = new ServerCall(stream, MAX_REQUEST_BYTES)
    const handler = this.#methods[path]
    if (!handler) call.end(unknownMethod(path))
    else if (stream.headers.hasleader === 'true') this.#withLeader(call, handler)
    else handler(call)
  }
}

function unknownMethod(path: string): EtcdError {
  const [, service, method] = path.split('/')
  return new EtcdError(GrpcCode.unimplemented, `unknown method ${method} for service ${service}`)
}
