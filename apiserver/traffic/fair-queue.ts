import { ApiError } from '../../api/errors.ts'
import type { Clock, Timer } from '../../platform/clock.ts'

export interface FairQueueLimits {
  /** --max-requests-inflight, --max-mutating-requests-inflight */
  readOnly: number
  mutating: number
  /** Requests of one user that may wait. */
  waitingPerUser: number
  longestWaitMs: number
}

export const DEFAULT_LIMITS: FairQueueLimits = {
  readOnly: 400,
  mutating: 200,
  waitingPerUser: 100,
  longestWaitMs: 15_000,
}

type RequestKind = 'readOnly' | 'mutating'

interface Waiting {
  start(): void
  timer: Timer
}

/**
 * So many requests are served at a time; the others wait, and those who wait are taken user by user in turn. So whoever
 * floods the server waits behind himself, and an agent with one request waits for at most one of everybody else's.
 */
export class FairQueue {
  readonly running: Record<RequestKind, number> = { readOnly: 0, mutating: 0 }
  readonly #clock: Clock
  readonly #limits: FairQueueLimits
  readonly #queues: Record<RequestKind, Map<string, Waiting[]>> = { readOnly: new Map(), mutating: new Map() }

  constructor(clock: Clock, limits: FairQueueLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  get waiting(): number {
    const count = (queues: Map<string, Waiting[]>) => [...queues.values()].reduce((sum, queue) => sum + queue.length, 0)
    return count(this.#queues.readOnly) + count(this.#queues.mutating)
  }

  /** Runs `work` when it is this user's turn; TooManyRequests when that would take too long. */
  async run<T>(kind: RequestKind, user: string, work: () => Promise<T>): Promise<T> {
    if (this.running[kind] >= this.#limits[kind]) await this.#turn(kind, user)
    this.running[kind]++
    try {
      return await work()
    } finally {
      this.running[kind]--
      this.#startNext(kind)
    }
  }

  #turn(kind: RequestKind, user: string): Promise<void> {
    const queues = this.#queues[kind]
    const queue = queues.get(user) ?? []
    if (queue.length >= this.#limits.waitingPerUser) throw tooMany()
    queues.set(user, queue)
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(this.#limits.longestWaitMs, () => {
        this.#forget(kind, user, waiting)
        reject(tooMany())
      })
      const waiting: Waiting = { timer, start: resolve }
      queue.push(waiting)
    })
  }

  #startNext(kind: RequestKind): void {
    const queues = this.#queues[kind]
    const [next] = queues
    if (!next || this.running[kind] >= this.#limits[kind]) return
    const [user, queue] = next
    const waiting = queue.shift()!
    // To the end of the round: everybody else comes first now.
    queues.delete(user)
    if (queue.length > 0) queues.set(user, queue)
    waiting.timer.cancel()
    waiting.start()
  }

  #forget(kind: RequestKind, user: string, waiting: Waiting): void {
    const queue = this.#queues[kind].get(user) ?? []
    const rest = queue.filter(other => other !== waiting)
    if (rest.length === 0) this.#queues[kind].delete(user)
    else this.#queues[kind].set(user, rest)
  }
}

function tooMany(): ApiError {
  return new ApiError('TooManyRequests', 'too many requests, please try again later', { retryAfterSeconds: 1 })
}
