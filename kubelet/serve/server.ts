import type { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ApiError } from '../../api/errors.ts'
import type { Log } from '../../platform/log.ts'
import { type Access, checkAccess } from './access.ts'
import { answerPlain } from './answers.ts'
import { messageOf } from './console.ts'
import type { Admitted, KubeletServerOptions } from './options.ts'
import { parseRoute } from './routes.ts'
import { upgradeStream } from './upgrade.ts'
import { CpuRates } from './usage.ts'

/**
 * kubelet/serve/ is the agent's own server, which the API server calls: logs, exec, attach, port-forward, metrics. The
 * paths, queries and words are the kubelet's. Start here, then upgrade.ts (streams) and answers.ts (everything else);
 * backend.ts is what the agent must provide. spdy/ speaks SPDY/3.1, logs/ reads Docker's log files, netns.ts reaches
 * into a pod's network. It imports api, platform and kubelet/runtime.ts.
 */
export interface KubeletServer {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
  /** Ends the streams under way, which node's own server has let go of. */
  close(): void
}

/** The server without a port: hand it what a node:https server gets. */
export function createKubeletServer(options: KubeletServerOptions): KubeletServer {
  const { access, log } = options
  const upgraded = new Set<Duplex>()
  const answering = { ...options, rates: new CpuRates() }
  return {
    async handle(request, response) {
      try {
        await answerPlain(await admit(request, access), request, response, answering)
      } catch (error) {
        report(error, request, log)
        if (response.headersSent) response.destroy()
        else response.writeHead(codeOf(error), { 'Content-Type': 'text/plain; charset=utf-8' }).end(messageOf(error))
      }
    },
    async upgrade(request, socket, head) {
      upgraded.add(socket)
      socket.once('close', () => upgraded.delete(socket))
      socket.on('error', error => log.debug('a streaming connection broke', { error }))
      try {
        await upgradeStream(await admit(request, access), request, socket, head, options)
      } catch (error) {
        report(error, request, log)
        refuseUpgrade(socket, codeOf(error), messageOf(error))
      }
    },
    close() {
      for (const socket of upgraded) socket.destroy()
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

const LEAVE_WITHIN_MS = 5_000

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
  // What the client still sends is read, so that it does not turn our answer into a reset; one that stays is cut.
  socket.resume()
  if (socket instanceof Socket) socket.setTimeout(LEAVE_WITHIN_MS, () => socket.destroy())
}

const STATUS_TEXTS: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
}
