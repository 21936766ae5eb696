import BTreeModule from 'sorted-btree'
import type { Entry } from './entry.ts'

type BTree<K, V> = import('sorted-btree').default<K, V>
// The package is CommonJS: its default export arrives one level down.
const BTreeClass = ((BTreeModule as unknown as { default?: unknown }).default ??
  BTreeModule) as typeof import('sorted-btree').default

const MOST_CHANGES = 2048
const MOST_CHANGE_BYTES = 8 << 20

const byCodeUnits = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** One step of an object's life, and what was already made of it for watchers. */
export class Change {
  readonly type: 'put' | 'delete'
  readonly revision: number
  /** The new state; of a deletion the last one, told at the deletion's revision. */
  readonly entry: Entry
  readonly previous: Entry | undefined
  #forms: Map<string, unknown> | undefined = new Map()

  constructor(type: 'put' | 'delete', entry: Entry, previous: Entry | undefined) {
    this.type = type
    this.entry = entry
    this.previous = previous
    this.revision = entry.revision
  }

  /** Made once for each form, however many watchers want it while it is told. */
  inForm<T>(form: string, make: () => T): T {
    const known = this.#forms?.get(form) as T | undefined
    if (known) return known
    const made = make()
    this.#forms?.set(form, made)
    return made
  }

  /** Everybody has heard of it. It is remembered for those who come back later; its forms would weigh more than itself. */
  told(): void {
    this.#forms = undefined
  }
}

export type ChangeListener = (change: Change) => void

/** All objects of one kind in key order, the latest changes to them, and who wants to hear of the next. */
export class Shelf {
  readonly prefix: string
  #entries: BTree<string, Entry> = new BTreeClass<string, Entry>(undefined, byCodeUnits)
  #changes: Change[] = []
  #changeBytes = 0
  /** Every change after this revision is in `#changes`. */
  #floor: number
  readonly #listeners = new Set<ChangeListener>()

  constructor(prefix: string, floor: number) {
    this.prefix = prefix
    this.#floor = floor
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  /** Entries in [start, end), at most `limit`. */
  range(start: string, end: string, limit = Number.POSITIVE_INFINITY): Entry[] {
    const found: Entry[] = []
    this.#entries.forRange(start, end, false, (_key, entry) => {
      found.push(entry)
      return found.length >= limit ? { break: true } : undefined
    })
    return found
  }

  /** How many entries stand in [start, end). */
  count(start: string, end: string): number {
    return this.#entries.forRange(start, end, false, () => undefined) as number
  }

  /** Changes after a revision, or undefined when some of them are no longer at hand. */
  changesAfter(revision: number): Change[] | undefined {
    if (revision < this.#floor) return undefined
    const changes = this.#changes
    let low = 0
    for (let high = changes.length; low < high; ) {
      const middle = (low + high) >> 1
      if (changes[middle]!.revision <= revision) low = middle + 1
      else high = middle
    }
    return changes.slice(low)
  }

  /** Puts in what was there at the start: no change that anybody hears of. */
  load(entry: Entry): void {
    this.#entries.set(entry.key, entry)
  }

  apply(type: 'put' | 'delete', entry: Entry): void {
    const previous = this.#entries.get(entry.key)
    if (type === 'delete' && !previous) return
    if (type === 'put') this.#entries.set(entry.key, entry)
    else this.#entries.delete(entry.key)
    const change = new Change(type, type === 'put' ? entry : previous!.at(entry.revision), previous)
    this.#remember(change)
    for (const listener of this.#listeners) listener(change)
    change.told()
  }

  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #remember(change: Change): void {
    this.#changes.push(change)
    this.#changeBytes += change.entry.value.length
    if (this.#changes.length <= MOST_CHANGES && this.#changeBytes <= MOST_CHANGE_BYTES) return
    const forgotten = this.#changes.splice(0, Math.ceil(this.#changes.length / 2))
    for (const old of forgotten) this.#changeBytes -= old.entry.value.length
    this.#floor = forgotten.at(-1)!.revision
  }
}
