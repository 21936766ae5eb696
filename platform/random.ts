import { randomBytes } from 'node:crypto'

/** Chance, given from outside so that one seed repeats a run. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  bytes(count: number): Uint8Array
}

const POOL_BYTES = 4096
let pool = Buffer.alloc(0)

/** Asking the system for every few bytes costs more than most of what they are for. What was handed out is not kept. */
function fresh(count: number): Buffer {
  if (count > POOL_BYTES) return randomBytes(count)
  if (pool.length < count) pool = randomBytes(POOL_BYTES)
  const taken = Buffer.from(pool.subarray(0, count))
  pool.fill(0, 0, count)
  pool = pool.subarray(count)
  return taken
}

export const systemRandom: Random = {
  next: () => fresh(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: count => fresh(count),
}

/** The mulberry32 generator: small, fast, good enough for simulation, never for keys. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { next, bytes: count => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)) }
}

/** Uniform integer in [0, below). */
export function randomBelow(random: Random, below: number): number {
  return Math.floor(random.next() * below)
}

// Kubernetes leaves out vowels and look-alikes, so that generated names spell nothing and read well aloud.
const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** The random suffix of generated names, as in `web-7c5ddbdf54-x2k9p`. */
export function nameSuffix(random: Random, length = 5): string {
  return Array.from({ length }, () => NAME_ALPHABET[randomBelow(random, NAME_ALPHABET.length)]).join('')
}
