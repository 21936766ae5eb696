/**
 * etcd/rpc/ is the store's face: the gRPC services of etcd v3, a file each, over etcd/h2. grpc.ts is what they share: messages on
 * a stream, statuses, the table of methods. server.ts listens; check.ts refuses malformed requests; http.ts is health and
 * metrics. It imports etcd/h2, etcd/proto and etcd/member.ts.
 */
import { EtcdError, GrpcCode, toEtcdError } from '../errors.ts'
import { ErrorCode } from '../h2/frames.ts'
import { encodeHeaders, type Headers } from '../h2/hpack.ts'
import type { Stream, StreamListener } from '../h2/stream.ts'
import type { Message } from '../proto/schema.ts'
import { WireError } from '../proto/wire.ts'

const PREFIX = 5

/** Cuts a stream of bytes into messages, each behind a flag and its length. */
export class MessageParser {
  readonly #limit: number
  #parts: Buffer[] = []
  #size = 0
  #wanted = PREFIX

  constructor(limit: number) {
    this.#limit = limit
  }

  push(chunk: Buffer, take: (message: Buffer) => void): void {
    this.#parts.push(chunk)
    this.#size += chunk.length
    while (this.#size >= this.#wanted) {
      const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
      const end = PREFIX + this.#lengthAt(bytes)
      this.#parts = [bytes]
      if (bytes.length < end) {
        this.#wanted = end
        return
      }
      this.#parts = bytes.length > end ? [bytes.subarray(end)] : []
      this.#size = bytes.length - end
      this.#wanted = PREFIX
      take(bytes.subarray(PREFIX, end))
    }
  }

  #lengthAt(bytes: Buffer): number {
    if (bytes[0] !== 0) throw new EtcdError(GrpcCode.unimplemented, 'compressed messages are not supported')
    const length = bytes.readUInt32BE(1)
    if (length <= this.#limit) return length
    throw new EtcdError(
      GrpcCode.resourceExhausted,
      `grpc: received message larger than max (${length} vs. ${this.#limit})`,
    )
  }
}

export function messagePrefix(length: number): Buffer {
  const prefix = Buffer.alloc(PREFIX)
  prefix.writeUInt32BE(length, 1)
  return prefix
}

const RESPONSE = encodeHeaders({ ':status': '200', 'content-type': 'application/grpc' })
const SUCCESS = encodeHeaders({ 'grpc-status': '0' })

function statusHeaders(error: EtcdError): Headers {
  return { 'grpc-status': String(error.code), 'grpc-message': percentEncoded(error.message) }
}

function percentEncoded(text: string): string {
  return [...Buffer.from(text)]
    .map(byte =>
      byte < 0x20 || byte > 0x7e || byte === 0x25
        ? `%${byte.toString(16).padStart(2, '0').toUpperCase()}`
        : String.fromCharCode(byte),
    )
    .join('')
}

/** One call as the server sees it. */
export class ServerCall implements StreamListener {
  readonly stream: Stream
  readonly #parser: MessageParser
  #answered = false
  onMessage: (message: Buffer) => void = () => {}
  /** The client has said everything. */
  onEnd: () => void = () => {}
  /** The call is over, whoever ended it. */
  onClose: () => void = () => {}
  onDrain: () => void = () => {}
  #closed = false

  constructor(stream: Stream, limit: number) {
    this.stream = stream
    this.#parser = new MessageParser(limit)
    stream.listener = this
  }

  get metadata(): Headers {
    return this.stream.headers
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Bytes that the client has had no room for yet. */
  get waitingBytes(): number {
    return this.stream.waitingBytes
  }

  send(message: Uint8Array): void {
    if (this.#closed) return
    if (!this.#answered) this.stream.sendHeaders(RESPONSE, false)
    this.#answered = true
    this.stream.sendData(message, false, messagePrefix(message.length))
  }

  end(error?: unknown): void {
    if (this.#closed) return
    if (!error) {
      if (!this.#answered) this.stream.sendHeaders(RESPONSE, false)
      this.stream.sendHeaders(SUCCESS, true)
    } else {
      const start: Headers = this.#answered ? {} : { ':status': '200', 'content-type': 'application/grpc' }
      this.stream.sendHeaders(encodeHeaders({ ...start, ...statusHeaders(toEtcdError(error)) }), true)
    }
    if (!this.stream.endedThere && !this.stream.blocked) this.stream.reset(ErrorCode.none)
    this.#close()
  }

  data(chunk: Buffer): void {
    if (this.#closed) return
    try {
      this.#parser.push(chunk, message => {
        if (!this.#closed) this.onMessage(message)
      })
    } catch (error) {
      this.end(error)
    }
  }

  ended(): void {
    this.onEnd()
  }

  aborted(): void {
    this.#close()
  }

  drained(): void {
    this.onDrain()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.onClose()
  }
}

/** What carries a call out, once its headers are there. */
export type Handler = (call: ServerCall) => void
export type Methods = Record<string, Handler>

export function decodeRequest<Q extends object>(type: Message<Q>, bytes: Buffer): Q {
  try {
    return type.decode(bytes)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new EtcdError(GrpcCode.internal, `grpc: error unmarshalling request: ${error.message}`)
  }
}

/** One request, one response. */
export function unary<Q extends object, R extends object>(
  request: Message<Q>,
  response: Message<R>,
  handle: (request: Q, call: ServerCall) => Promise<Partial<R>> | Partial<R>,
): Handler {
  return call => {
    call.onMessage = bytes => void answer(call, bytes)
  }
  async function answer(call: ServerCall, bytes: Buffer): Promise<void> {
    try {
      const result = await handle(decodeRequest(request, bytes), call)
      call.send(response.encode(result))
      call.end()
    } catch (error) {
      call.end(error)
    }
  }
}
