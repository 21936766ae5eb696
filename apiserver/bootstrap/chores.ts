import type { Clock, Timer } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'

export interface Chore {
  name: string
  everyMs: number
  run(): Promise<void>
}

/** What the server does by itself from time to time. A chore that fails is told and tried again at its next turn. */
export class Chores {
  readonly #clock: Clock
  readonly #log: Log
  readonly #timers = new Map<string, Timer>()
  readonly #running = new Set<Promise<void>>()
  #closed = false

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  start(chores: readonly Chore[]): void {
    for (const chore of chores) this.#later(chore)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers.values()) timer.cancel()
    await Promise.all(this.#running)
  }

  #later(chore: Chore): void {
    if (this.#closed) return
    this.#timers.set(
      chore.name,
      this.#clock.after(chore.everyMs, () => void this.#turn(chore)),
    )
  }

  async #turn(chore: Chore): Promise<void> {
    const run = chore.run().catch(error => this.#log.warn('A chore failed', { chore: chore.name, error }))
    this.#running.add(run)
    await run
    this.#running.delete(run)
    this.#later(chore)
  }
}
