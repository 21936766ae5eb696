/**
 * etcd/h2/ is HTTP/2 as gRPC uses it, on sockets: many small requests and long streams. It is several times faster than
 * node:http2 for that, because a request makes three small frames and no streams of Node. Start with connection.ts; hpack.ts and
 * huffman.ts are the header compression. It imports nothing of ours.
 */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const Flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const

export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const

export const ErrorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const

/** The other side breaks the rules; the connection ends. */
export class ProtocolError extends Error {
  override name = 'ProtocolError'
  readonly code: number
  constructor(reason: keyof typeof ErrorCode, message: string) {
    super(message)
    this.code = ErrorCode[reason]
  }
}

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
export const FRAME_HEAD = 9
/** What we accept; it is also what every peer accepts. */
export const MAX_FRAME = 16384

export interface Frame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

/** Cuts what comes from a socket into frames. Payloads are views of what came. */
export class FrameParser {
  #rest: Buffer | undefined

  /** Calls `take` for every whole frame. */
  push(chunk: Buffer, take: (frame: Frame) => void): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk
    let at = 0
    while (bytes.length - at >= FRAME_HEAD) {
      const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
      if (length > MAX_FRAME) throw new ProtocolError('frameSize', `a frame of ${length} bytes is too long`)
      const end = at + FRAME_HEAD + length
      if (end > bytes.length) break
      const payload = bytes.subarray(at + FRAME_HEAD, end)
      take({ type: bytes[at + 3]!, flags: bytes[at + 4]!, stream: bytes.readUInt32BE(at + 5) & 0x7fffffff, payload })
      at = end
    }
    this.#rest = at < bytes.length ? bytes.subarray(at) : undefined
  }
}

/** The content of a DATA or HEADERS frame, without padding and priority. */
export function contentOf(frame: Frame): Buffer {
  let start = 0
  let end = frame.payload.length
  if (frame.flags & Flag.padded) {
    start = 1
    end -= frame.payload[0] ?? 0
  }
  if (frame.type === FrameType.headers && frame.flags & Flag.priority) start += 5
  if (start > end) throw new ProtocolError('protocol', 'the padding is longer than the frame')
  return frame.payload.subarray(start, end)
}

export function settingsPayload(settings: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6)
  settings.forEach(([name, value], i) => {
    payload.writeUInt16BE(name, i * 6)
    payload.writeUInt32BE(value, i * 6 + 2)
  })
  return payload
}
