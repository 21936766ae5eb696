import { once } from 'node:events'
import type { WebSocket } from 'ws'
import { badRequest } from '../../api/errors.ts'
import type { Call } from '../call.ts'
import type { Parts } from '../parts.ts'
import { serveResource } from '../registry.ts'
import { answer } from '../stages/answer.ts'
import type { UpgradeRequest } from '../stream/splice.ts'

/** A watch over WebSocket, as browsers like it: each event is a message. Gives the code that the client got. */
export async function serveWatchSocket(parts: Parts, call: Call, client: UpgradeRequest): Promise<number> {
  if (call.request.headers.upgrade?.toLowerCase() !== 'websocket') throw badRequest('watches are upgraded to websocket')
  const gone = new AbortController()
  client.socket.once('close', () => gone.abort())
  const { method, path, query, headers } = call.request
  const watching = { ...call, request: { method, path, query, headers, signal: gone.signal } }
  const { body } = answer(parts, watching, await serveResource(parts, watching))
  if (!body || body instanceof Uint8Array) throw badRequest('this is nothing that can be watched')
  const socket = await accept(client)
  if (!socket) return 400
  socket.on('error', error => parts.log.debug('the client of a watch broke off', { error }))
  client.onJoined?.()
  for await (const line of linesOf(body)) await send(socket, line)
  socket.close(1000)
  return 101
}

/** undefined when the client's wish for a WebSocket was malformed, which it has been told. */
async function accept({ request, socket, head }: UpgradeRequest): Promise<WebSocket | undefined> {
  // Most servers never see one: the library is loaded when the first one comes.
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({ noServer: true, handleProtocols: choose })
  const accepted = new Promise<WebSocket>(resolve => server.handleUpgrade(request, socket, head, resolve))
  return Promise.race([accepted, once(socket, 'close').then(() => undefined)])
}

/** Whatever the client speaks, but for the one that only carries its token. */
function choose(offered: Set<string>): string | false {
  return [...offered].find(protocol => !protocol.startsWith('base64url.bearer.authorization.k8s.io.')) ?? false
}

/** Chunks hold many lines, or parts of one. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()!
    yield* lines
  }
}

/** Waits until the client has taken it: whoever reads slowly is behind in his own queue only. */
function send(socket: WebSocket, line: string): Promise<void> {
  return new Promise(resolve => socket.send(line, () => resolve()))
}
