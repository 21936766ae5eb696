import type { Pod } from '../api/types/core-v1.ts'
import type { Clock, Timer } from '../platform/clock.ts'
import { factsOf, type PodFacts } from './facts.ts'

/** Something happened that may help pods which these filters refused. */
export type Happening =
  | 'node-added'
  | 'node-changed'
  | 'pod-gone'
  | 'pod-placed'
  | 'storage-changed'
  | 'namespace-changed'

/** Who is helped by what. A filter that is not listed is helped by everything. */
const HELPED_BY: Record<string, readonly Happening[]> = {
  NodeUnschedulable: ['node-added', 'node-changed'],
  NodeName: ['node-added'],
  TaintToleration: ['node-added', 'node-changed'],
  NodeAffinity: ['node-added', 'node-changed'],
  NodePorts: ['node-added', 'pod-gone'],
  NodeResourcesFit: ['node-added', 'node-changed', 'pod-gone'],
  PodTopologySpread: ['node-added', 'node-changed', 'pod-gone', 'pod-placed'],
  InterPodAffinity: ['node-added', 'node-changed', 'pod-gone', 'pod-placed', 'namespace-changed'],
  VolumeBinding: ['node-added', 'node-changed', 'storage-changed'],
  VolumeRestrictions: ['pod-gone', 'storage-changed'],
}

const FIRST_BACKOFF_MS = 1000
const LONGEST_BACKOFF_MS = 10_000
/** Whatever woke nobody by mistake is made good after this long. */
const FLUSH_AFTER_MS = 300_000

interface Entry {
  facts: PodFacts
  /** Order of arrival among pods of equal priority. */
  turn: number
  attempts: number
  refusedBy: ReadonlySet<string>
  place: 'active' | 'backoff' | 'parked' | 'out'
  /** On the monotonic clock: end of the back-off, or begin of the parking. */
  since: number
  /** How many happenings there had been when its decision began. */
  seenHappenings: number
}

/**
 * Pods that wait for a place: ready ones by priority, then by age; those that failed a while ago in back-off; and those
 * that no node suited parked until something happens that can help them.
 */
export class SchedulingQueue {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #ready = new Heap()
  readonly #parked = new Set<Entry>()
  readonly #happenings: Happening[] = []
  #happeningsBefore = 0
  #turn = 0
  #timer: { timer: Timer; at: number } | undefined
  #onReady = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Called when a pod became ready while nobody was popping. */
  set onReady(call: () => void) {
    this.#onReady = call
  }

  get size(): number {
    return this.#entries.size
  }

  /** A new pod, or a change of one that waits: a change of its own may be just what helps. */
  set(pod: Pod): void {
    const facts = factsOf(pod)
    const entry = this.#entries.get(facts.uid)
    if (entry) {
      const isNews =
        JSON.stringify(entry.facts.pod.spec) !== JSON.stringify(pod.spec) || !sameLabels(entry.facts, facts)
      entry.facts = facts
      if (entry.place === 'parked' && isNews) this.#wake(entry)
      return
    }
    const fresh: Entry = {
      facts,
      turn: this.#turn++,
      attempts: 0,
      refusedBy: new Set(),
      place: 'out',
      since: 0,
      seenHappenings: 0,
    }
    this.#entries.set(facts.uid, fresh)
    this.#makeReady(fresh)
  }

  remove(uid: string): void {
    const entry = this.#entries.get(uid)
    if (!entry) return
    this.#moveTo(entry, 'out', 0)
    this.#entries.delete(uid)
  }

  /** The next pod to decide about. It stays known until `remove`, or comes back by `park` or `retry`. */
  pop(): PodFacts | undefined {
    for (let entry = this.#ready.pop(); entry; entry = this.#ready.pop()) {
      if (entry.place !== 'active' || this.#entries.get(entry.facts.uid) !== entry) continue
      entry.place = 'out'
      entry.attempts++
      entry.seenHappenings = this.#happeningsBefore + this.#happenings.length
      return entry.facts
    }
    return undefined
  }

  /** No node suits: waits for what can help. What happened during the decision counts already. */
  park(uid: string, refusedBy: Iterable<string>): void {
    const entry = this.#entries.get(uid)
    if (entry?.place !== 'out') return
    entry.refusedBy = new Set(refusedBy)
    this.#moveTo(entry, 'parked', this.#clock.monotonic())
    const missed = this.#happenings.slice(Math.max(0, entry.seenHappenings - this.#happeningsBefore))
    if (missed.some(happening => helps(happening, entry))) this.#wake(entry)
    else this.#plan(entry.since + FLUSH_AFTER_MS)
  }

  /** Something went wrong on the way: again after the back-off. */
  retry(uid: string): void {
    const entry = this.#entries.get(uid)
    if (entry?.place === 'out') this.#wake(entry)
  }

  /** What it waited for is there: no back-off, since nothing went wrong. */
  hurry(uid: string): void {
    const entry = this.#entries.get(uid)
    if (entry?.place === 'parked' || entry?.place === 'backoff') this.#makeReady(entry)
  }

  /** Wakes the parked pods that this can help. */
  happened(happening: Happening, concerns: (pod: PodFacts) => boolean = () => true): void {
    this.#happenings.push(happening)
    if (this.#happenings.length > 1000) {
      this.#happenings.splice(0, 500)
      this.#happeningsBefore += 500
    }
    for (const entry of [...this.#parked]) if (helps(happening, entry) && concerns(entry.facts)) this.#wake(entry)
  }

  stop(): void {
    this.#timer?.timer.cancel()
    this.#entries.clear()
    this.#parked.clear()
  }

  #wake(entry: Entry): void {
    const pause = entry.attempts === 0 ? 0 : Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (entry.attempts - 1))
    const began = entry.place === 'parked' ? entry.since : this.#clock.monotonic()
    const until = began + pause
    if (until <= this.#clock.monotonic()) this.#makeReady(entry)
    else {
      this.#moveTo(entry, 'backoff', until)
      this.#plan(until)
    }
  }

  #makeReady(entry: Entry): void {
    if (entry.facts.pod.spec?.schedulingGates?.length) {
      entry.refusedBy = new Set(['SchedulingGates'])
      this.#moveTo(entry, 'parked', this.#clock.monotonic())
      return
    }
    this.#moveTo(entry, 'active', 0)
    this.#ready.push(entry)
    this.#onReady()
  }

  #moveTo(entry: Entry, place: Entry['place'], since: number): void {
    entry.place = place
    entry.since = since
    if (place === 'parked') this.#parked.add(entry)
    else this.#parked.delete(entry)
  }

  #plan(at: number): void {
    if (this.#timer && this.#timer.at <= at) return
    this.#timer?.timer.cancel()
    const timer = this.#clock.after(Math.max(0, at - this.#clock.monotonic()), () => this.#release())
    this.#timer = { timer, at }
  }

  #release(): void {
    this.#timer = undefined
    const now = this.#clock.monotonic()
    let next = Number.POSITIVE_INFINITY
    for (const entry of this.#entries.values()) {
      const due = dueTime(entry)
      if (due <= now) this.#makeReady(entry)
      else if (due < next) next = due
    }
    if (next < Number.POSITIVE_INFINITY) this.#plan(next)
  }
}

function dueTime(entry: Entry): number {
  if (entry.place === 'backoff') return entry.since
  const isGated = entry.refusedBy.has('SchedulingGates')
  return entry.place === 'parked' && !isGated ? entry.since + FLUSH_AFTER_MS : Number.POSITIVE_INFINITY
}

function helps(happening: Happening, entry: Entry): boolean {
  for (const filter of entry.refusedBy) {
    if (filter !== 'SchedulingGates' && (HELPED_BY[filter]?.includes(happening) ?? true)) return true
  }
  return false
}

function sameLabels(a: PodFacts, b: PodFacts): boolean {
  return JSON.stringify(a.labels) === JSON.stringify(b.labels)
}

/** A binary heap: the most important first, then the one that came first. */
class Heap {
  readonly #items: Entry[] = []

  push(entry: Entry): void {
    const items = this.#items
    let at = items.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(items[at]!, items[parent]!)) break
      this.#swap(at, parent)
      at = parent
    }
  }

  pop(): Entry | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (items.length === 0 || !last) return top
    items[0] = last
    for (let at = 0; ; ) {
      const left = 2 * at + 1
      const right = left + 1
      let first = at
      if (left < items.length && before(items[left]!, items[first]!)) first = left
      if (right < items.length && before(items[right]!, items[first]!)) first = right
      if (first === at) return top
      this.#swap(at, first)
      at = first
    }
  }

  #swap(a: number, b: number): void {
    const items = this.#items
    const kept = items[a]!
    items[a] = items[b]!
    items[b] = kept
  }
}

function before(a: Entry, b: Entry): boolean {
  return (a.facts.priority - b.facts.priority || b.turn - a.turn) > 0
}
