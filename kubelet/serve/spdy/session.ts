import type { Duplex } from 'node:stream'
import {
  dataHead,
  FrameReader,
  goAwayFrame,
  openFrame,
  pingFrame,
  replyFrame,
  resetFrame,
  type SpdyFrame,
} from './frames.ts'
import { HeaderPacker, HeaderUnpacker, type SpdyHeaders } from './headers.ts'
import { SpdyStream } from './stream.ts'

const NOTHING = Buffer.alloc(0)
const SMALL = 4096

export interface SpdySessionOptions {
  role: 'server' | 'client'
  /** A stream the other side opened: call `accept` or `refuse` on it. */
  onStream: (stream: SpdyStream) => void
  /** Once, when the connection has ended; `error` when it broke or spoke no SPDY. */
  onEnd?: (error?: Error) => void
}

/**
 * One SPDY/3.1 connection: any number of streams over one byte stream, which may itself be tunnelled.
 *
 * kubectl neither sends nor heeds WINDOW_UPDATE, so there are no windows here: the connection's own back-pressure is the
 * only brake. Outbound, every stream has one chunk under way and all of them wait for the same drain, so that none
 * starves. Inbound, a stream whose reader is behind fills its own buffer first and only then holds up the connection.
 */
export class SpdySession {
  readonly #transport: Duplex
  readonly #options: SpdySessionOptions
  readonly #reader = new FrameReader()
  readonly #packer = new HeaderPacker()
  readonly #unpacker = new HeaderUnpacker()
  readonly #streams = new Map<number, SpdyStream>()
  readonly #full = new Set<SpdyStream>()
  #waiting: (() => void)[] = []
  #nextId: number
  #lastRemoteId = 0
  #ended = false

  constructor(transport: Duplex, options: SpdySessionOptions) {
    this.#transport = transport
    this.#options = options
    this.#nextId = options.role === 'client' ? 1 : 2
    transport.on('data', (chunk: Buffer) => this.#receive(chunk))
    transport.on('drain', () => this.#drained())
    transport.on('end', () => this.#finish())
    transport.on('close', () => this.#finish())
    transport.on('error', error => this.#finish(error))
  }

  get ended(): boolean {
    return this.#ended
  }

  open(headers: SpdyHeaders): SpdyStream {
    const id = this.#nextId
    this.#nextId += 2
    const stream = this.#adopt(id, headers)
    this.#transport.write(openFrame(id, this.#packer.pack(headers)))
    return stream
  }

  /** Says goodbye and ends the connection once everything before has gone out. */
  close(): void {
    if (this.#ended) return
    this.#transport.write(goAwayFrame(this.#lastRemoteId))
    this.#finish()
  }

  #receive(chunk: Buffer): void {
    if (this.#ended) return
    try {
      for (const frame of this.#reader.read(chunk)) this.#handle(frame)
    } catch (error) {
      this.#finish(error as Error)
      this.#transport.destroy()
    }
  }

  #handle(frame: SpdyFrame): void {
    switch (frame.type) {
      case 'data':
        this.#streams.get(frame.id)?.receive(frame.payload, frame.fin)
        break
      case 'open':
        this.#opened(frame.id, this.#unpacker.unpack(frame.block), frame.fin)
        break
      case 'reply':
      case 'headers':
        this.#unpacker.unpack(frame.block)
        if (frame.fin) this.#streams.get(frame.id)?.receive(Buffer.alloc(0), true)
        break
      case 'reset':
        this.#streams.get(frame.id)?.receiveReset()
        break
      case 'ping':
        // Ours would have the parity of our own streams; everything else is the other side's, and wants its echo.
        if (frame.id % 2 !== this.#nextId % 2) this.#transport.write(pingFrame(frame.id))
        break
    }
  }

  #opened(id: number, headers: SpdyHeaders, fin: boolean): void {
    if (id % 2 === this.#nextId % 2 || id <= this.#lastRemoteId) throw new Error(`SPDY stream id ${id} out of order`)
    this.#lastRemoteId = id
    const stream = this.#adopt(id, headers)
    if (fin) stream.receive(Buffer.alloc(0), true)
    this.#options.onStream(stream)
  }

  #adopt(id: number, headers: SpdyHeaders): SpdyStream {
    const stream = new SpdyStream(id, headers, {
      accept: () => this.#send(replyFrame(id, this.#packer.pack({}))),
      write: (payload, done) => this.#send(dataHead(id, payload.length, false), payload, done),
      finish: done => this.#send(dataHead(id, 0, true), undefined, done),
      reset: status => this.#send(resetFrame(id, status)),
      full: () => this.#hold(stream),
      ready: () => this.#release(stream),
      gone: () => {
        this.#release(stream)
        this.#streams.delete(id)
      },
    })
    this.#streams.set(id, stream)
    return stream
  }

  #send(head: Buffer, payload?: Buffer, done?: () => void): void {
    if (this.#ended || this.#transport.destroyed) {
      done?.()
      return
    }
    const free = this.#write(head, payload)
    if (!done) return
    if (free) done()
    else this.#waiting.push(done)
  }

  /** Small frames leave in one piece. Copying a large one costs more than a second write, most of all under TLS. */
  #write(head: Buffer, payload: Buffer = NOTHING): boolean {
    if (payload.length < SMALL) return this.#transport.write(Buffer.concat([head, payload]))
    this.#transport.write(head)
    return this.#transport.write(payload)
  }

  #drained(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const done of waiting) done()
  }

  #hold(stream: SpdyStream): void {
    this.#full.add(stream)
    this.#transport.pause()
  }

  #release(stream: SpdyStream): void {
    if (this.#full.delete(stream) && this.#full.size === 0 && !this.#ended) this.#transport.resume()
  }

  #finish(error?: Error): void {
    if (this.#ended) return
    this.#ended = true
    for (const stream of [...this.#streams.values()]) stream.destroy()
    this.#streams.clear()
    this.#drained()
    // Streams do not outlive either direction, so there is nothing left to say; what still comes is read and dropped.
    this.#transport.end()
    this.#transport.resume()
    this.#options.onEnd?.(error)
  }
}
