import { UnavailableError } from './errors.ts'

interface Waiter {
  deadline: number
  resolve: (index: number) => void
  reject: (error: Error) => void
}

/**
 * Reads that wait to be linearizable. One question at a time is under way to the leader; what comes meanwhile goes into
 * the next, so any number of readers costs one round of heartbeats.
 */
export class ReadQueue {
  #waiting: Waiter[] = []
  #asked: { context: number; since: number; waiters: Waiter[] } | undefined
  #settled: { index: number; waiters: Waiter[] }[] = []
  #context: number
  #applied = 0

  /** Contexts go on from `start`, by chance, so that an answer to a member's former life is not taken for a new one. */
  constructor(start: number) {
    this.#context = start
  }

  add(deadline: number): Promise<number> {
    return new Promise((resolve, reject) => this.#waiting.push({ deadline, resolve, reject }))
  }

  /** The number of a question to ask now, or undefined. */
  takeQuestion(now: number): number | undefined {
    if (this.#asked || this.#waiting.length === 0) return undefined
    this.#asked = { context: ++this.#context, since: now, waiters: this.#waiting }
    this.#waiting = []
    return this.#asked.context
  }

  answered(context: number, index: number): void {
    if (this.#asked?.context !== context) return
    this.#settled.push({ index, waiters: this.#asked.waiters })
    this.#asked = undefined
    this.applied(this.#applied)
  }

  /** The state machine has come to `index`. */
  applied(index: number): void {
    this.#applied = index
    while (this.#settled.length > 0 && this.#settled[0]!.index <= index) {
      const { index: read, waiters } = this.#settled.shift()!
      for (const waiter of waiters) waiter.resolve(read)
    }
  }

  /** The question could not be put, or its answer may be lost: ask again. */
  askAgain(): void {
    if (!this.#asked) return
    this.#waiting = [...this.#asked.waiters, ...this.#waiting]
    this.#asked = undefined
  }

  tick(now: number, patience: number): void {
    if (this.#asked && now - this.#asked.since >= patience) this.askAgain()
    const late = this.#waiting.filter(waiter => waiter.deadline <= now)
    if (late.length === 0) return
    this.#waiting = this.#waiting.filter(waiter => waiter.deadline > now)
    for (const waiter of late) waiter.reject(new UnavailableError('no leader confirmed the read in time'))
  }

  rejectAll(error: Error): void {
    this.askAgain()
    const all = [...this.#waiting, ...this.#settled.flatMap(({ waiters }) => waiters)]
    this.#waiting = []
    this.#settled = []
    for (const waiter of all) waiter.reject(error)
  }
}
