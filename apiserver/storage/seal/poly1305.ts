const PRIME = (1n << 130n) - 5n
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn
const BLOCK = 16

/**
 * The 16 bytes that sign a message under a key used once. In big integers: what is signed lies in the store of the same
 * machine, where nobody measures how long it takes.
 */
export function poly1305(message: Uint8Array, key: Buffer): Buffer {
  const r = littleEndian(key.subarray(0, BLOCK)) & CLAMP
  let sum = 0n
  for (let at = 0; at < message.length; at += BLOCK) {
    const block = message.subarray(at, at + BLOCK)
    sum = ((sum + littleEndian(block) + (1n << BigInt(block.length * 8))) * r) % PRIME
  }
  const tag = BigInt.asUintN(128, sum + littleEndian(key.subarray(BLOCK, 2 * BLOCK)))
  const bytes = Buffer.alloc(BLOCK)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, tag), 0)
  bytes.writeBigUInt64LE(tag >> 64n, 8)
  return bytes
}

function littleEndian(bytes: Uint8Array): bigint {
  const block = Buffer.alloc(BLOCK)
  block.set(bytes)
  return block.readBigUInt64LE(0) | (block.readBigUInt64LE(8) << 64n)
}
