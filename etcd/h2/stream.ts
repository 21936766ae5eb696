import { ErrorCode, Flag, FrameType, MAX_FRAME } from './frames.ts'
import type { Headers } from './hpack.ts'
import type { Outbox } from './outbox.ts'

/** Who is told what comes in on a stream. */
export interface StreamListener {
  /** Response headers, or the trailers. */
  headers?(headers: Headers): void
  data(chunk: Buffer): void
  /** The other side has nothing more to say. */
  ended(): void
  /** The stream is over: reset by the other side with this code, or gone with its connection. */
  aborted(code: number): void
  /** What was waiting to be sent is on its way. */
  drained?(): void
}

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly outbox: Outbox
  /** Room that all streams share. */
  sendWindow: number
  sendReset(stream: number, code: number): void
  forget(stream: Stream): void
}

type Waiting =
  | { type: typeof FrameType.data; bytes: Uint8Array; prefix: Uint8Array | undefined; end: boolean }
  | { type: typeof FrameType.headers; bytes: Uint8Array; end: boolean }

/** One request and its answer. What the other side has no room for waits here. */
export class Stream {
  readonly id: number
  readonly headers: Headers
  listener: StreamListener | undefined
  sendWindow: number
  /** Received since we last made room. */
  received = 0
  endedHere = false
  endedThere = false
  readonly #connection: StreamOwner
  #waiting: Waiting[] = []
  #waitingBytes = 0

  constructor(connection: StreamOwner, id: number, headers: Headers, sendWindow: number) {
    this.#connection = connection
    this.id = id
    this.headers = headers
    this.sendWindow = sendWindow
  }

  /** Is there anything that waits for room? */
  get blocked(): boolean {
    return this.#waiting.length > 0
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  sendHeaders(block: Uint8Array, end: boolean): void {
    this.#send({ type: FrameType.headers, bytes: block, end })
  }

  sendData(bytes: Uint8Array, end: boolean, prefix?: Uint8Array): void {
    this.#send({ type: FrameType.data, bytes, prefix, end })
  }

  reset(code: number = ErrorCode.cancel): void {
    if (this.endedHere && this.endedThere) return
    this.endedHere = true
    this.endedThere = true
    this.#waiting = []
    this.#connection.sendReset(this.id, code)
    this.#connection.forget(this)
  }

  /** Sends what the windows allow. */
  pump(): void {
    while (this.#waiting.length > 0) {
      const next = this.#waiting[0]!
      if (next.type === FrameType.data && !this.#sendPart(next)) return
      if (next.type === FrameType.headers) this.#headers(next.bytes, next.end)
      this.#waiting.shift()
    }
    this.listener?.drained?.()
  }

  /** A block that is longer than a frame goes on in others; nothing may come between them. */
  #headers(block: Uint8Array, end: boolean): void {
    const first = block.subarray(0, MAX_FRAME)
    let sent = first.length
    this.#connection.outbox.frame(
      FrameType.headers,
      (end ? Flag.endStream : 0) | (sent === block.length ? Flag.endHeaders : 0),
      this.id,
      first,
    )
    while (sent < block.length) {
      const part = block.subarray(sent, sent + MAX_FRAME)
      sent += part.length
      const flags = sent === block.length ? Flag.endHeaders : 0
      this.#connection.outbox.frame(FrameType.continuation, flags, this.id, part)
    }
    if (end) this.#ended()
  }

  #send(frame: Waiting): void {
    if (this.endedHere) return
    if (this.#waiting.length === 0) {
      if (frame.type === FrameType.headers) {
        this.#headers(frame.bytes, frame.end)
        return
      }
      if (this.#sendPart(frame)) return
    }
    this.#waiting.push(frame)
    if (frame.type === FrameType.data) this.#waitingBytes += frame.bytes.length
  }

  /** As much of the data as there is room for; true when all of it is sent. */
  #sendPart(data: Extract<Waiting, { type: 0 }>): boolean {
    for (;;) {
      const prefixed = data.prefix?.length ?? 0
      const room = Math.min(this.sendWindow, this.#connection.sendWindow, MAX_FRAME) - prefixed
      if (room < 0 || (room === 0 && data.bytes.length > 0)) return false
      const part = data.bytes.length <= room ? data.bytes : data.bytes.subarray(0, room)
      const all = part.length === data.bytes.length
      this.sendWindow -= part.length + prefixed
      this.#connection.sendWindow -= part.length + prefixed
      this.#data(part, data.prefix, all && data.end)
      if (this.#waiting[0] === data) this.#waitingBytes -= part.length
      if (all) return true
      data.bytes = data.bytes.subarray(part.length)
      data.prefix = undefined
    }
  }

  #data(bytes: Uint8Array, prefix: Uint8Array | undefined, end: boolean): void {
    this.#connection.outbox.frame(FrameType.data, end ? Flag.endStream : 0, this.id, bytes, prefix)
    if (end) this.#ended()
  }

  #ended(): void {
    this.endedHere = true
    if (this.endedThere) this.#connection.forget(this)
  }
}
