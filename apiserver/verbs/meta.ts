import type { Random } from '../../platform/random.ts'

/** RFC 3339 to the second, as metav1.Time is written. */
export function timestamp(now: number): string {
  const second = Math.floor(now / 1000)
  if (latest.second !== second) latest = { second, text: `${new Date(now).toISOString().slice(0, 19)}Z` }
  return latest.text
}

/** Many objects are made within a second. */
let latest = { second: Number.NaN, text: '' }

/** A version 4 UUID. */
export function newUid(random: Random): string {
  const bytes = Buffer.from(random.bytes(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
