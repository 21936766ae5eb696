import { EtcdError, GrpcCode } from '../errors.ts'
import type { Headers } from '../h2/hpack.ts'
import type { Stream, StreamListener } from '../h2/stream.ts'
import { MessageParser, messagePrefix } from '../rpc/grpc.ts'

export interface CallListener {
  message(bytes: Buffer): void
  /** The call is over; undefined: with success. */
  ended(error: EtcdError | undefined): void
}

const MAX_RESPONSE = 2 ** 31 - 1
const NOTHING = Buffer.alloc(0)

/** One call as the client sees it. */
export class ClientCall implements StreamListener {
  readonly #listener: CallListener
  readonly #parser = new MessageParser(MAX_RESPONSE)
  #stream: Stream | undefined
  #trailers: Headers | undefined
  #over = false

  constructor(listener: CallListener) {
    this.#listener = listener
  }

  start(stream: Stream): void {
    this.#stream = stream
  }

  send(message: Uint8Array): void {
    this.#stream!.sendData(message, false, messagePrefix(message.length))
  }

  /** Nothing more is to be sent. */
  end(): void {
    this.#stream!.sendData(NOTHING, true)
  }

  /** Gives the call up. */
  cancel(): void {
    this.fail(new EtcdError(GrpcCode.canceled, 'the call was canceled'))
  }

  fail(error: EtcdError): void {
    if (this.#over) return
    this.#stream?.reset()
    this.#finish(error)
  }

  headers(headers: Headers): void {
    if (headers['grpc-status'] !== undefined || headers[':status'] !== '200') this.#trailers = headers
  }

  data(chunk: Buffer): void {
    try {
      this.#parser.push(chunk, bytes => this.#listener.message(bytes))
    } catch (error) {
      this.fail(new EtcdError(GrpcCode.internal, `an answer cannot be read: ${(error as Error).message}`))
    }
  }

  ended(): void {
    this.#finish(statusOf(this.#trailers))
  }

  aborted(code: number): void {
    this.#finish(new EtcdError(GrpcCode.unavailable, `the connection was lost (code ${code})`))
  }

  #finish(error: EtcdError | undefined): void {
    if (this.#over) return
    this.#over = true
    this.#listener.ended(error)
  }
}

function statusOf(trailers: Headers | undefined): EtcdError | undefined {
  const status = trailers?.['grpc-status']
  if (status === undefined) {
    return new EtcdError(GrpcCode.unknown, `the server answered HTTP ${trailers?.[':status'] ?? 'without a status'}`)
  }
  if (status === '0') return undefined
  return new EtcdError(Number(status) as GrpcCode, decodeURIComponentSafely(trailers?.['grpc-message'] ?? ''))
}

/** gRPC escapes like URLs do; a message that was not escaped is shown as it is. */
function decodeURIComponentSafely(text: string): string {
  return /%(?![0-9A-Fa-f]{2})/.test(text) ? text : Buffer.from(unescaped(text), 'latin1').toString()
}

function unescaped(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
