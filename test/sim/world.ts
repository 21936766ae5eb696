/**
 * test/sim/ runs whole clusters in one thread under a virtual clock, disk and network: the production core, log, driver
 * and state machine, unmodified, with every fault that one seed can think of. Start with run.ts (one seed), then
 * cluster.ts (the members), faults.ts and nemesis.ts (what is done to them) and invariants.ts (what must hold all along). This file is
 * time itself. Imports anything of etcd/ and platform/.
 */
import { type Random, seededRandom } from '../../platform/random.ts'

/** One life of a process: from its start to its crash. Nothing of it happens afterwards. */
export class Life {
  alive = true
  /** While paused, everything that befalls the process waits, as for a stopped process or a suspended VM. */
  paused = false
  held: (() => void)[] = []
}

interface Happening {
  at: number
  number: number
  life: Life
  run: () => void
  cancelled: boolean
}

export class World {
  /** Milliseconds since the beginning. */
  now = 0
  happenings = 0
  readonly random: Random
  readonly trace: Trace
  /** Called when everything that a happening set in motion has come to rest. */
  afterEach: () => void = () => {}
  #queue: Happening[] = []
  #number = 0
  readonly #forEver = new Life()

  constructor(seed: number, trace = new Trace()) {
    this.random = seededRandom(seed)
    this.trace = trace
  }

  say(who: string, what: string): void {
    this.trace.add(`${(this.now / 1000).toFixed(4).padStart(9)} ${who.padEnd(6)} ${what}`)
  }

  after(ms: number, run: () => void, life: Life = this.#forEver): { cancel(): void } {
    const happening = { at: this.now + Math.max(0, ms), number: this.#number++, life, run, cancelled: false }
    push(this.#queue, happening)
    return {
      cancel: () => {
        happening.cancelled = true
      },
    }
  }

  /** Never resolves once the life is over. */
  sleep(ms: number, life?: Life): Promise<void> {
    return new Promise(resolve => this.after(ms, resolve, life))
  }

  async runUntil(end: number): Promise<void> {
    for (let next = this.#queue[0]; next && next.at <= end && !this.stormy; next = this.#queue[0]) {
      pop(this.#queue)
      if (next.cancelled || !next.life.alive) continue
      this.now = next.at
      if (next.life.paused) next.life.held.push(next.run)
      else await this.#happen(next.run)
    }
    this.now = end
  }

  async #happen(run: () => void): Promise<void> {
    this.happenings++
    run()
    await promisesSettled()
    this.afterEach()
  }

  /** So much cannot happen unless messages breed messages. */
  get stormy(): boolean {
    return this.happenings > 200_000
  }

  resume(life: Life): void {
    life.paused = false
    for (const run of life.held.splice(0)) this.after(0, run, life)
  }

  // ---- chance

  chance(probability: number): boolean {
    return this.random.next() < probability
  }

  between(low: number, high: number): number {
    return low + this.random.next() * (high - low)
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random.next() * list.length)]!
  }
}

function promisesSettled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** The last lines of what happened, for a person to read. */
class Trace {
  readonly #lines: string[] = []
  readonly #limit: number

  constructor(limit = 400) {
    this.#limit = limit
  }

  add(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > 2 * this.#limit) this.#lines.splice(0, this.#limit)
  }

  get lines(): string[] {
    return this.#lines.slice(-this.#limit)
  }
}

function before(a: Happening, b: Happening): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number)
}

/** A binary heap: the next happening is at the top. */
function push(heap: Happening[], happening: Happening): void {
  heap.push(happening)
  for (let at = heap.length - 1; at > 0; ) {
    const parent = (at - 1) >> 1
    if (!before(heap[at]!, heap[parent]!)) return
    swap(heap, at, parent)
    at = parent
  }
}

function pop(heap: Happening[]): void {
  const last = heap.pop()!
  if (heap.length === 0) return
  heap[0] = last
  for (let at = 0; ; ) {
    const left = 2 * at + 1
    const right = left + 1
    let first = at
    if (left < heap.length && before(heap[left]!, heap[first]!)) first = left
    if (right < heap.length && before(heap[right]!, heap[first]!)) first = right
    if (first === at) return
    swap(heap, at, first)
    at = first
  }
}

function swap(heap: Happening[], a: number, b: number): void {
  const kept = heap[a]!
  heap[a] = heap[b]!
  heap[b] = kept
}
