import { inRange, type Keyspace, type Revision } from './keyspace.ts'

/** Changes of one key range, of whole revisions, in order. Watchers of the same range share one object. */
export interface WatchBatch {
  /** The newest revision among the events. */
  revision: number
  events: readonly Revision[]
}

export interface WatchListener {
  /** Takes a batch; false says: no more until `resume`. */
  events(batch: WatchBatch): boolean
  /** The watch fell behind compaction and is over. */
  compacted(compactRevision: number): void
}

export interface WatchSpec {
  start: string
  /** As in requests: '' is one key, '\0' no end. */
  end: string
  /** First revision wanted; 0: whatever comes. */
  from: number
  listener: WatchListener
}

interface Group {
  start: string
  end: string
  watchers: Set<Watcher>
}

const CATCH_UP_RECORDS = 1000

/**
 * Tells watchers of changes, straight from the apply path. A watcher either keeps pace, and then belongs to the group of its
 * range, or it lags: nothing is kept for it, it reads the history from its own revision when it wants more.
 */
export class WatchHub {
  readonly #keyspace: Keyspace
  readonly #single = new Map<string, Group>()
  readonly #ranges = new Map<string, Group>()

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace
  }

  /** The watch says nothing until it is resumed for the first time. */
  watch(spec: WatchSpec): Watcher {
    return new Watcher(this, this.#keyspace, { ...spec, from: spec.from > 0 ? spec.from : this.#keyspace.revision + 1 })
  }

  /** All changes of one revision. */
  notify(changes: readonly Revision[]): void {
    if (this.#single.size === 0 && this.#ranges.size === 0) return
    for (const [group, events] of this.#touched(changes)) {
      const batch = { revision: events[0]!.modRevision, events }
      for (const watcher of group.watchers) watcher.take(batch)
    }
  }

  /** The keyspace was replaced by a newer one: whoever kept pace so far reads what lies between from the history. */
  restart(): void {
    const groups = [...this.#single.values(), ...this.#ranges.values()]
    for (const watcher of groups.flatMap(group => [...group.watchers])) {
      watcher.leave?.()
      watcher.resume()
    }
  }

  get watcherCount(): number {
    return [...this.#single.values(), ...this.#ranges.values()].reduce((sum, group) => sum + group.watchers.size, 0)
  }

  join(watcher: Watcher): void {
    const { start, end } = watcher.spec
    const groups = end === '' ? this.#single : this.#ranges
    const name = end === '' ? start : `${start.length} ${start}${end}`
    const group = groups.get(name) ?? { start, end, watchers: new Set() }
    group.watchers.add(watcher)
    groups.set(name, group)
    watcher.leave = () => {
      group.watchers.delete(watcher)
      if (group.watchers.size === 0) groups.delete(name)
      watcher.leave = undefined
    }
  }

  #touched(changes: readonly Revision[]): Map<Group, Revision[]> {
    const touched = new Map<Group, Revision[]>()
    const touch = (group: Group, change: Revision) => {
      const events = touched.get(group)
      if (events) events.push(change)
      else touched.set(group, [change])
    }
    for (const change of changes) {
      const single = this.#single.get(change.key)
      if (single) touch(single, change)
      for (const group of this.#ranges.values()) if (inRange(change.key, group.start, group.end)) touch(group, change)
    }
    return touched
  }
}

export class Watcher {
  readonly spec: WatchSpec
  readonly #hub: WatchHub
  readonly #keyspace: Keyspace
  #next: number
  #closed = false
  /** Set while the watcher keeps pace. */
  leave: (() => void) | undefined

  constructor(hub: WatchHub, keyspace: Keyspace, spec: WatchSpec) {
    this.#hub = hub
    this.#keyspace = keyspace
    this.spec = spec
    this.#next = spec.from
  }

  /** Does it know of everything that has happened so far? */
  get synced(): boolean {
    return this.leave !== undefined
  }

  /** Goes on after the listener had enough, and from the beginning. */
  resume(): void {
    while (!this.#closed && !this.leave) {
      if (this.#next < this.#keyspace.compacted) {
        this.close()
        this.spec.listener.compacted(this.#keyspace.compacted)
        return
      }
      const missed = this.#keyspace.chunkSince(this.#next, CATCH_UP_RECORDS)
      if (missed.length === 0) this.#hub.join(this)
      else if (!this.#catchUp(missed)) return
    }
  }

  /** A change as it happens. */
  take(batch: WatchBatch): void {
    if (batch.revision < this.#next) return
    this.#next = batch.revision + 1
    if (!this.spec.listener.events(batch)) this.leave?.()
  }

  close(): void {
    this.#closed = true
    this.leave?.()
  }

  #catchUp(missed: readonly Revision[]): boolean {
    this.#next = missed.at(-1)!.modRevision + 1
    const events = missed.filter(record => inRange(record.key, this.spec.start, this.spec.end))
    return events.length === 0 || this.spec.listener.events({ revision: events.at(-1)!.modRevision, events })
  }
}
