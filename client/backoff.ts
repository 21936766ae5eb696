import type { Random } from '../platform/random.ts'

export interface BackoffOptions {
  firstMs: number
  longestMs: number
}

/** Pauses that double from `firstMs` up to `longestMs`, each spread by up to a fifth so that crowds part. */
export class Backoff {
  readonly #options: BackoffOptions
  readonly #random: Random
  #failures = 0

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options
    this.#random = random
  }

  next(): number {
    const { firstMs, longestMs } = this.#options
    const pause = Math.min(longestMs, firstMs * 2 ** Math.min(this.#failures++, 30))
    return pause * (0.8 + 0.4 * this.#random.next())
  }

  reset(): void {
    this.#failures = 0
  }
}
