/**
 * etcd/peer/ is how members reach each other: Raft's messages, and calls that a follower passes on to its leader, over one TLS
 * connection in each direction. network.ts is the whole of it, link.ts an outgoing connection that comes back after every
 * failure, incoming.ts the other end, framing.ts the bytes. It imports etcd/raft, etcd/transport.ts and platform/.
 *
 *     frame: length u32 | kind u8 | content        call and reply: number u32 | length u16 | method or error | content
 */
export const Kind = { hello: 0, raft: 1, call: 2, reply: 3 } as const

const HEAD = 5
/** A piece of a snapshot or a batch of entries fits easily. */
const MAX_FRAME = 64 * 1024 * 1024

export interface PeerFrame {
  kind: number
  content: Buffer
}

export function encodeFrame(kind: number, ...parts: Uint8Array[]): Buffer {
  const head = Buffer.alloc(HEAD)
  head.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0))
  head[4] = kind
  return Buffer.concat([head, ...parts])
}

export class FrameReader {
  #parts: Buffer[] = []
  #size = 0
  #wanted = HEAD

  push(chunk: Buffer, take: (frame: PeerFrame) => void): void {
    this.#parts.push(chunk)
    this.#size += chunk.length
    while (this.#size >= this.#wanted) {
      const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
      this.#parts = [bytes]
      const length = bytes.readUInt32LE(0)
      if (length > MAX_FRAME) throw new Error(`a frame of ${length} bytes is too long`)
      if (bytes.length < HEAD + length) {
        this.#wanted = HEAD + length
        return
      }
      this.#parts = [bytes.subarray(HEAD + length)]
      this.#size -= HEAD + length
      this.#wanted = HEAD
      take({ kind: bytes[4]!, content: bytes.subarray(HEAD, HEAD + length) })
    }
  }
}

/** Who calls: said once, at the beginning of a connection. */
export interface Hello {
  /** '' while a member that is to join does not know it. */
  cluster: string
  from: string
}

const CALL_HEAD = 6

/** `word` is the method of a call, or the error of a reply ('' for none). */
export function encodeCall(kind: number, number: number, word: string, content: Uint8Array): Buffer {
  const text = Buffer.from(word)
  const head = Buffer.alloc(CALL_HEAD)
  head.writeUInt32LE(number, 0)
  head.writeUInt16LE(text.length, 4)
  return encodeFrame(kind, head, text, content)
}

export function decodeCall(content: Buffer): { number: number; word: string; content: Buffer } {
  const end = CALL_HEAD + content.readUInt16LE(4)
  return {
    number: content.readUInt32LE(0),
    word: content.toString('utf8', CALL_HEAD, end),
    content: content.subarray(end),
  }
}
