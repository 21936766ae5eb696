/** Just enough of DER (X.690) to write and read certificates and signing requests. */

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** The tag of a context-specific field, as in `[3]`. */
export const contextTag = (number: number, constructed = true): number => 0x80 | (constructed ? 0x20 : 0) | number

export function encode(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag]), encodeLength(body.length), body])
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.from([0x80 | bytes.length, ...bytes])
}

export const sequence = (...parts: Uint8Array[]): Buffer => encode(TAG.sequence, ...parts)
export const set = (...parts: Uint8Array[]): Buffer => encode(TAG.set, ...parts)
export const octetString = (...parts: Uint8Array[]): Buffer => encode(TAG.octetString, ...parts)
export const boolean = (value: boolean): Buffer => encode(TAG.boolean, Buffer.from([value ? 0xff : 0]))
export const utf8String = (text: string): Buffer => encode(TAG.utf8String, Buffer.from(text))
export const nothing = (): Buffer => encode(TAG.null)

/** A bit string; `unusedBits` are those at the end of the last byte that do not count. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return encode(TAG.bitString, Buffer.from([unusedBits]), bytes)
}

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const trimmed = bytes.subarray(start)
  const sign = (trimmed[0] ?? 0) & 0x80 ? [0] : []
  return encode(TAG.integer, Buffer.from(sign), trimmed)
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return encode(TAG.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80)
  return bytes
}

/** UTCTime until 2049, GeneralizedTime from then on, as RFC 5280 wants it. */
export function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]|\.\d+/g, '')
  return at.getUTCFullYear() < 2050
    ? encode(TAG.utcTime, Buffer.from(digits.slice(2)))
    : encode(TAG.generalizedTime, Buffer.from(digits))
}

export interface Element {
  tag: number
  /** The content alone. */
  body: Buffer
  /** Header and content, as they stood in the input. */
  whole: Buffer
}

export class DerError extends Error {
  override name = 'DerError'
}

/** All elements that stand one after the other in `bytes`. */
export function decodeAll(bytes: Uint8Array): Element[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const elements: Element[] = []
  for (let offset = 0; offset < buffer.length; ) {
    const element = decodeAt(buffer, offset)
    elements.push(element)
    offset += element.whole.length
  }
  return elements
}

export function decodeOne(bytes: Uint8Array): Element {
  const [element, ...rest] = decodeAll(bytes)
  if (!element || rest.length > 0) throw new DerError('expected exactly one DER element')
  return element
}

function decodeAt(buffer: Buffer, offset: number): Element {
  const tag = buffer[offset]
  const first = buffer[offset + 1]
  if (tag === undefined || first === undefined) throw new DerError('DER ends inside a header')
  const lengthBytes = first & 0x80 ? first & 0x7f : 0
  if (lengthBytes > 4 || first === 0x80) throw new DerError('DER length is not supported')
  if (offset + 2 + lengthBytes > buffer.length) throw new DerError('DER ends inside a length')
  const length = lengthBytes === 0 ? first : buffer.readUIntBE(offset + 2, lengthBytes)
  const start = offset + 2 + lengthBytes
  if (start + length > buffer.length) throw new DerError('DER element is longer than its container')
  return { tag, body: buffer.subarray(start, start + length), whole: buffer.subarray(offset, start + length) }
}

export function decodeOid(body: Uint8Array): string {
  const first = body[0] ?? 0
  const numbers = [Math.min(2, Math.floor(first / 40)), first - 40 * Math.min(2, Math.floor(first / 40))]
  let value = 0
  for (const byte of body.subarray(1)) {
    value = value * 128 + (byte & 0x7f)
    if (byte & 0x80) continue
    numbers.push(value)
    value = 0
  }
  return numbers.join('.')
}
