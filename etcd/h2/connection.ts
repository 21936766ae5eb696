import type { Duplex } from 'node:stream'
import {
  contentOf,
  ErrorCode,
  Flag,
  type Frame,
  FrameParser,
  FrameType,
  PREFACE,
  ProtocolError,
  Setting,
  settingsPayload,
} from './frames.ts'
import { HeaderDecoder, type Headers } from './hpack.ts'
import { Outbox } from './outbox.ts'
import { Stream, type StreamListener, type StreamOwner } from './stream.ts'

const DEFAULT_WINDOW = 65535
const STREAM_WINDOW = 1024 * 1024
const CONNECTION_WINDOW = 16 * 1024 * 1024
const MAX_STREAMS = 10_000
const MAX_HEADER_BLOCK = 64 * 1024
const LARGEST_WINDOW = 2 ** 31 - 1
const EMPTY = Buffer.alloc(0)

export interface ConnectionEvents {
  /** Server: a request has begun. Sets the stream's listener. */
  request?(stream: Stream): void
  /** The connection is over; every stream has been told. */
  closed(error: Error | undefined): void
}

/** One HTTP/2 connection, seen from either side. */
export class Connection implements StreamOwner {
  readonly outbox: Outbox
  sendWindow = DEFAULT_WINDOW
  readonly #socket: Duplex
  readonly #server: boolean
  readonly #events: ConnectionEvents
  readonly #parser = new FrameParser()
  readonly #decoder = new HeaderDecoder()
  readonly #streams = new Map<number, Stream>()
  #prefaceLeft: number
  #peerStreamWindow = DEFAULT_WINDOW
  #received = 0
  #nextStream = 1
  #lastRequest = 0
  #goingAway = false
  #closed = false
  /** A header block that goes on in CONTINUATION frames. */
  #block: { stream: number; end: boolean; parts: Buffer[]; size: number } | undefined

  constructor(socket: Duplex, server: boolean, events: ConnectionEvents) {
    this.#socket = socket
    this.#server = server
    this.#events = events
    this.outbox = new Outbox(socket)
    this.#prefaceLeft = server ? PREFACE.length : 0
    if (!server) socket.write(PREFACE)
    const settings: [number, number][] = [
      [Setting.initialWindowSize, STREAM_WINDOW],
      server ? [Setting.maxConcurrentStreams, MAX_STREAMS] : [Setting.enablePush, 0],
    ]
    this.outbox.frame(FrameType.settings, 0, 0, settingsPayload(settings))
    this.#makeRoom(0, CONNECTION_WINDOW - DEFAULT_WINDOW)
    socket.on('data', chunk => this.#receive(chunk))
    socket.on('error', error => this.#close(error))
    socket.on('close', () => this.#close(undefined))
    socket.on('end', () => socket.end())
  }

  get streamCount(): number {
    return this.#streams.size
  }

  get closed(): boolean {
    return this.#closed || this.#goingAway
  }

  /** Client: begins a request. */
  request(block: Uint8Array, listener: StreamListener): Stream {
    const stream = new Stream(this, this.#nextStream, {}, this.#peerStreamWindow)
    this.#nextStream += 2
    stream.listener = listener
    this.#streams.set(stream.id, stream)
    stream.sendHeaders(block, false)
    return stream
  }

  sendReset(stream: number, code: number): void {
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(code)
    this.outbox.frame(FrameType.reset, 0, stream, payload)
  }

  forget(stream: Stream): void {
    this.#streams.delete(stream.id)
    if (this.#goingAway && this.#streams.size === 0) this.#end()
  }

  /** Takes no new requests, and ends when those under way are done. */
  drain(): void {
    if (this.#closed) return
    this.#goAway(ErrorCode.none)
    if (this.#streams.size === 0) this.#end()
  }

  destroy(error?: Error): void {
    this.outbox.flush()
    this.#socket.destroy()
    this.#close(error)
  }

  // ---- what comes in

  #receive(chunk: Buffer): void {
    try {
      const frames = this.#prefaceLeft > 0 ? this.#takePreface(chunk) : chunk
      if (frames.length > 0) this.#parser.push(frames, frame => this.#take(frame))
    } catch (error) {
      this.#goAway(error instanceof ProtocolError ? error.code : ErrorCode.internal)
      this.destroy(error as Error)
    }
  }

  #takePreface(chunk: Buffer): Buffer {
    const part = chunk.subarray(0, this.#prefaceLeft)
    const at = PREFACE.length - this.#prefaceLeft
    if (!part.equals(PREFACE.subarray(at, at + part.length))) throw new ProtocolError('protocol', 'this is not HTTP/2')
    this.#prefaceLeft -= part.length
    return chunk.subarray(part.length)
  }

  #take(frame: Frame): void {
    if (this.#closed) return
    if (this.#block && (frame.type !== FrameType.continuation || frame.stream !== this.#block.stream)) {
      throw new ProtocolError('protocol', 'a header block is interrupted')
    }
    switch (frame.type) {
      case FrameType.data:
        this.#takeData(frame)
        break
      case FrameType.headers:
        this.#takeHeaders(frame)
        break
      case FrameType.continuation:
        this.#continueHeaders(frame)
        break
      case FrameType.reset:
        this.#takeReset(frame)
        break
      case FrameType.settings:
        this.#takeSettings(frame)
        break
      case FrameType.ping:
        if (frame.payload.length !== 8) throw new ProtocolError('frameSize', 'a ping has eight bytes')
        if (!(frame.flags & Flag.ack)) this.outbox.frame(FrameType.ping, Flag.ack, 0, frame.payload)
        break
      case FrameType.goAway:
        this.#takeGoAway(frame)
        break
      case FrameType.windowUpdate:
        this.#takeWindowUpdate(frame)
        break
      case FrameType.pushPromise:
        throw new ProtocolError('protocol', 'pushes are not wanted')
    }
  }

  #takeData(frame: Frame): void {
    const size = frame.payload.length
    this.#received += size
    if (this.#received >= CONNECTION_WINDOW / 2) {
      this.#makeRoom(0, this.#received)
      this.#received = 0
    }
    const stream = this.#streams.get(frame.stream)
    if (!stream) {
      this.#ignoreClosed(frame.stream)
      return
    }
    if (stream.endedThere) throw new ProtocolError('streamClosed', 'data after the end')
    stream.received += size
    const end = (frame.flags & Flag.endStream) !== 0
    if (!end && stream.received >= STREAM_WINDOW / 2) {
      this.#makeRoom(stream.id, stream.received)
      stream.received = 0
    }
    if (size > 0) stream.listener?.data(contentOf(frame))
    if (end) this.#endStream(stream)
  }

  #takeHeaders(frame: Frame): void {
    const end = (frame.flags & Flag.endStream) !== 0
    const block = contentOf(frame)
    if (frame.flags & Flag.endHeaders) this.#headersComplete(frame.stream, block, end)
    else this.#block = { stream: frame.stream, end, parts: [block], size: block.length }
  }

  #continueHeaders(frame: Frame): void {
    const block = this.#block
    if (!block) throw new ProtocolError('protocol', 'a continuation of nothing')
    block.parts.push(frame.payload)
    block.size += frame.payload.length
    if (block.size > MAX_HEADER_BLOCK) throw new ProtocolError('enhanceYourCalm', 'the headers are too long')
    if (!(frame.flags & Flag.endHeaders)) return
    this.#block = undefined
    this.#headersComplete(block.stream, Buffer.concat(block.parts), block.end)
  }

  /** Every block must be read, even one that nobody wants: the table depends on it. */
  #headersComplete(id: number, block: Buffer, end: boolean): void {
    const headers = this.#decoder.decode(block)
    const stream = this.#streams.get(id) ?? (this.#server ? this.#open(id, headers) : undefined)
    if (!stream) return
    if (!this.#server || stream.headers !== headers) stream.listener?.headers?.(headers)
    if (end) this.#endStream(stream)
  }

  #open(id: number, headers: Headers): Stream | undefined {
    if (id <= this.#lastRequest) return undefined
    if (id % 2 === 0) throw new ProtocolError('protocol', 'a client numbers its streams oddly')
    this.#lastRequest = id
    if (this.#goingAway || this.#streams.size >= MAX_STREAMS) {
      this.sendReset(id, ErrorCode.refusedStream)
      return undefined
    }
    const stream = new Stream(this, id, headers, this.#peerStreamWindow)
    this.#streams.set(id, stream)
    this.#events.request?.(stream)
    return stream
  }

  #endStream(stream: Stream): void {
    if (stream.endedThere) return
    stream.endedThere = true
    stream.listener?.ended()
    if (stream.endedHere) this.forget(stream)
  }

  #takeReset(frame: Frame): void {
    const stream = this.#streams.get(frame.stream)
    if (!stream) return
    stream.endedHere = true
    stream.endedThere = true
    this.forget(stream)
    stream.listener?.aborted(frame.payload.readUInt32BE(0))
  }

  #takeSettings(frame: Frame): void {
    if (frame.flags & Flag.ack) return
    if (frame.payload.length % 6 !== 0) throw new ProtocolError('frameSize', 'a setting has six bytes')
    for (let at = 0; at < frame.payload.length; at += 6) {
      this.#applySetting(frame.payload.readUInt16BE(at), frame.payload.readUInt32BE(at + 2))
    }
    this.outbox.frame(FrameType.settings, Flag.ack, 0, EMPTY)
  }

  #applySetting(name: number, value: number): void {
    if (name !== Setting.initialWindowSize) return
    if (value > LARGEST_WINDOW) throw new ProtocolError('flowControl', 'the window is too large')
    const change = value - this.#peerStreamWindow
    this.#peerStreamWindow = value
    for (const stream of this.#streams.values()) stream.sendWindow += change
    if (change > 0) this.#pumpAll()
  }

  #takeWindowUpdate(frame: Frame): void {
    const increment = frame.payload.readUInt32BE(0) & LARGEST_WINDOW
    if (frame.stream === 0) {
      this.sendWindow += increment
      if (this.sendWindow > LARGEST_WINDOW) throw new ProtocolError('flowControl', 'the window is too large')
      this.#pumpAll()
      return
    }
    const stream = this.#streams.get(frame.stream)
    if (!stream) return
    stream.sendWindow += increment
    if (stream.blocked) stream.pump()
  }

  #takeGoAway(frame: Frame): void {
    this.#goingAway = true
    const last = frame.payload.readUInt32BE(0) & LARGEST_WINDOW
    for (const stream of [...this.#streams.values()]) {
      if (this.#server || stream.id <= last) continue
      this.forget(stream)
      stream.listener?.aborted(ErrorCode.refusedStream)
    }
    if (this.#streams.size === 0) this.#end()
  }

  /** Data for a stream that has just been closed here may be under way; for one that never was, it is an error. */
  #ignoreClosed(id: number): void {
    const known = this.#server ? id <= this.#lastRequest : id < this.#nextStream
    if (!known) throw new ProtocolError('protocol', 'data for a stream that does not exist')
  }

  // ----

  #pumpAll(): void {
    for (const stream of this.#streams.values()) if (stream.blocked) stream.pump()
  }

  #makeRoom(stream: number, bytes: number): void {
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(bytes)
    this.outbox.frame(FrameType.windowUpdate, 0, stream, payload)
  }

  #goAway(code: number): void {
    this.#goingAway = true
    const payload = Buffer.alloc(8)
    payload.writeUInt32BE(this.#lastRequest)
    payload.writeUInt32BE(code, 4)
    this.outbox.frame(FrameType.goAway, 0, 0, payload)
  }

  #end(): void {
    this.outbox.flush()
    this.#socket.end()
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    for (const stream of streams) {
      stream.endedHere = true
      stream.endedThere = true
      stream.listener?.aborted(ErrorCode.cancel)
    }
    this.#events.closed(error)
  }
}
