/** The frames of SPDY/3.1 that exec, attach and port-forward use, between bytes and values. Pure. */

export const RESET = { protocolError: 1, refused: 3, cancel: 5, internalError: 6 } as const

export type SpdyFrame =
  | { type: 'open'; id: number; fin: boolean; block: Buffer }
  | { type: 'reply'; id: number; fin: boolean; block: Buffer }
  | { type: 'headers'; id: number; fin: boolean; block: Buffer }
  | { type: 'reset'; id: number; status: number }
  | { type: 'ping'; id: number }
  | { type: 'goaway' }
  /** A data frame may come in several pieces; only the last carries its `fin`. */
  | { type: 'data'; id: number; fin: boolean; payload: Buffer }
  /** SETTINGS, WINDOW_UPDATE and what later versions may add: read and left alone. */
  | { type: 'other'; kind: number }

const VERSION = 3
const SYN_STREAM = 1
const SYN_REPLY = 2
const RST_STREAM = 3
const PING = 6
const GOAWAY = 7
const HEADERS = 8
const FIN = 0x01
const HEAD = 8
const NOTHING = Buffer.alloc(0)

/** Control frames carry headers and numbers only: one longer than this is no client of ours. */
const MAX_CONTROL = 64 * 1024

/** Cuts a byte stream into frames, whatever way it is chopped. Payloads of data are slices, never copies. */
export class FrameReader {
  #pending: Buffer = NOTHING
  #data: { id: number; fin: boolean; left: number } | undefined;

  *read(chunk: Buffer): Generator<SpdyFrame> {
    let rest = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk
    this.#pending = NOTHING
    while (rest.length > 0) {
      if (this.#data) {
        const payload = rest.subarray(0, this.#data.left)
        rest = rest.subarray(payload.length)
        yield this.#dataPiece(payload)
        continue
      }
      const size = frameSize(rest)
      if (size === undefined || (isControl(rest) && rest.length < size)) break
      if (isControl(rest)) yield parseControl(rest.subarray(0, size))
      else yield* this.#startData(rest)
      rest = rest.subarray(isControl(rest) ? size : HEAD)
    }
    this.#pending = rest
  }

  *#startData(head: Buffer): Generator<SpdyFrame> {
    const id = head.readUInt32BE(0)
    const fin = (head[4]! & FIN) !== 0
    const left = head.readUIntBE(5, 3)
    if (left > 0) this.#data = { id, fin, left }
    else yield { type: 'data', id, fin, payload: NOTHING }
  }

  #dataPiece(payload: Buffer): SpdyFrame {
    const data = this.#data!
    data.left -= payload.length
    const last = data.left === 0
    if (last) this.#data = undefined
    return { type: 'data', id: data.id, fin: last && data.fin, payload }
  }
}

function isControl(bytes: Buffer): boolean {
  return (bytes[0]! & 0x80) !== 0
}

/** Head and body, or undefined when not even the head is complete. */
function frameSize(bytes: Buffer): number | undefined {
  if (bytes.length < HEAD) return undefined
  const body = bytes.readUIntBE(5, 3)
  if (isControl(bytes) && body > MAX_CONTROL) throw new Error(`SPDY control frame of ${body} bytes`)
  return HEAD + body
}

const SHORTEST_BODY: Record<number, number> = {
  [SYN_STREAM]: 10,
  [SYN_REPLY]: 4,
  [RST_STREAM]: 8,
  [PING]: 4,
  [HEADERS]: 4,
}

function parseControl(frame: Buffer): SpdyFrame {
  const version = frame.readUInt16BE(0) & 0x7fff
  if (version !== VERSION) throw new Error(`SPDY version ${version}, expected ${VERSION}`)
  const kind = frame.readUInt16BE(2)
  const fin = (frame[4]! & FIN) !== 0
  const body = frame.subarray(HEAD)
  if (body.length < (SHORTEST_BODY[kind] ?? 0)) throw new Error(`SPDY frame of kind ${kind} cut short`)
  const id = body.length >= 4 ? body.readUInt32BE(0) & 0x7fffffff : 0
  if (kind === SYN_STREAM) return { type: 'open', id, fin, block: body.subarray(10) }
  if (kind === SYN_REPLY) return { type: 'reply', id, fin, block: body.subarray(4) }
  if (kind === HEADERS) return { type: 'headers', id, fin, block: body.subarray(4) }
  if (kind === RST_STREAM) return { type: 'reset', id, status: body.readUInt32BE(4) }
  if (kind === PING) return { type: 'ping', id: body.readUInt32BE(0) }
  if (kind === GOAWAY) return { type: 'goaway' }
  return { type: 'other', kind }
}

/** The eight bytes that stand before `length` bytes of data. */
export function dataHead(id: number, length: number, fin: boolean): Buffer {
  const head = Buffer.allocUnsafe(HEAD)
  head.writeUInt32BE(id, 0)
  head[4] = fin ? FIN : 0
  head.writeUIntBE(length, 5, 3)
  return head
}

export function openFrame(id: number, block: Buffer, fin = false): Buffer {
  return control(SYN_STREAM, fin, [uint32(id), uint32(0), Buffer.alloc(2), block])
}

export function replyFrame(id: number, block: Buffer, fin = false): Buffer {
  return control(SYN_REPLY, fin, [uint32(id), block])
}

export function resetFrame(id: number, status: number): Buffer {
  return control(RST_STREAM, false, [uint32(id), uint32(status)])
}

export function pingFrame(id: number): Buffer {
  return control(PING, false, [uint32(id)])
}

export function goAwayFrame(lastId: number): Buffer {
  return control(GOAWAY, false, [uint32(lastId), uint32(0)])
}

function control(kind: number, fin: boolean, parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(HEAD)
  head.writeUInt16BE(0x8000 | VERSION, 0)
  head.writeUInt16BE(kind, 2)
  head[4] = fin ? FIN : 0
  head.writeUIntBE(body.length, 5, 3)
  return Buffer.concat([head, body])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
