/** Bytes of protobuf: what a field is made of. Reading goes forward; writing goes backward, so that lengths are known. */
export class WireError extends Error {}

export class WireReader {
  readonly #bytes: Buffer
  #at: number
  readonly #end: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = start
    this.#end = end
  }

  get done(): boolean {
    return this.#at >= this.#end
  }

  /** Unsigned, exact up to 2^53; `int` gives the sign back. */
  #varint(): [low: number, high: number] {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) throw new WireError('unexpected EOF')
      const byte = this.#bytes[this.#at++]!
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high |= bits >> 4
      } else high |= bits << (shift - 32)
      if (byte < 0x80) return [low >>> 0, high >>> 0]
    }
    throw new WireError('integer overflow')
  }

  int(): number {
    const [low, high] = this.#varint()
    return (high | 0) * 4294967296 + low
  }

  #length(): number {
    const [length, high] = this.#varint()
    if (high !== 0 || this.#at + length > this.#end) throw new WireError('unexpected EOF')
    return length
  }

  /** Field number and wire type. */
  tag(): [number: number, type: number] {
    const [tag] = this.#varint()
    return [tag >>> 3, tag & 7]
  }

  bytes(): Buffer {
    const length = this.#length()
    const start = this.#at
    this.#at += length
    return this.#bytes.subarray(start, this.#at)
  }

  string(): string {
    return this.bytes().toString('utf8')
  }

  nested(): WireReader {
    const length = this.#length()
    const start = this.#at
    this.#at += length
    return new WireReader(this.#bytes, start, this.#at)
  }

  double(): number {
    if (this.#at + 8 > this.#end) throw new WireError('unexpected EOF')
    this.#at += 8
    return this.#bytes.readDoubleLE(this.#at - 8)
  }

  skip(type: number): void {
    if (type === 0) this.#varint()
    else if (type === 1) this.double()
    else if (type === 2) this.bytes()
    else if (type === 5) this.#at += 4
    else throw new WireError(`illegal wireType ${type}`)
    if (this.#at > this.#end) throw new WireError('unexpected EOF')
  }
}

/** Writes a message from its last byte to its first: what has been written is the length of what encloses it. */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(1024)
  #at = this.#bytes.length

  get length(): number {
    return this.#bytes.length - this.#at
  }

  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(this.#at))
  }

  #reserve(size: number): void {
    if (this.#at >= size) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.length + size))
    const at = grown.length - this.length
    this.#bytes.copy(grown, at, this.#at)
    this.#bytes = grown
    this.#at = at
  }

  #varint(low: number, high: number): void {
    const parts: number[] = []
    let [rest, top] = [low >>> 0, high >>> 0]
    while (top !== 0 || rest > 0x7f) {
      parts.push((rest & 0x7f) | 0x80)
      rest = ((rest >>> 7) | (top << 25)) >>> 0
      top >>>= 7
    }
    parts.push(rest)
    this.#reserve(parts.length)
    this.#at -= parts.length
    for (let i = 0; i < parts.length; i++) this.#bytes[this.#at + i] = parts[i]!
  }

  int(value: number): void {
    if (value >= 0 && value < 128) {
      this.#reserve(1)
      this.#bytes[--this.#at] = value
    } else this.#varint(value, Math.floor(value / 4294967296))
  }

  tag(number: number, type: number): void {
    this.int(number * 8 + type)
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#at -= bytes.length
    this.#bytes.set(bytes, this.#at)
  }

  bytes(bytes: Uint8Array): void {
    this.raw(bytes)
    this.int(bytes.length)
  }

  string(text: string): void {
    const length = Buffer.byteLength(text)
    this.#reserve(length)
    this.#at -= length
    this.#bytes.write(text, this.#at, length, 'utf8')
    this.int(length)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#at -= 8
    this.#bytes.writeDoubleLE(value, this.#at)
  }

  /** Everything that `write` wrote, with its length before it. */
  nested(write: () => void): void {
    const before = this.length
    write()
    this.int(this.length - before)
  }
}
