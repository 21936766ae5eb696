/** CRC-32C (Castagnoli), eight bytes a step: node:zlib has only the older CRC-32. */
const POLYNOMIAL = 0x82f63b78

const TABLES = makeTables()

function makeTables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    return crc
  })
  const tables = [first]
  for (let step = 1; step < 8; step++) {
    const before = tables[step - 1]!
    tables.push(before.map(crc => (crc >>> 8) ^ first[crc & 0xff]!))
  }
  return tables
}

const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
]

/** The checksum of bytes [start, end), going on from the checksum of what came before them. */
export function crc32c(data: Uint8Array, start = 0, end = data.length, before = 0): number {
  let crc = ~before
  let at = start
  for (const eights = end - 7; at < eights; at += 8) {
    const low = crc ^ (data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24))
    crc =
      T7[low & 0xff]! ^
      T6[(low >>> 8) & 0xff]! ^
      T5[(low >>> 16) & 0xff]! ^
      T4[low >>> 24]! ^
      T3[data[at + 4]!]! ^
      T2[data[at + 5]!]! ^
      T1[data[at + 6]!]! ^
      T0[data[at + 7]!]!
  }
  for (; at < end; at++) crc = T0[(crc ^ data[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}
