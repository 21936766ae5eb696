import type { Socket } from 'node:net'
import type { ApiHandler } from '../../api/exchange.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { type Head, HeadReader } from './head.ts'
import { packed } from './pack.ts'
import type { Peer } from './peer.ts'
import { HttpRequest } from './request.ts'
import { writeStream, writeWhole } from './write.ts'

export interface LaneOptions {
  answer: ApiHandler
  /** Takes a connection over; what it has sent is still unread. */
  toNode(socket: Socket): void
  peerOf(socket: Socket): Peer
  clock: Clock
  log: Log
  firstRequestMs: number
  wholeRequestMs: number
  idleMs: number
}

const NOTHING = new Uint8Array()
const MOST_UNREAD = 128 << 10
const TOO_SLOW = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

/**
 * The short way for ordinary requests, which are nearly all there are: read from the connection and answered on it,
 * for a third of what node's HTTP server takes. A connection on which anything else comes is handed to that server, with
 * every byte of it, and stays there.
 */
export class Lanes {
  readonly #options: LaneOptions
  readonly #lanes = new Set<Lane>()

  constructor(options: LaneOptions) {
    this.#options = options
  }

  open(socket: Socket): void {
    const lane = new Lane(socket, this.#options, () => this.#lanes.delete(lane))
    this.#lanes.add(lane)
  }

  close(): void {
    for (const lane of this.#lanes) lane.destroy()
  }
}

class Lane {
  readonly #socket: Socket
  readonly #options: LaneOptions
  readonly #onLeave: () => void
  readonly #reader = new HeadReader()
  #peer: Peer | undefined
  #unread: Buffer | undefined
  /** Since when the rest of a request has been waited for. */
  #partialSince: number | undefined
  #current: HttpRequest | undefined
  #remoteAddress: string | undefined
  #patienceMs = 0

  constructor(socket: Socket, options: LaneOptions, onLeave: () => void) {
    this.#socket = socket
    this.#options = options
    this.#onLeave = onLeave
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onClose)
    socket.on('error', this.#onError)
    socket.on('timeout', this.#onTimeout)
    socket.setNoDelay(true)
    this.#waitFor(options.firstRequestMs)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#unread = this.#unread ? Buffer.concat([this.#unread, chunk]) : chunk
    if (!this.#current) this.#next()
    else if (this.#unread.length > MOST_UNREAD) this.#socket.pause()
  }

  /** As node's server does: who has said his last word is not waited for. */
  readonly #onEnd = (): void => void this.#socket.end()

  readonly #onClose = (): void => {
    this.#current?.clientGone()
    this.#onLeave()
  }

  readonly #onError = (error: Error): void => this.#options.log.debug('A connection broke', { error })

  readonly #onTimeout = (): void => {
    if (this.#current) return
    if (this.#unread) this.#refuseSlow()
    else this.#socket.end()
  }

  #next(): void {
    const bytes = this.#unread
    if (!bytes) return
    const head = this.#reader.read(bytes)
    if (!head) this.#leave(bytes)
    else if (bytes.length < head.length + head.bodyLength) this.#awaitRest()
    else this.#take(bytes, head)
  }

  #take(bytes: Buffer, head: Head): void {
    const end = head.length + head.bodyLength
    this.#unread = bytes.length > end ? bytes.subarray(end) : undefined
    this.#partialSince = undefined
    void this.#serve(head, bytes.subarray(head.length, end))
  }

  async #serve(head: Head, body: Buffer): Promise<void> {
    const socket = this.#socket
    this.#peer ??= this.#options.peerOf(socket)
    this.#remoteAddress ??= socket.remoteAddress
    const request = new HttpRequest(head, this.#peer, this.#remoteAddress)
    if (body.length > 0) request.body = body
    this.#current = request
    try {
      await this.#answer(request)
    } catch (error) {
      if (!request.signal.aborted) this.#options.log.warn('An answer could not be sent to its end', { error })
      socket.destroy()
    }
    this.#current = undefined
    this.#proceed()
  }

  async #answer(request: HttpRequest): Promise<void> {
    const socket = this.#socket
    const answer = await this.#options.answer(request)
    const { body = NOTHING } = answer
    const date = dateLine(this.#options.clock.now())
    if (!(body instanceof Uint8Array)) return writeStream(socket, answer, body, date, request.signal)
    const whole = packed(answer, body, request.headers['accept-encoding'])
    const { answer: told, body: bytes } = whole instanceof Promise ? await whole : whole
    const writing = socket.writable ? writeWhole(socket, told, bytes, date) : undefined
    if (writing) await writing
  }

  #proceed(): void {
    const socket = this.#socket
    if (!socket.writable) return
    this.#waitFor(this.#options.idleMs)
    if (socket.isPaused()) socket.resume()
    this.#next()
  }

  #awaitRest(): void {
    const now = this.#options.clock.monotonic()
    this.#partialSince ??= now
    if (now - this.#partialSince > this.#options.wholeRequestMs) this.#refuseSlow()
    else this.#waitFor(this.#options.wholeRequestMs)
  }

  /** The connection's timer starts anew with all that comes and goes: it is set only where another time holds. */
  #waitFor(ms: number): void {
    if (ms === this.#patienceMs) return
    this.#patienceMs = ms
    this.#socket.setTimeout(ms)
  }

  #refuseSlow(): void {
    this.#socket.end(TOO_SLOW)
  }

  #leave(bytes: Buffer): void {
    const socket = this.#socket
    socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
    socket.off('error', this.#onError).off('timeout', this.#onTimeout)
    socket.setTimeout(0)
    this.#onLeave()
    socket.unshift(bytes)
    this.#options.toNode(socket)
  }
}

let date = { second: 0, line: '' }

/** The same for a second. */
function dateLine(now: number): string {
  const second = Math.floor(now / 1000)
  if (date.second !== second) date = { second, line: `date: ${new Date(now).toUTCString()}\r\n` }
  return date.line
}
