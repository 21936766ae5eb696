/**
 * etcd/proto/ turns the etcd v3 API's messages into bytes and back: wire.ts the protobuf wire format, schema.ts a message as
 * a table of fields, messages.ts the tables. It imports nothing but the types of Node.
 */

/** A message that does not follow the wire format. */
export class WireError extends Error {
  override name = 'WireError'
}

const TWO_32 = 2 ** 32
const SLAB = 64 * 1024

/**
 * Writes a message from its end to its beginning, so that the length of a nested message is known when its prefix is due.
 * Finished messages stay where they are in a slab: nothing is copied. One writer for what lives short, another for what lives
 * long, or the one would keep the other's slab in memory.
 */
export class Writer {
  readonly #slab: number
  #buffer: Buffer
  #end: number
  position: number

  constructor(slab = SLAB) {
    this.#slab = slab
    this.#buffer = Buffer.allocUnsafeSlow(slab)
    this.#end = slab
    this.position = slab
  }

  /** Bytes written since the last `finish`. */
  get written(): number {
    return this.#end - this.position
  }

  /** Forgets what was written since the last `finish`: the beginning of a message that could not be written. */
  abandon(): void {
    this.position = this.#end
  }

  /** What was written since the last call. */
  finish(): Buffer {
    const message = this.#buffer.subarray(this.position, this.#end)
    this.#end = this.position
    return message
  }

  /** The bytes written last. */
  latest(count: number): Uint8Array {
    return this.#buffer.subarray(this.position, this.position + count)
  }

  varint(value: number): void {
    if (value >= 0 && value < 0x80) {
      this.#reserve(1)
      this.#buffer[--this.position] = value
    } else if (value < 0) this.bigVarint(BigInt(value))
    else this.#longVarint(value)
  }

  bigVarint(value: bigint): void {
    let rest = BigInt.asUintN(64, value)
    const bytes: number[] = []
    do {
      bytes.push(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    } while (rest > 0n)
    this.#reserve(bytes.length)
    this.position -= bytes.length
    for (let i = 0; i < bytes.length; i++) this.#buffer[this.position + i] = bytes[i]!
    this.#buffer[this.position + bytes.length - 1]! &= 0x7f
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.position -= bytes.length
    this.#buffer.set(bytes, this.position)
  }

  latin1(text: string): void {
    this.#reserve(text.length)
    this.position -= text.length
    this.#buffer.write(text, this.position, text.length, 'latin1')
  }

  utf8(text: string): void {
    const length = Buffer.byteLength(text)
    this.#reserve(length)
    this.position -= length
    this.#buffer.write(text, this.position, length, 'utf8')
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#buffer[--this.position] = value
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.position -= 4
    this.#buffer.writeUInt32BE(value, this.position)
  }

  #longVarint(value: number): void {
    let size = 2
    for (let limit = 0x4000; value >= limit; limit *= 0x80) size++
    this.#reserve(size)
    this.position -= size
    let at = this.position
    for (; value >= TWO_32; value = Math.floor(value / 0x80)) this.#buffer[at++] = (value % 0x80) | 0x80
    for (; value >= 0x80; value = Math.floor(value / 0x80)) this.#buffer[at++] = (value & 0x7f) | 0x80
    this.#buffer[at] = value
  }

  #reserve(bytes: number): void {
    if (this.position >= bytes) return
    const written = this.#end - this.position
    const size = Math.max(this.#slab, 2 * (written + bytes))
    const bigger = Buffer.allocUnsafeSlow(size)
    bigger.set(this.#buffer.subarray(this.position, this.#end), size - written)
    this.#buffer = bigger
    this.#end = size
    this.position = size - written
  }
}

/** Reads a message in place: bytes fields are views of the buffer it was given. */
export class Reader {
  readonly buffer: Buffer
  position: number
  end: number

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.position = 0
    this.end = bytes.length
  }

  varint(): number {
    const first = this.#byte()
    if (first < 0x80) return first
    let value = first & 0x7f
    let scale = 0x80
    // Seven bytes are 49 bits: as much as a number holds exactly.
    for (let i = 1; i < 7; i++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    return this.#hugeVarint(value)
  }

  bigVarint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new WireError('a varint is longer than ten bytes')
  }

  bytes(): Buffer {
    const start = this.#take(this.varint())
    return this.buffer.subarray(start, this.position)
  }

  latin1(): string {
    const start = this.#take(this.varint())
    return this.buffer.toString('latin1', start, this.position)
  }

  utf8(): string {
    const start = this.#take(this.varint())
    return this.buffer.toString('utf8', start, this.position)
  }

  skip(wireType: number): void {
    if (wireType === 0) this.bigVarint()
    else if (wireType === 1) this.#take(8)
    else if (wireType === 2) this.#take(this.varint())
    else if (wireType === 5) this.#take(4)
    else throw new WireError(`wire type ${wireType} is unknown`)
  }

  /** The last bytes of a long varint: large positive numbers lose precision here, negative ones come out right. */
  #hugeVarint(low: number): number {
    let high = 0n
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      high |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number(BigInt.asIntN(64, high | BigInt(low)))
    }
    throw new WireError('a varint is longer than ten bytes')
  }

  #byte(): number {
    if (this.position >= this.end) throw new WireError('the message ends too early')
    return this.buffer[this.position++]!
  }

  #take(length: number): number {
    const start = this.position
    if (!(length >= 0 && start + length <= this.end)) throw new WireError('a field is longer than its message')
    this.position = start + length
    return start
  }
}
