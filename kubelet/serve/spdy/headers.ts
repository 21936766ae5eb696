import { constants, inflateRawSync } from 'node:zlib'
import { SPDY_DICTIONARY } from './dictionary.ts'

/** Names in lower case. A name that came several times holds its values joined by NUL, as on the wire. */
export type SpdyHeaders = Record<string, string>

const WINDOW = 32 * 1024
/** Far more than any streaming request needs; keeps a few hostile bytes from growing into gigabytes. */
const MAX_BLOCK = 64 * 1024
const ZLIB_HEAD = Buffer.from([0x78, 0x01])
/** An empty stored block: Go's reader hands a header block out only when it has seen this flush. */
const FLUSH = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff])
const HAS_DICTIONARY = 0x20

/** Packs header blocks for one direction. Stored, not compressed: a handful of short names is not worth a compressor. */
export class HeaderPacker {
  #started = false

  pack(headers: SpdyHeaders): Buffer {
    const plain = encodeHeaders(headers)
    const parts = [storedBlock(plain), FLUSH]
    if (!this.#started) parts.unshift(ZLIB_HEAD)
    this.#started = true
    return Buffer.concat(parts)
  }
}

/**
 * Unpacks the header blocks of one direction: together they are one zlib stream, flushed after each. Blocks are
 * inflated one by one, synchronously, each with the last 32 KB of plain text before it as its dictionary; so every
 * block must pass through here, also those of streams that are refused.
 */
export class HeaderUnpacker {
  #window: Buffer | undefined

  unpack(block: Buffer): SpdyHeaders {
    const plain = this.#inflate(this.#withoutHead(block))
    this.#window = Buffer.concat([this.#window!, plain]).subarray(-WINDOW)
    return decodeHeaders(plain)
  }

  #withoutHead(block: Buffer): Buffer {
    if (this.#window) return block
    if (block.length < 2) throw new Error('SPDY header block too short')
    const dictionary = (block[1]! & HAS_DICTIONARY) !== 0
    this.#window = dictionary ? SPDY_DICTIONARY : Buffer.alloc(0)
    return block.subarray(dictionary ? 6 : 2)
  }

  #inflate(block: Buffer): Buffer {
    const dictionary = this.#window!.length > 0 ? this.#window : undefined
    return inflateRawSync(block, { dictionary, finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_BLOCK })
  }
}

function storedBlock(plain: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt16LE(plain.length, 1)
  head.writeUInt16LE(~plain.length & 0xffff, 3)
  return Buffer.concat([head, plain])
}

function encodeHeaders(headers: SpdyHeaders): Buffer {
  const entries = Object.entries(headers)
  const parts = [uint32(entries.length)]
  for (const text of entries.flat()) {
    const bytes = Buffer.from(text)
    parts.push(uint32(bytes.length), bytes)
  }
  const plain = Buffer.concat(parts)
  if (plain.length > 0xffff) throw new Error('SPDY headers too long')
  return plain
}

function decodeHeaders(plain: Buffer): SpdyHeaders {
  let position = 0
  const readLength = () => {
    if (position + 4 > plain.length) throw new Error('SPDY header block cut short')
    position += 4
    return plain.readUInt32BE(position - 4)
  }
  const readText = () => {
    const length = readLength()
    if (position + length > plain.length) throw new Error('SPDY header block cut short')
    position += length
    return plain.toString('utf8', position - length, position)
  }
  const headers: SpdyHeaders = Object.create(null)
  for (let left = readLength(); left > 0; left--) headers[readText().toLowerCase()] = readText()
  return headers
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
