import { type Clock, systemClock, type Timer } from '../../platform/clock.ts'

/** The machine's clock, whose wall time a test moves as ntpd or an administrator does; durations go on as they are. */
export class ShiftedClock implements Clock {
  #shift = 0

  now(): number {
    return systemClock.now() + this.#shift
  }

  monotonic(): number {
    return systemClock.monotonic()
  }

  after(ms: number, run: () => void): Timer {
    return systemClock.after(ms, run)
  }

  jump(ms: number): void {
    this.#shift += ms
  }
}
