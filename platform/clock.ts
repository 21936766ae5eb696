/**
 * platform/ is the machine under us: time, chance, log, disk, processes. Each is a small interface with the real thing
 * and a full fake, handed to whoever needs it, so that everything above can run under a virtual clock and a torn disk.
 * Start here, then disk.ts. It imports nothing of ours.
 */

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall time in milliseconds since 1970. May jump: never measure durations with it. */
  now(): number
  /** Milliseconds that only ever grow. The difference of two readings is a duration. */
  monotonic(): number
  /** Runs `run` once after `ms`. Timers never keep the process alive by themselves. */
  after(ms: number, run: () => void): Timer
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const handle = setTimeout(run, ms)
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
}

/** Keeps the process alive until it is let go, since timers alone do not. */
export function holdProcess(): { release(): void } {
  const handle = setInterval(() => {}, 2 ** 30)
  return { release: () => clearInterval(handle) }
}

/** Resolves once all that has arrived by now has been looked at: so what it asks for can be done together. */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** Resolves after `ms`; rejects with the signal's reason if it aborts first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    const onAbort = () => {
      timer.cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Resolves after `ms`, or as soon as the signal aborts: for loops that ask the signal themselves what woke them. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  // Nothing but its signal ends a sleep early.
  return sleep(clock, ms, signal).catch(() => {})
}

/** A clock that moves only when told to: timers fire in order of their time, then of their making. */
export class FakeClock implements Clock {
  #wall: number
  #elapsed = 0
  #sequence = 0
  #timers: { at: number; sequence: number; run: () => void }[] = []

  constructor(wall = Date.UTC(2026, 0, 1)) {
    this.#wall = wall
  }

  now(): number {
    return this.#wall
  }

  monotonic(): number {
    return this.#elapsed
  }

  after(ms: number, run: () => void): Timer {
    const timer = { at: this.#elapsed + Math.max(0, ms), sequence: this.#sequence++, run }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter(other => other !== timer)
      },
    }
  }

  /** Moves time forward and fires what falls due on the way, including timers that those make. */
  advance(ms: number): void {
    const end = this.#elapsed + ms
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers = this.#timers.filter(timer => timer !== next)
      this.#moveTo(next.at)
      next.run()
    }
    this.#moveTo(end)
  }

  /** Moves only the wall clock, as ntpd or a resumed VM does. */
  jump(ms: number): void {
    this.#wall += ms
  }

  #moveTo(at: number): void {
    this.#wall += at - this.#elapsed
    this.#elapsed = at
  }

  #next(end: number) {
    return this.#timers.filter(timer => timer.at <= end).sort((a, b) => a.at - b.at || a.sequence - b.sequence)[0]
  }
}
