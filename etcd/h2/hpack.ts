import { ProtocolError } from './frames.ts'
import { decodeHuffman } from './huffman.ts'

export type Headers = Record<string, string>

// RFC 7541, appendix A.
const STATIC: readonly (readonly [string, string])[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ...'accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control'
    .concat(' content-disposition content-encoding content-language content-length content-location content-range')
    .concat(' content-type cookie date etag expect expires from host if-match if-modified-since if-none-match if-range')
    .concat(
      ' if-unmodified-since last-modified link location max-forwards proxy-authenticate proxy-authorization range',
    )
    .concat(
      ' referer refresh retry-after server set-cookie strict-transport-security transfer-encoding user-agent vary',
    )
    .concat(' via www-authenticate')
    .split(' ')
    .map(name => [name, ''] as const),
]

const TABLE_SIZE = 4096
const ENTRY_OVERHEAD = 32
const MAX_CACHED_BLOCKS = 100

/** Reads the header blocks of one connection, in the order in which they come. */
export class HeaderDecoder {
  /** Newest first. */
  #entries: (readonly [string, string])[] = []
  #size = 0
  #limit = TABLE_SIZE
  /** Blocks that changed nothing, read before in the same state of the table: a client's calls are much alike. */
  #cache = new Map<string, Headers>()
  #block: Buffer = Buffer.alloc(0)
  #at = 0

  decode(block: Buffer): Headers {
    const name = block.toString('latin1')
    const known = this.#cache.get(name)
    if (known) return known
    const before = this.#cache
    const headers = this.#read(block)
    // A new map stands for a new state of the table.
    if (this.#cache === before && before.size < MAX_CACHED_BLOCKS) before.set(name, headers)
    return headers
  }

  #read(block: Buffer): Headers {
    this.#block = block
    this.#at = 0
    const headers: Headers = Object.create(null)
    while (this.#at < block.length) {
      const first = block[this.#at]!
      if (first >= 0x80) add(headers, this.#entry(this.#integer(0x7f)))
      else if (first >= 0x40) add(headers, this.#remember(this.#literal(0x3f)))
      else if (first >= 0x20) this.#resize(this.#integer(0x1f))
      else add(headers, this.#literal(0x0f))
    }
    return headers
  }

  #literal(mask: number): readonly [string, string] {
    const index = this.#integer(mask)
    const name = index === 0 ? this.#string() : this.#entry(index)[0]
    return [name, this.#string()]
  }

  #entry(index: number): readonly [string, string] {
    const entry = index <= STATIC.length ? STATIC[index - 1] : this.#entries[index - STATIC.length - 1]
    if (!entry) throw new ProtocolError('compression', `there is no header number ${index}`)
    return entry
  }

  #remember(entry: readonly [string, string]): readonly [string, string] {
    this.#cache = new Map()
    this.#entries.unshift(entry)
    this.#size += sizeOf(entry)
    this.#evict()
    return entry
  }

  #resize(limit: number): void {
    if (limit > TABLE_SIZE) throw new ProtocolError('compression', 'the header table would be too large')
    this.#cache = new Map()
    this.#limit = limit
    this.#evict()
  }

  #evict(): void {
    while (this.#size > this.#limit) this.#size -= sizeOf(this.#entries.pop()!)
  }

  #integer(mask: number): number {
    let value = this.#byte() & mask
    if (value < mask) return value
    for (let scale = 1; scale < 2 ** 28; scale *= 128) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new ProtocolError('compression', 'a number is too large')
  }

  #string(): string {
    const compressed = (this.#block[this.#at] ?? 0) >= 0x80
    const length = this.#integer(0x7f)
    const start = this.#at
    this.#at += length
    if (this.#at > this.#block.length) throw new ProtocolError('compression', 'a string is longer than its block')
    return compressed ? decodeHuffman(this.#block, start, this.#at) : this.#block.toString('latin1', start, this.#at)
  }

  #byte(): number {
    if (this.#at >= this.#block.length) throw new ProtocolError('compression', 'a block ends too early')
    return this.#block[this.#at++]!
  }
}

function sizeOf([name, value]: readonly [string, string]): number {
  return name.length + value.length + ENTRY_OVERHEAD
}

function add(headers: Headers, [name, value]: readonly [string, string]): void {
  headers[name] = name in headers ? `${headers[name]}, ${value}` : value
}

/** Headers as a block that leaves the other side's table as it is, so that a block can be made once and sent often. */
export function encodeHeaders(headers: Headers): Buffer {
  return Buffer.concat(Object.entries(headers).map(([name, value]) => encodeHeader(name, value)))
}

function encodeHeader(name: string, value: string): Buffer {
  const whole = STATIC.findIndex(entry => entry[0] === name && entry[1] === value)
  if (whole >= 0) return encodeInteger(whole + 1, 0x7f, 0x80)
  const named = STATIC.findIndex(entry => entry[0] === name)
  const start = named >= 0 ? encodeInteger(named + 1, 0x0f, 0) : Buffer.concat([Buffer.from([0]), encodeString(name)])
  return Buffer.concat([start, encodeString(value)])
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([encodeInteger(bytes.length, 0x7f, 0), bytes])
}

function encodeInteger(value: number, mask: number, flags: number): Buffer {
  if (value < mask) return Buffer.from([flags | value])
  const bytes = [flags | mask]
  let rest = value - mask
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  bytes.push(rest)
  return Buffer.from(bytes)
}
