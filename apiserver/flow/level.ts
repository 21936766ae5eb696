import { dealHand, flowHash } from '../../api/flow/dealing.ts'
import type { QueuingConfiguration } from '../../api/types/flowcontrol-v1.ts'
import type { Allotment } from './shares.ts'

export type Refusal = 'concurrency-limit' | 'queue-full' | 'time-out' | 'cancelled'

/** A request that waits for its seats. */
export interface Waiting {
  seats: number
  queue: Queue
  start(): void
}

interface Queue {
  waiting: Waiting[]
  /** When the queue's next request would begin if seats were shared out evenly: the smallest is next. */
  turn: number
}

/** What a request is thought to take before it has run. */
const GUESS_MS = 5

/** A priority level as it is now: who has its seats, and who waits for them, in queues that are served evenly. */
export class Level {
  readonly name: string
  uid = ''
  allotment: Allotment = { exempt: false, nominal: 0, kept: 0, most: 0 }
  queuing: Required<QueuingConfiguration> | undefined
  /** Seats taken, requests that run, requests that wait. */
  taken = 0
  running = 0
  waiting = 0
  readonly #pool: Pool
  readonly #queues = new Map<number, Queue>()
  /** The turn of whoever was served last: who comes to an empty queue begins here, not in the past. */
  #turn = 0

  constructor(name: string, pool: Pool) {
    this.name = name
    this.#pool = pool
  }

  /** Whether there is room now; nobody overtakes those who wait. */
  hasRoom(seats: number): boolean {
    return this.waiting === 0 && this.#fits(seats)
  }

  #fits(seats: number): boolean {
    const { exempt, nominal, most } = this.allotment
    if (exempt || this.taken === 0 || this.taken + seats <= nominal) return true
    return this.taken + seats <= most && seats <= this.#pool.unclaimed(this)
  }

  take(seats: number): void {
    this.taken += seats
    this.running++
  }

  /** Frees seats; `queue` is that from which the request came, and pays for the time it really took. */
  give(seats: number, queue?: Queue, ms = 0): void {
    this.taken -= seats
    this.running--
    if (queue) queue.turn += seats * (ms - GUESS_MS)
    if (this.#pool.waiting > 0) this.#pool.serve(this)
  }

  /** Puts a request into the shortest queue of its flow's hand, or says why not. */
  enqueue(flow: { schema: string; distinguisher: string }, seats: number, start: () => void): Waiting | Refusal {
    if (!this.queuing) return 'concurrency-limit'
    const { queues, handSize, queueLengthLimit } = this.queuing
    const hand = dealHand(flowHash(flow.schema, flow.distinguisher), queues, handSize)
    const shortest = hand
      .map(index => this.#queue(index))
      .reduce((a, b) => (b.waiting.length < a.waiting.length ? b : a))
    if (shortest.waiting.length >= queueLengthLimit) return 'queue-full'
    if (shortest.waiting.length === 0) shortest.turn = Math.max(shortest.turn, this.#turn)
    const waiting = { seats, start, queue: shortest }
    shortest.waiting.push(waiting)
    this.waiting++
    this.#pool.waiting++
    return waiting
  }

  forget(request: Waiting): void {
    const { waiting } = request.queue
    waiting.splice(waiting.indexOf(request), 1)
    this.waiting--
    this.#pool.waiting--
  }

  /** Lets in who is next, as long as there is room. */
  serve(): void {
    for (let queue = this.#next(); queue && this.#fits(queue.waiting[0]!.seats); queue = this.#next()) {
      const next = queue.waiting.shift()!
      this.waiting--
      this.#pool.waiting--
      this.#turn = queue.turn
      queue.turn += next.seats * GUESS_MS
      this.take(next.seats)
      next.start()
    }
  }

  #next(): Queue | undefined {
    if (this.waiting === 0) return undefined
    let next: Queue | undefined
    for (const queue of this.#queues.values()) {
      if (queue.waiting.length > 0 && (!next || queue.turn < next.turn)) next = queue
    }
    return next
  }

  #queue(index: number): Queue {
    const known = this.#queues.get(index)
    if (known) return known
    const queue: Queue = { waiting: [], turn: 0 }
    this.#queues.set(index, queue)
    return queue
  }
}

/** All levels together: what one does not need another may borrow. */
export class Pool {
  readonly seats: number
  levels: readonly Level[] = []
  /** Requests that wait, in all levels. */
  waiting = 0

  constructor(seats: number) {
    this.seats = seats
  }

  /** Seats that nobody has and no other level keeps for itself. */
  unclaimed(asking: Level): number {
    let free = this.seats
    for (const level of this.levels) {
      if (level.allotment.exempt) continue
      free -= level === asking ? level.taken : Math.max(level.taken, level.allotment.kept)
    }
    return free
  }

  /** Seats have become free in `first`: its own requests come before those who would borrow them. */
  serve(first: Level): void {
    first.serve()
    for (const level of this.levels) if (level !== first) level.serve()
  }
}
