import type { IncomingMessage, ServerResponse } from 'node:http'
import * as https from 'node:https'
import type { Duplex } from 'node:stream'
import { ApiError } from '../../api/errors.ts'
import type { Log } from '../../platform/log.ts'
import { type Access, checkAccess } from './access.ts'
import { answerPlain } from './answers.ts'
import { messageOf } from './console.ts'
import type { Admitted, KubeletServerOptions } from './options.ts'
import { parseRoute } from './routes.ts'
import { upgradeStream } from './upgrade.ts'

/**
 * kubelet/serve/ is the agent's own server, which the API server calls: logs, exec, attach, port-forward, metrics. The
 * paths, queries and words are the kubelet's. Start here, then upgrade.ts (streams) and answers.ts (everything else);
 * backend.ts is what the agent must provide. spdy/ speaks SPDY/3.1, logs/ reads Docker's log files, netns.ts reaches
 * into a pod's network. It imports api, platform and kubelet/runtime.ts.
 */
export interface KubeletServer {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
}

/** The server without a port: hand it what a node:https server gets. */
export function createKubeletServer(options: KubeletServerOptions): KubeletServer {
  const { access, log } = options
  return {
    async handle(request, response) {
      try {
        await answerPlain(await admit(request, access), request, response, options)
      } catch (error) {
        report(error, request, log)
        if (response.headersSent) response.destroy()
        else response.writeHead(codeOf(error), { 'Content-Type': 'text/plain; charset=utf-8' }).end(messageOf(error))
      }
    },
    async upgrade(request, socket, head) {
      socket.on('error', error => log.debug('a streaming connection broke', { error }))
      try {
        await upgradeStream(await admit(request, access), request, socket, head, options)
      } catch (error) {
        report(error, request, log)
        refuseUpgrade(socket, codeOf(error), messageOf(error))
      }
    },
  }
}

async function admit(request: IncomingMessage, access: Access): Promise<Admitted> {
  const [path = '/', ...query] = (request.url ?? '/').split('?')
  await checkAccess(request, path, access)
  const route = parseRoute(path)
  if (!route) throw new ApiError('NotFound', '404 page not found')
  return { route, query: new URLSearchParams(query.join('?')) }
}

function codeOf(error: unknown): number {
  return error instanceof ApiError ? error.code : 500
}

function report(error: unknown, request: IncomingMessage, log: Log): void {
  const fields = { method: request.method, path: request.url?.split('?')[0], error: messageOf(error) }
  if (codeOf(error) >= 500) log.warn('a request failed', fields)
  else log.debug('a request was refused', fields)
}

/** Plain text, as the kubelet answers: kubectl prints it behind "unable to upgrade connection". */
function refuseUpgrade(socket: Duplex, code: number, message: string): void {
  if (socket.destroyed || socket.writableEnded) return
  const body = Buffer.from(message)
  const head = [
    `HTTP/1.1 ${code} ${STATUS_TEXTS[code] ?? 'Error'}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  socket.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]))
  socket.resume()
}

const STATUS_TEXTS: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
}

export interface ListenOptions extends KubeletServerOptions {
  address: string
  /** 10250 on a node; 0 takes a free one. */
  port: number
  /** Asked for each connection, so that a renewed certificate is served at once. */
  certificate: () => { cert: string; key: string }
  /** Signs the client certificates that count. */
  clientCa: string
}

export interface Listening {
  port: number
  close(): Promise<void>
}

export async function listenKubeletServer(options: ListenOptions): Promise<Listening> {
  const handlers = createKubeletServer(options)
  const server = https.createServer({
    ...options.certificate(),
    ca: options.clientCa,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    noDelay: true,
  })
  server.on('request', (request, response) => void handlers.handle(request, response))
  const upgraded = new Set<Duplex>()
  server.on('upgrade', (request, socket, head) => {
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
    void handlers.upgrade(request, socket, head)
  })
  server.on('tlsClientError', error => options.log.debug('a TLS handshake failed', { error }))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.address, resolve)
  })
  return {
    port: (server.address() as { port: number }).port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
        for (const socket of upgraded) socket.destroy()
      }),
  }
}
