import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ApiResponse } from '../../api/exchange.ts'

/** Packing smaller answers costs more time than it saves. */
const PACKED_FROM_BYTES = 128 << 10
const FASTEST = { level: 1 }

const pack = promisify<Uint8Array, typeof FASTEST, Buffer>(gzip)

export interface WholeAnswer {
  answer: ApiResponse
  body: Uint8Array
}

/** A large answer in fewer bytes, where the client can unpack it. */
export function packed(
  answer: ApiResponse,
  body: Uint8Array,
  accepted: string | undefined,
): WholeAnswer | Promise<WholeAnswer> {
  if (body.length < PACKED_FROM_BYTES || !accepted || !/\bgzip\b/.test(accepted)) return { answer, body }
  return pack(body, FASTEST).then(bytes => {
    const headers = { ...answer.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' }
    return { answer: { ...answer, headers }, body: bytes }
  })
}
