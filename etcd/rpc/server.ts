import type { Server as HttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import type { Log } from '../../platform/log.ts'
import { EtcdError, errors, GrpcCode } from '../errors.ts'
import { Connection } from '../h2/connection.ts'
import { encodeHeaders } from '../h2/hpack.ts'
import type { Stream } from '../h2/stream.ts'
import type { Member } from '../member.ts'
import { authMethods } from './auth.ts'
import { clusterMethods } from './cluster.ts'
import { electionMethods } from './election.ts'
import { type Methods, ServerCall } from './grpc.ts'
import { createHttpServer } from './http.ts'
import { kvMethods } from './kv.ts'
import { leaseMethods } from './lease.ts'
import { lockMethods } from './lock.ts'
import { maintenanceMethods } from './maintenance.ts'
import { watchMethods } from './watch.ts'

export interface ServerTls {
  cert: string | Buffer
  key: string | Buffer
  /** Where given, clients must show a certificate that one of these signed. */
  clientCa?: string | Buffer
}

export interface ListenOptions {
  host: string
  port: number
  tls?: ServerTls
}

/** etcd's --max-request-bytes, and what gRPC adds for its envelope. */
const MAX_REQUEST_BYTES = 1.5 * 1024 * 1024 + 512 * 1024
const NOT_GRPC = encodeHeaders({ ':status': '415' })

/** The client face of one member: gRPC and HTTP/1.1 on the same port. */
export class ClientServer {
  readonly #member: Member
  readonly #log: Log
  readonly #methods: Methods
  readonly #http: HttpServer
  readonly #servers: Server[] = []
  readonly #connections = new Set<Connection>()
  readonly #sockets = new Set<Socket>()

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
  }

  /** The port that was taken. */
  async listen({ host, port, tls }: ListenOptions): Promise<number> {
    const server = tls ? this.#tlsServer(tls) : createServer(socket => this.#sniff(socket))
    server.on('connection', socket => this.#track(socket))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
    server.on('error', error => this.#log.error('the client listener failed', { error }))
    this.#servers.push(server)
    const address = server.address()
    return typeof address === 'object' && address ? address.port : port
  }

  async close(): Promise<void> {
    const closing = this.#servers.map(server => new Promise<void>(resolve => server.close(() => resolve())))
    for (const connection of this.#connections) connection.drain()
    for (const socket of this.#sockets) socket.destroySoon()
    await Promise.all(closing)
  }

  #track(socket: Socket): void {
    socket.setNoDelay(true)
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #tlsServer({ cert, key, clientCa }: ServerTls): Server {
    const server = createTlsServer({
      cert,
      key,
      ca: clientCa,
      requestCert: clientCa !== undefined,
      rejectUnauthorized: clientCa !== undefined,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    server.on('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol === 'h2') this.#serve(socket)
      else this.#http.emit('connection', socket)
    })
    server.on('tlsClientError', (error, socket) => {
      this.#log.warn('rejected connection', { from: socket.remoteAddress, error: error.message })
    })
    return server
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
    else if (stream.headers.hasleader === 'true' && !this.#member.leader) call.end(errors.noLeader)
    else handler(call)
  }
}

function unknownMethod(path: string): EtcdError {
  const [, service, method] = path.split('/')
  return new EtcdError(GrpcCode.unimplemented, `unknown method ${method} for service ${service}`)
}
