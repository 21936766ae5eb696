import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Clock, Timer } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { EtcdError, errors, type GrpcCode } from '../errors.ts'
import { endpointOf } from '../listen.ts'
import type { TlsSource } from '../tls.ts'
import { decodeCall, encodeCall, encodeFrame, FrameReader, type Hello, Kind, type PeerFrame } from './framing.ts'

export interface LinkOptions {
  /** Tried in turn. */
  urls: readonly string[]
  hello: () => Hello
  tls: TlsSource | undefined
  clock: Clock
  log: Log
  unreachable(): void
}

const RETRY_MS = 100
const MAX_RETRY_MS = 2000
const CONNECT_MS = 3000
const GOODBYE_MS = 3000
/** A peer that takes nothing for so long is better told later, by a snapshot if need be. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

interface WaitingCall {
  resolve(content: Buffer): void
  reject(error: Error): void
  timer: Timer
}

/** The way to one other member. What cannot be sent is dropped: Raft sends again. */
export class PeerLink {
  #options: LinkOptions
  #socket: Socket | undefined
  #ready = false
  #timer: Timer | undefined
  #attempts = 0
  #closed = false
  #nextCall = 1
  readonly #calls = new Map<number, WaitingCall>()
  #whenReady: (() => void)[] = []

  constructor(options: LinkOptions) {
    this.#options = options
    this.#connect()
  }

  /** Takes up new addresses; a connection that works is kept. */
  moveTo(urls: readonly string[]): void {
    if (urls.join() === this.#options.urls.join()) return
    this.#options = { ...this.#options, urls }
    this.#attempts = 0
    this.#socket?.destroy()
  }

  send(message: Uint8Array): boolean {
    if (!this.#ready || this.#socket!.writableLength > MAX_WAITING_BYTES) return false
    this.#socket!.write(encodeFrame(Kind.raft, message))
    return true
  }

  get ready(): boolean {
    return this.#ready
  }

  /** Asks the other member; rejects with its EtcdError, or with a time-out. */
  async call(method: string, content: Uint8Array, timeoutMs: number): Promise<Buffer> {
    if (!this.#ready) await this.#untilReady(timeoutMs)
    const number = this.#nextCall++
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.after(timeoutMs, () => this.#settle(number)?.reject(errors.timeout))
      this.#calls.set(number, { resolve, reject, timer })
      this.#socket!.write(encodeCall(Kind.call, number, method, content))
    })
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#socket?.destroy()
    this.#rejectCalls()
  }

  /** Closes once the other has what was sent: the last of it may be that it is a member no more. */
  sayGoodbye(): void {
    const socket = this.#socket
    if (!this.#ready || !socket) {
      this.close()
      return
    }
    this.#closed = true
    this.#rejectCalls()
    const patience = this.#options.clock.after(GOODBYE_MS, () => socket.destroy())
    socket.once('close', () => patience.cancel())
    socket.end()
  }

  /** Anything that goes wrong before there is a connection is worth another try: files and addresses come and go. */
  #connect(): void {
    const { urls, log } = this.#options
    const url = urls[this.#attempts++ % urls.length]
    if (url === undefined) return
    try {
      this.#watch(url, this.#dial(url))
    } catch (error) {
      log.warn('cannot connect to a peer', { url, error })
      this.#lost()
    }
  }

  #dial(url: string): { socket: Socket; connected: string } {
    const { host, port, secure } = endpointOf(url)
    if (!secure) return { socket: connect({ host, port }), connected: 'connect' }
    const { tls } = this.#options
    if (!tls) throw new Error(`${url} needs --peer-cert-file and --peer-key-file`)
    return { socket: connectTls({ host, port, ...tls.current() }), connected: 'secureConnect' }
  }

  #watch(url: string, { socket, connected }: { socket: Socket; connected: string }): void {
    const { clock } = this.#options
    this.#socket = socket
    const giveUp = clock.after(CONNECT_MS, () => socket.destroy())
    const reader = new FrameReader()
    socket.setNoDelay(true)
    socket.on(connected, () => {
      giveUp.cancel()
      this.#connected(socket)
    })
    socket.on('data', chunk => this.#receive(reader, chunk))
    socket.on('error', error => this.#options.log.debug('a peer cannot be reached', { url, error: error.message }))
    socket.on('close', () => {
      giveUp.cancel()
      this.#lost()
    })
  }

  #connected(socket: Socket): void {
    this.#ready = true
    this.#attempts = 0
    socket.write(encodeFrame(Kind.hello, Buffer.from(JSON.stringify(this.#options.hello()))))
    for (const wake of this.#whenReady.splice(0)) wake()
  }

  #lost(): void {
    const wasReady = this.#ready
    this.#ready = false
    this.#rejectCalls()
    if (this.#closed) return
    if (wasReady) this.#options.unreachable()
    const delay = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** Math.min(this.#attempts, 10))
    this.#timer = this.#options.clock.after(delay, () => this.#connect())
  }

  #receive(reader: FrameReader, chunk: Buffer): void {
    try {
      reader.push(chunk, frame => this.#take(frame))
    } catch (error) {
      this.#socket?.destroy(error as Error)
    }
  }

  #take({ kind, content }: PeerFrame): void {
    if (kind !== Kind.reply) return
    const reply = decodeCall(content)
    const call = this.#settle(reply.number)
    if (reply.word === '') call?.resolve(reply.content)
    else call?.reject(decodeError(reply.word))
  }

  #settle(number: number): WaitingCall | undefined {
    const call = this.#calls.get(number)
    this.#calls.delete(number)
    call?.timer.cancel()
    return call
  }

  #rejectCalls(): void {
    for (const number of [...this.#calls.keys()]) this.#settle(number)?.reject(errors.timeoutConnectionLost)
  }

  #untilReady(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.after(timeoutMs, () => reject(errors.timeoutConnectionLost))
      this.#whenReady.push(() => {
        timer.cancel()
        resolve()
      })
    })
  }
}

export function encodeError(error: EtcdError): string {
  return `${error.code} ${error.message}`
}

function decodeError(text: string): EtcdError {
  const space = text.indexOf(' ')
  return new EtcdError(Number(text.slice(0, space)) as GrpcCode, text.slice(space + 1))
}
