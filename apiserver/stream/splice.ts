import * as http from 'node:http'
import * as https from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ApiError } from '../../api/errors.ts'
import { pairs, upgradeHeaders } from './headers.ts'
import { connectionOptions, DIAL_WITHIN_MS, dialError, type StreamTarget, type Surroundings } from './target.ts'

/**
 * apiserver/stream/ takes what has been authenticated and authorized to where it is served: exec, attach, port-forward
 * and logs to the agent, the proxies to nodes, pods and services. Start here (connections that change their protocol),
 * then forward.ts (plain requests) and locate.ts (which agent, which path). It imports api and platform.
 */
export interface UpgradeRequest {
  request: http.IncomingMessage
  socket: Duplex
  head: Buffer
  /** Called when both sides have agreed on the new protocol. */
  onJoined?(): void
}

const LEAVE_WITHIN_MS = 5_000

/**
 * Sends an upgrade request on, its headers untouched but for those about the client's identity, and joins the two
 * sockets once the other side has agreed. Until then not a byte of the client's is passed on, and never after a
 * refusal: otherwise whoever fails an upgrade would hold a connection that speaks in the API server's name. Returns
 * when the connection is over, with the code that the client got; whatever goes wrong has been answered with a Status.
 */
export async function spliceUpgrade(
  client: UpgradeRequest,
  target: StreamTarget,
  around: Surroundings,
): Promise<number> {
  const { log } = around
  client.socket.on('error', error => log.debug('the client of a stream broke off', { error }))
  let answer: Answer
  try {
    answer = await ask(client, target, around)
  } catch (error) {
    log.warn('a stream could not be opened', { host: target.host, port: target.port, error })
    return refused(client.socket, dialError(error, target))
  }
  if (!answer.socket && answer.response.statusCode === 101) {
    answer.response.destroy()
    return refused(client.socket, dialError(new Error('the answer 101 names no new protocol'), target))
  }
  if (!answer.socket) {
    await relayRefusal(client.socket, answer.response)
    return answer.response.statusCode ?? 0
  }
  client.socket.write(head101(answer.response))
  if (answer.head.length > 0) client.socket.write(answer.head)
  if (client.head.length > 0) answer.socket.write(client.head)
  client.onJoined?.()
  await joinSockets(client.socket, answer.socket)
  return 101
}

function refused(socket: Duplex, error: ApiError): number {
  refuseUpgrade(socket, error)
  return error.code
}

interface Answer {
  response: http.IncomingMessage
  /** Absent when the upgrade was refused. */
  socket?: Duplex
  head: Buffer
}

function ask({ request }: UpgradeRequest, target: StreamTarget, { clock }: Surroundings): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = (target.tls ? https : http).request({
      ...connectionOptions(target),
      method: request.method,
      headers: ['Host', target.tls?.serverName ?? target.host, ...upgradeHeaders(request.rawHeaders)],
    })
    const timer = clock.after(DIAL_WITHIN_MS, () => outgoing.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })))
    const settle = (answer: Answer) => {
      timer.cancel()
      resolve(answer)
    }
    outgoing.on('upgrade', (response, upgraded, head) => settle({ response, socket: upgraded, head }))
    outgoing.on('response', response => settle({ response, head: Buffer.alloc(0) }))
    outgoing.on('error', error => {
      timer.cancel()
      reject(error)
    })
    outgoing.end()
  })
}

function head101(response: http.IncomingMessage): string {
  const lines = pairs(response.rawHeaders).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`
}

/** Both directions until both have ended. Nothing is cut for being idle: TCP itself finds a peer that has vanished. */
function joinSockets(one: Duplex, other: Duplex): Promise<void> {
  for (const socket of [one, other]) {
    if (socket.destroyed) (socket === one ? other : one).destroy()
    if (!(socket instanceof Socket)) continue
    socket.setTimeout(0)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 30_000)
  }
  one.pipe(other)
  other.pipe(one)
  const closed = [one, other].map((socket, index) => {
    const partner = index === 0 ? other : one
    socket.on('error', () => partner.destroy())
    return new Promise<void>(resolve => {
      if (socket.closed) return resolve()
      socket.once('close', () => {
        // After a clean end the pipe has said goodbye already, and what is under way still arrives. But nobody reads
        // the partner any more, so that its own end would go unseen.
        if (socket.readableEnded) awaitLeaving(partner)
        else partner.destroy()
        resolve()
      })
    })
  })
  return Promise.all(closed).then(() => undefined)
}

/** Says no in the target's own words, then closes: this connection is good for nothing else. */
function relayRefusal(socket: Duplex, response: http.IncomingMessage): void {
  const { statusCode = 502, statusMessage = '', headers } = response
  const type = headers['content-type'] ?? 'text/plain; charset=utf-8'
  socket.write(
    `HTTP/1.1 ${statusCode} ${statusMessage}\r\nContent-Type: ${type}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`,
  )
  response.on('data', (chunk: Buffer) => {
    socket.write(`${chunk.length.toString(16)}\r\n`)
    socket.write(chunk)
    if (!socket.write('\r\n')) response.pause()
  })
  socket.on('drain', () => response.resume())
  response.on('end', () => socket.end('0\r\n\r\n'))
  response.on('error', () => socket.destroy())
  socket.on('close', () => response.destroy())
  awaitLeaving(socket)
}

/** The answer to an upgrade request that goes no further. */
export function refuseUpgrade(socket: Duplex, error: ApiError): void {
  if (socket.destroyed || socket.writableEnded) return
  const body = Buffer.from(`${JSON.stringify(error.toStatus())}\n`)
  const lines = [
    `HTTP/1.1 ${error.code} ${http.STATUS_CODES[error.code] ?? 'Error'}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]))
  awaitLeaving(socket)
}

/** A client may still be sending: unread, that would turn our answer into a reset. One that does not leave is cut. */
function awaitLeaving(socket: Duplex): void {
  socket.resume()
  if (socket instanceof Socket) socket.setTimeout(LEAVE_WITHIN_MS, () => socket.destroy())
}
