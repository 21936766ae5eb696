import type { Random } from '../../platform/random.ts'

/**
 * Where a free number is looked for. Numbers are handed out from the upper part first: the lower one is for people who
 * choose theirs by hand, so that the two seldom meet.
 */
export function reservedBand(size: number): number {
  return Math.min(Math.max(16, Math.floor(size / 16)), 256)
}

/** All offsets of the pool, each once, from a random place in the upper part on; then the lower part. */
export function* candidates(size: number, random: Random): Generator<number> {
  const band = size <= 32 ? 0 : reservedBand(size)
  const upper = size - band
  const start = Math.floor(random.next() * upper)
  for (let step = 0; step < upper; step++) yield band + ((start + step) % upper)
  for (let offset = 0; offset < band; offset++) yield offset
}
