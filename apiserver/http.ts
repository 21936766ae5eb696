import * as http from 'node:http'
import * as https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { ApiError } from '../api/errors.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { ApiServer } from './app.ts'
import { type LaneOptions, Lanes } from './http/lane.ts'
import { type PeerAuthorities, peerOf } from './http/peer.ts'
import { HttpRequest } from './http/request.ts'
import { sendResponse } from './http/send.ts'
import { statusResponse } from './stages/answer.ts'
import { LARGEST_BODY } from './stages/decode.ts'

/**
 * The door's hinges: node's HTTPS server in front of `handle`. Ordinary requests are read and answered by http/lane.ts;
 * all others are node's, and where they have a body express reads it within limits. Upgrades go to `upgrade`.
 */
export interface HttpListenerOptions {
  server: ApiServer
  log: Log
  /** Absent: plain HTTP, for tests. */
  tls?: ListenerTls
  clock?: Clock
}

export interface ListenerTls extends PeerAuthorities {
  /** PEM */
  certificate: string
  key: string
}

export interface HttpListener {
  listen(port: number, host?: string): Promise<number>
  /** New connections see the new certificate; open ones live on. */
  setTls(tls: ListenerTls): void
  close(): Promise<void>
}

/** Whoever sends slowly holds a connection for this long and no longer. */
const LIMITS = {
  headersTimeout: 20_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 120_000,
  maxHeaderSize: 64 << 10,
  connectionsCheckingInterval: 5_000,
}

const STREAM = /\/(exec|attach|portforward|proxy)(\/|\?|$)/
const WATCH = /[?&]watch=(1|true)(&|$)/i

function mayUpgrade({ url = '', headers }: http.IncomingMessage): boolean {
  return STREAM.test(url) || (WATCH.test(url) && headers.upgrade?.toLowerCase() === 'websocket')
}

export function createHttpListener(options: HttpListenerOptions): HttpListener {
  const { server, log, clock = systemClock } = options
  let tls = options.tls
  const answerWithBody = bodyReader(server, toApiRequest)

  function toApiRequest(request: http.IncomingMessage, response?: http.ServerResponse): HttpRequest {
    const { method = 'GET', url = '/', socket } = request
    // Node joins repeated headers with commas; only set-cookie would be a list, and no request has it.
    const headers = request.headers as HttpRequest['headers']
    const asked = new HttpRequest({ method, url, headers }, peerOf(socket, tls), socket.remoteAddress)
    response?.once('close', () => asked.clientGone())
    return asked
  }

  const onRequest = (request: http.IncomingMessage, response: http.ServerResponse) => {
    response.on('error', error => log.debug('A connection broke while it was written to', { error }))
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      answerWithBody(request, response).catch(broken(log, response))
      return
    }
    const asked = toApiRequest(request, response)
    server
      .handle(asked)
      .then(answer => sendResponse(asked, answer, request, response))
      .catch(broken(log, response))
  }

  const onUpgrade = (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', error => log.debug('A connection broke while it changed its protocol', { error }))
    server.upgrade(toApiRequest(request), request, socket, head).catch(error => {
      log.error('An upgrade failed in a way nobody foresaw', { error })
      socket.destroy()
    })
  }

  const limits = {
    ...LIMITS,
    shouldUpgradeCallback: mayUpgrade,
  }
  const listener = tls
    ? https.createServer({ ...limits, ...secureOptions(tls) }, onRequest)
    : http.createServer(limits, onRequest)
  listener.on('upgrade', onUpgrade)
  listener.on('clientError', (error, socket) => refuseMalformed(error, socket as Socket))
  const lanes = openLanes(listener, { answer: server.handle, peerOf: socket => peerOf(socket, tls), log, clock })
  return {
    listen: (port, host) => listen(listener, port, host),
    setTls(next) {
      tls = next
      if (listener instanceof https.Server) listener.setSecureContext(secureOptions(next))
    },
    close: () => close(listener, lanes),
  }
}

/** Connections begin in a lane; node's own way of beginning them is where those go that do not stay there. */
function openLanes(
  listener: http.Server | https.Server,
  options: Pick<LaneOptions, 'answer' | 'peerOf' | 'log' | 'clock'>,
): Lanes {
  const event = listener instanceof https.Server ? 'secureConnection' : 'connection'
  const begin = listener.listeners(event)
  listener.removeAllListeners(event)
  const lanes = new Lanes({
    ...options,
    toNode: socket => begin.forEach(one => void one.call(listener, socket)),
    firstRequestMs: LIMITS.headersTimeout,
    wholeRequestMs: LIMITS.requestTimeout,
    idleMs: LIMITS.keepAliveTimeout,
  })
  listener.on(event, socket => lanes.open(socket))
  return lanes
}

/** Client certificates are asked for and checked by us, so that callers with tokens need none. */
function secureOptions({ certificate, key, clientCa, frontProxyCa }: ListenerTls): https.ServerOptions {
  const ca = [clientCa, ...(frontProxyCa ? [frontProxyCa] : [])]
  return { cert: certificate, key, ca, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' }
}

type Listener = (request: http.IncomingMessage, response: http.ServerResponse) => void

/** Express reads bodies that come in an unusual way: few servers meet one, and those load it then. */
function bodyReader(
  server: ApiServer,
  toRequest: (request: http.IncomingMessage, response: http.ServerResponse) => HttpRequest,
) {
  let reader: Promise<Listener> | undefined
  return async (...exchange: Parameters<Listener>): Promise<void> => {
    reader ??= loadReader(server, toRequest)
    const read = await reader
    read(...exchange)
  }
}

/** Whole, unpacked, and not beyond the limit. */
async function loadReader(server: ApiServer, toRequest: Parameters<typeof bodyReader>[1]): Promise<Listener> {
  const { default: express } = await import('express')
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  const answer: RequestHandler = async (request, response) => {
    const asked = toRequest(request, response)
    if (Buffer.isBuffer(request.body)) asked.body = request.body
    await sendResponse(asked, await server.handle(asked), request, response)
  }
  const refuse: ErrorRequestHandler = async (error: { status?: number; type?: string }, request, response, next) => {
    if (response.headersSent) return next(error)
    await sendResponse(toRequest(request, response), statusResponse(bodyProblem(error)), request, response)
  }
  app.use(express.raw({ type: () => true, limit: LARGEST_BODY }), answer, refuse)
  return app as unknown as Listener
}

function bodyProblem(error: { status?: number; type?: string }): ApiError {
  if (error.status === 413)
    return new ApiError('RequestEntityTooLarge', `Request entity too large: limit is ${LARGEST_BODY}`)
  if (error.status === 415)
    return new ApiError('UnsupportedMediaType', 'the body is packed in a way that this server cannot unpack')
  return new ApiError('BadRequest', 'the body could not be read')
}

function broken(log: Log, response: http.ServerResponse) {
  return (error: unknown) => {
    log.warn('An answer could not be sent to its end', { error })
    response.destroy()
  }
}

/** What is not HTTP, or is sent too slowly, gets a short answer if it can still hear one. */
function refuseMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function listen(listener: http.Server | https.Server, port: number, host?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(port, host, () => {
      listener.off('error', reject)
      resolve((listener.address() as AddressInfo).port)
    })
  })
}

function close(listener: http.Server | https.Server, lanes: Lanes): Promise<void> {
  return new Promise(resolve => {
    listener.close(() => resolve())
    lanes.close()
    listener.closeAllConnections()
  })
}
