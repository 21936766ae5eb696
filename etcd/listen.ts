import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import type { Clock, Timer } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { TlsSource } from './tls.ts'

export interface ListenOptions {
  host: string
  port: number
  tls?: TlsSource
  protocols: string[]
  clock: Clock
  log: Log
  /** A connection that is ready to be talked on. */
  accept(socket: Socket | TLSSocket): void
}

const CERTIFICATE_CHECK_MS = 60_000

/** A listening socket, with TLS or without, and all connections that came through it. */
export class Listener {
  readonly #options: ListenOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #timer: Timer | undefined

  private constructor(options: ListenOptions) {
    this.#options = options
    this.#server = options.tls ? this.#tlsServer(options.tls) : createServer(socket => options.accept(socket))
    this.#server.on('connection', socket => this.#track(socket))
  }

  static async open(options: ListenOptions): Promise<Listener> {
    const listener = new Listener(options)
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', reject)
      listener.#server.listen(options.port, options.host, resolve)
    })
    listener.#server.on('error', error => options.log.error('a listener failed', { error }))
    return listener
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : this.#options.port
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroySoon()
    await closed
  }

  #track(socket: Socket): void {
    socket.setNoDelay(true)
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #tlsServer(tls: TlsSource): Server {
    const { accept, log, protocols } = this.#options
    const server = createTlsServer({
      ...tls.current(),
      requestCert: tls.clientCertAuth,
      rejectUnauthorized: tls.clientCertAuth,
      minVersion: 'TLSv1.2',
      ALPNProtocols: protocols,
    })
    server.on('secureConnection', accept)
    server.on('tlsClientError', (error, socket) => {
      log.warn('rejected connection', { from: socket.remoteAddress, error: error.message })
    })
    this.#watchCertificates(server, tls)
    return server
  }

  #watchCertificates(server: ReturnType<typeof createTlsServer>, tls: TlsSource): void {
    const { clock, log } = this.#options
    this.#timer = clock.after(CERTIFICATE_CHECK_MS, () => {
      this.#watchCertificates(server, tls)
      try {
        const renewed = tls.refresh()
        if (renewed) server.setSecureContext(renewed)
        if (renewed) log.info('took up renewed certificates', { file: tls.files.certFile })
      } catch (error) {
        log.warn('cannot read the certificates; the old ones stay in use', { error })
      }
    })
  }
}

export interface Endpoint {
  host: string
  port: number
  secure: boolean
}

/** The address in a URL of etcd's flags. */
export function endpointOf(url: string): Endpoint {
  const { protocol, hostname, port } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:') throw new Error(`${url} must begin with http:// or https://`)
  // URL leaves out a port that is the protocol's own.
  const ownPort = protocol === 'https:' ? 443 : 80
  if (port === '' && !new RegExp(`:${ownPort}/?$`).test(url)) throw new Error(`${url} names no port`)
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || ownPort), secure: protocol === 'https:' }
}
