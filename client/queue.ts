import type { Clock, Timer } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'

export interface QueueOptions {
  name: string
  clock: Clock
  log: Log
  /** How many keys are worked on at once; one key never by two workers. */
  workers?: number
  firstRetryMs?: number
  longestRetryMs?: number
  /** One forward step for one key. A thrown error means: again, later and later. */
  work(key: string): Promise<void>
}

/**
 * Keys that need a look. A key waits once however often it is added, is worked on by one worker at a time, and when it
 * is added while worked on, is worked on again afterwards: so the last look always saw the newest state.
 */
export class WorkQueue {
  readonly #options: Required<QueueOptions>
  readonly #waiting = new Set<string>()
  readonly #active = new Set<string>()
  readonly #again = new Set<string>()
  readonly #failures = new Map<string, number>()
  readonly #timers = new Map<string, { timer: Timer; at: number }>()
  #idleWaiters: (() => void)[] = []
  #running = false

  constructor(options: QueueOptions) {
    this.#options = { workers: 4, firstRetryMs: 10, longestRetryMs: 60_000, ...options }
  }

  /** Nothing is worked on before this; what was added earlier waits. */
  start(): void {
    this.#running = true
    this.#fill()
  }

  /** Takes no more; resolves when the last worker is done. */
  stop(): Promise<void> {
    this.#running = false
    for (const { timer } of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    this.#waiting.clear()
    this.#again.clear()
    return this.idle()
  }

  add(key: string): void {
    if (this.#active.has(key)) this.#again.add(key)
    else this.#waiting.add(key)
    this.#fill()
  }

  /** Adds the key after a while; the sooner of several such wishes counts. */
  addAfter(key: string, ms: number): void {
    const at = this.#options.clock.monotonic() + ms
    const planned = this.#timers.get(key)
    if (planned && planned.at <= at) return
    planned?.timer.cancel()
    const timer = this.#options.clock.after(ms, () => {
      this.#timers.delete(key)
      this.add(key)
    })
    this.#timers.set(key, { timer, at })
  }

  /** How many keys wait or are worked on, planned ones not counted. */
  get length(): number {
    return this.#waiting.size + this.#active.size
  }

  /** Resolves when nothing waits and nothing is worked on; planned keys do not count. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve()
    return new Promise(resolve => this.#idleWaiters.push(resolve))
  }

  #isIdle(): boolean {
    return this.#active.size === 0 && (this.#waiting.size === 0 || !this.#running)
  }

  #fill(): void {
    for (const key of this.#waiting) {
      if (!this.#running || this.#active.size >= this.#options.workers) return
      this.#waiting.delete(key)
      this.#active.add(key)
      void this.#work(key)
    }
  }

  async #work(key: string): Promise<void> {
    try {
      await this.#options.work(key)
      this.#failures.delete(key)
    } catch (error) {
      this.#retry(key, error)
    }
    this.#active.delete(key)
    if (this.#running && this.#again.delete(key)) this.#waiting.add(key)
    this.#fill()
    if (this.#isIdle()) for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  #retry(key: string, error: unknown): void {
    const { firstRetryMs, longestRetryMs, name, log } = this.#options
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    const pauseMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 30))
    // Conflicts are everyday: someone else wrote first, and the next look sees what.
    const level = failures > 3 && !isConflict(error) ? 'warn' : 'debug'
    log[level]('A step failed, trying again', { queue: name, key, failures, pauseMs, error })
    if (this.#running) this.addAfter(key, pauseMs)
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 'Conflict'
}
