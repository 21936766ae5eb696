import type { Revision } from '../../etcd/mvcc/keyspace.ts'
import type { WatchBatch, WatchHub } from '../../etcd/mvcc/watch.ts'
import type { Clock } from '../../platform/clock.ts'
import { storedValue } from './etcd.ts'
import { storeError } from './failure.ts'
import { CompactedError, type StoreEvent, type StoreWatchItem, type WatchOptions } from './store.ts'

/** What the watch of a store in this process needs. */
export interface Watchable {
  hub: WatchHub
  clock: Clock
  /** Revision up to which everything has been applied. */
  revision(): number
  /** Aborts, with the reason, when the store cannot serve any more. */
  closed: AbortSignal
}

/** Beyond this many unread batches the watch reads the history instead of keeping more. */
const MAX_UNREAD = 1000
const PROGRESS_MS = 1000

/** Follows a range straight from the apply path. Ends when `signal` aborts. */
export async function* watchHub(source: Watchable, start: string, end: string, options: WatchOptions) {
  if (options.signal.aborted) return
  const feed = new Feed(source, start, end, options)
  try {
    yield* feed.items()
  } finally {
    feed.close()
  }
}

class Feed {
  readonly #source: Watchable
  readonly #signal: AbortSignal
  readonly #watcher
  #unread: StoreWatchItem[] = []
  #failure: Error | undefined
  #wake: () => void = () => {}
  #told: number

  constructor(source: Watchable, start: string, end: string, options: WatchOptions) {
    this.#source = source
    this.#signal = options.signal
    this.#told = options.fromRevision - 1
    this.#watcher = source.hub.watch({ start, end, from: options.fromRevision, listener: this })
    this.#signal.addEventListener('abort', this.#onAbort)
    source.closed.addEventListener('abort', this.#onClosed)
    if (source.closed.aborted) this.#onClosed()
  }

  events(batch: WatchBatch): boolean {
    this.#unread.push({ revision: batch.revision, events: batch.events.map(storeEvent) })
    this.#wake()
    return this.#unread.length < MAX_UNREAD
  }

  compacted(compactRevision: number): void {
    this.#fail(new CompactedError(compactRevision))
  }

  async *items(): AsyncGenerator<StoreWatchItem> {
    this.#watcher.resume()
    const tick = () => {
      this.#wake()
      timer = this.#source.clock.after(PROGRESS_MS, tick)
    }
    let timer = this.#source.clock.after(PROGRESS_MS, tick)
    try {
      while (!this.#signal.aborted) {
        const items = this.#take()
        for (const item of items) yield item
        if (items.length > 0) continue
        if (this.#failure) throw this.#failure
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
        this.#noticeProgress()
      }
    } finally {
      timer.cancel()
    }
  }

  close(): void {
    this.#watcher.close()
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#source.closed.removeEventListener('abort', this.#onClosed)
  }

  #take(): StoreWatchItem[] {
    const items = this.#unread
    this.#unread = []
    if (!this.#watcher.synced && !this.#failure) this.#watcher.resume()
    if (items.length > 0) this.#told = items.at(-1)!.revision
    return items
  }

  /** A watch that heard nothing for a while learns how far the store has come meanwhile. */
  #noticeProgress(): void {
    const revision = this.#source.revision()
    if (this.#unread.length > 0 || !this.#watcher.synced || revision <= this.#told) return
    this.#unread.push({ revision, events: [] })
  }

  #fail(error: Error): void {
    this.#failure = error
    this.#wake()
  }

  readonly #onAbort = () => this.#wake()
  readonly #onClosed = () => this.#fail(storeError(this.#source.closed.reason, () => 0) as Error)
}

function storeEvent(record: Revision): StoreEvent {
  const { older } = record
  const value = storedValue(record)
  const previous = older && !older.deleted ? storedValue(older) : undefined
  return { type: record.deleted ? 'delete' : 'put', key: value.key, value, previous }
}
