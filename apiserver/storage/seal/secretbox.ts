import { timingSafeEqual } from 'node:crypto'
import { poly1305 } from './poly1305.ts'
import { deriveKey, keyStream } from './salsa.ts'

export const SECRETBOX_NONCE = 24
const TAG = 16
const SIGNING_KEY = 32

/** NaCl's secretbox, XSalsa20 and Poly1305: the tag, then the message under the stream. */
export function sealBox(message: Uint8Array, nonce: Buffer, key: Buffer): Buffer {
  const stream = streamFor(key, nonce, message.length)
  const sealed = xor(message, stream.subarray(SIGNING_KEY))
  return Buffer.concat([poly1305(sealed, stream.subarray(0, SIGNING_KEY)), sealed])
}

/** The message; undefined where key, nonce or box are not those of the sealing. */
export function openBox(box: Buffer, nonce: Buffer, key: Buffer): Buffer | undefined {
  if (box.length < TAG) return undefined
  const sealed = box.subarray(TAG)
  const stream = streamFor(key, nonce, sealed.length)
  const tag = poly1305(sealed, stream.subarray(0, SIGNING_KEY))
  return timingSafeEqual(tag, box.subarray(0, TAG)) ? xor(sealed, stream.subarray(SIGNING_KEY)) : undefined
}

/** The first 32 bytes of the stream sign, the others hide. */
function streamFor(key: Buffer, nonce: Buffer, length: number): Buffer {
  return keyStream(deriveKey(key, nonce.subarray(0, 16)), nonce.subarray(16), SIGNING_KEY + length)
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  const result = Buffer.alloc(a.length)
  for (let index = 0; index < a.length; index++) result[index] = a[index]! ^ b[index]!
  return result
}
