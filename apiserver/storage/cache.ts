import type { Clock } from '../../platform/clock.ts'
import { nextTurn, pause, sleep } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { canonical, Entry } from './entry.ts'
import { prefixEnd, REGISTRY, shelfPrefixOf } from './keys.ts'
import { type Change, Shelf } from './shelf.ts'
import { CompactedError, type Store, type StoredValue, type StoreWatchItem } from './store.ts'
import type { Transformer } from './transform.ts'

const LOAD_PAGE = 1000
const RETRY_MS = 250

export interface CacheOptions {
  store: Store
  clock: Clock
  log: Log
  transformer: Transformer
}

/**
 * A picture of everything under /registry/, fed by one watch of the store: so one revision tells how fresh all of it is.
 * Reads that must be current ask the store for its revision and wait until the picture has reached it.
 */
export class Cache {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Log
  readonly #transformer: Transformer
  #shelves = new Map<string, Shelf>()
  #revision = 0
  #waiters: { revision: number; resolve: () => void }[] = []
  readonly #stop = new AbortController()
  readonly #resetListeners = new Set<() => void>()
  #nextQuestion: Promise<number> | undefined
  #question: Promise<unknown> = Promise.resolve()
  #following: Promise<void> | undefined

  constructor(options: CacheOptions) {
    this.#store = options.store
    this.#clock = options.clock
    this.#log = options.log
    this.#transformer = options.transformer
  }

  get revision(): number {
    return this.#revision
  }

  /** Resolves when the picture is complete; from then on it follows the store until `close`. */
  async start(): Promise<void> {
    await this.#load()
    for (const listener of this.#resetListeners) listener()
    this.#following = this.#follow()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#following
    // Whoever still watches shall not wait for what no longer comes.
    for (const listener of this.#resetListeners) listener()
  }

  shelf(prefix: string): Shelf {
    const known = this.#shelves.get(prefix)
    if (known) return known
    const shelf = new Shelf(prefix, this.#revision)
    this.#shelves.set(prefix, shelf)
    return shelf
  }

  shelves(): Iterable<Shelf> {
    return this.#shelves.values()
  }

  /** Called when the picture had to be drawn anew: whoever listens to shelves has missed changes. */
  onReset(listener: () => void): () => void {
    this.#resetListeners.add(listener)
    return () => this.#resetListeners.delete(listener)
  }

  /** Hears of every change to some shelves, and of the picture being drawn anew, as long as the cache lives. */
  onChange(prefixes: readonly string[], listener: (change: Change | undefined) => void): void {
    const attach = () => {
      for (const prefix of prefixes) this.shelf(prefix).listen(listener)
    }
    attach()
    this.onReset(() => {
      attach()
      listener(undefined)
    })
  }

  /** Waits until the picture holds every write that was acknowledged before this call. */
  async upToDate(): Promise<void> {
    const revision = await this.#currentRevision()
    if (revision > this.#revision) await this.waitFor(revision)
  }

  waitFor(revision: number): Promise<void> {
    if (revision <= this.#revision) return Promise.resolve()
    return new Promise(resolve => this.#waiters.push({ revision, resolve }))
  }

  /** Whether the picture reaches `revision` within `ms`. */
  async reaches(revision: number, ms: number): Promise<boolean> {
    if (revision <= this.#revision) return true
    const patience = new AbortController()
    const late = pause(this.#clock, ms, patience.signal)
    await Promise.race([this.waitFor(revision), late])
    patience.abort()
    return revision <= this.#revision
  }

  /** One question to the store serves everybody who asked before it was sent: all whose requests came in together. */
  #currentRevision(): Promise<number> {
    if (this.#nextQuestion) return this.#nextQuestion
    const ask = () => {
      this.#nextQuestion = undefined
      const asked = this.#store.revision()
      // Those who asked hear of its failure; the next question only waits for its end.
      this.#question = asked.catch(() => undefined)
      return asked
    }
    this.#nextQuestion = this.#question.then(nextTurn).then(ask)
    return this.#nextQuestion
  }

  async #load(): Promise<void> {
    const shelves = new Map<string, Shelf>()
    const end = prefixEnd(REGISTRY)
    let revision: number | undefined
    for (let start = REGISTRY, more = true; more; ) {
      const page = await this.#store.range(start, end, { limit: LOAD_PAGE, revision })
      revision ??= page.revision
      for (const stored of page.values) this.#intoShelf(shelves, stored, revision)
      more = page.more
      if (more) start = `${page.values.at(-1)!.key}\0`
    }
    for (const prefix of this.#shelves.keys())
      if (!shelves.has(prefix)) shelves.set(prefix, new Shelf(prefix, revision!))
    this.#shelves = shelves
    this.#advance(revision!)
  }

  #intoShelf(shelves: Map<string, Shelf>, stored: StoredValue, revision: number): void {
    const entry = this.#entry(stored)
    if (!entry) return
    const prefix = shelfPrefixOf(stored.key)
    const shelf = shelves.get(prefix) ?? new Shelf(prefix, revision)
    shelves.set(prefix, shelf)
    shelf.load(entry)
  }

  async #follow(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const options = { fromRevision: this.#revision + 1, signal: this.#stop.signal }
        for await (const item of this.#store.watch(REGISTRY, prefixEnd(REGISTRY), options)) this.#take(item)
      } catch (error) {
        if (this.#stop.signal.aborted) return
        await this.#recover(error)
      }
    }
  }

  async #recover(error: unknown): Promise<void> {
    this.#log.warn('The watch of the store broke; it is taken up again', { error })
    try {
      await sleep(this.#clock, RETRY_MS, this.#stop.signal)
      if (!(error instanceof CompactedError)) return
      await this.#load()
      for (const listener of this.#resetListeners) listener()
    } catch (again) {
      if (!this.#stop.signal.aborted)
        this.#log.warn('The picture of the store could not be drawn anew', { error: again })
    }
  }

  #take(item: StoreWatchItem): void {
    for (const event of item.events) {
      const shelf = this.shelf(shelfPrefixOf(event.key))
      if (event.type === 'delete')
        shelf.apply('delete', new Entry(event.key, new Uint8Array(), event.value.modRevision))
      else {
        const entry = this.#entry(event.value)
        if (entry) shelf.apply('put', entry)
      }
    }
    this.#advance(item.revision)
  }

  #advance(revision: number): void {
    if (revision > this.#revision) this.#revision = revision
    if (this.#waiters.length === 0) return
    const ready = this.#waiters.filter(waiter => waiter.revision <= this.#revision)
    this.#waiters = this.#waiters.filter(waiter => waiter.revision > this.#revision)
    for (const waiter of ready) waiter.resolve()
  }

  /** What cannot be read (not ours, or encrypted with a lost key) is said and left out: it must not stop the server. */
  #entry(stored: StoredValue): Entry | undefined {
    try {
      const plain = this.#transformer.fromStore(stored.value, stored.key)
      const entry = new Entry(stored.key, canonical(plain), stored.modRevision)
      entry.seal = this.#transformer.sealOf(stored.value)
      return entry
    } catch (error) {
      this.#log.error('A stored value could not be read', { key: stored.key, error })
      return undefined
    }
  }
}
