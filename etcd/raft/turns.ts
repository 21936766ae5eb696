import type { Clock } from '../../platform/clock.ts'

/** Those who wait for a turn of events: each time it is woken, everybody looks whether that was it. */
export class Turns {
  readonly #clock: Clock
  #sleepers: (() => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  wake(): void {
    for (const wake of this.#sleepers.splice(0)) wake()
  }

  /** False where it has not come about within `ms`. */
  async until(hasCome: () => boolean, ms: number): Promise<boolean> {
    const deadline = this.#clock.monotonic() + ms
    while (!hasCome()) {
      const left = deadline - this.#clock.monotonic()
      if (left <= 0) return false
      await this.#turnWithin(left)
    }
    return true
  }

  #turnWithin(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#clock.after(ms, resolve)
      this.#sleepers.push(() => {
        timer.cancel()
        resolve()
      })
    })
  }
}
