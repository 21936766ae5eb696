import type { ClientCall } from '../../etcd/client/call.ts'
import { Channel, type ChannelOptions } from '../../etcd/client/channel.ts'
import { type EtcdError, errors } from '../../etcd/errors.ts'
import {
  LeaseGrantRequest,
  LeaseGrantResponse,
  WatchCreateRequest,
  WatchRequest,
  WatchResponse,
} from '../../etcd/proto/control-messages.ts'
import {
  CompactionRequest,
  CompactionResponse,
  type Event,
  EventType,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from '../../etcd/proto/messages.ts'
import type { Clock, Timer } from '../../platform/clock.ts'
import { createEtcdStore, storedValue } from './etcd.ts'
import { storeError, translated } from './failure.ts'
import { CompactedError, type Store, type StoreEvent, type StoreWatchItem, type WatchOptions } from './store.ts'

const RANGE = [RangeRequest, RangeResponse] as const
const TXN = [TxnRequest, TxnResponse] as const
const COMPACT = [CompactionRequest, CompactionResponse] as const
const GRANT = [LeaseGrantRequest, LeaseGrantResponse] as const

/** How long a watch may be behind before the server is asked how far it is: most of the time the change itself comes. */
const PATIENCE_MS = 20

/** Any cluster of etcd v3, the real one included. */
export function createRemoteStore(options: ChannelOptions): Store {
  const channel = new Channel(options)
  // The server's error does not say which revision is the oldest left; a compaction of this store does.
  let compacted = 0
  const oldest = () => compacted
  const feeds = new Set<RemoteFeed>()
  let newest = 0
  const range = async (request: RangeRequest) => {
    const response = await translated(channel.unary('/etcdserverpb.KV/Range', RANGE, request), oldest)
    newest = Math.max(newest, response.header!.revision)
    for (const feed of feeds) feed.hearOf(newest)
    return response
  }
  return createEtcdStore({
    range,
    txn: request => translated(channel.unary('/etcdserverpb.KV/Txn', TXN, request), oldest),
    async compact(revision) {
      await translated(channel.unary('/etcdserverpb.KV/Compact', COMPACT, { revision }), oldest)
      compacted = Math.max(compacted, revision)
    },
    async grantLease(ttl) {
      return (await translated(channel.unary('/etcdserverpb.Lease/LeaseGrant', GRANT, { ttl }), oldest)).id
    },
    async *watch(start, end, watchOptions) {
      const feed = new RemoteFeed(watchOptions.signal, options.clock)
      feed.hearOf(newest)
      feeds.add(feed)
      try {
        yield* watchRemote(channel, feed, start, end, watchOptions)
      } finally {
        feeds.delete(feed)
      }
    },
    async health() {
      await range(RangeRequest.of({ key: 'health', countOnly: true }))
    },
    async close() {
      channel.close()
    },
  })
}

async function* watchRemote(channel: Channel, feed: RemoteFeed, start: string, end: string, options: WatchOptions) {
  const call = await translated(channel.stream('/etcdserverpb.Watch/Watch', feed), () => 0)
  const stop = () => call.cancel()
  options.signal.addEventListener('abort', stop)
  try {
    if (options.signal.aborted) return
    const { fromRevision: startRevision } = options
    const range = { key: start, rangeEnd: end, startRevision }
    const createRequest = WatchCreateRequest.of({ ...range, progressNotify: true, prevKv: true })
    call.send(WatchRequest.encode({ createRequest }))
    feed.begin(call)
    yield* feed.items()
  } finally {
    options.signal.removeEventListener('abort', stop)
    feed.stop()
    call.cancel()
  }
}

/** What a watch has told and nobody has read yet. */
class RemoteFeed {
  readonly #signal: AbortSignal
  readonly #clock: Clock
  #call: ClientCall | undefined
  #asking: Timer | undefined
  /** The revisions that the watch has reached, and that the store has. */
  #told = 0
  #heard = 0
  #unread: StoreWatchItem[] = []
  #failure: unknown
  #over = false
  #wake: () => void = () => {}

  constructor(signal: AbortSignal, clock: Clock) {
    this.#signal = signal
    this.#clock = clock
  }

  begin(call: ClientCall): void {
    this.#call = call
    this.#askLater()
  }

  stop(): void {
    this.#call = undefined
    this.#asking?.cancel()
  }

  /**
   * The store is at this revision. Where others write to it as well, no change of the watched range may ever tell so: then
   * the server is asked, again and again while the watch is still being caught up.
   */
  hearOf(revision: number): void {
    this.#heard = revision
    this.#askLater()
  }

  message(bytes: Buffer): void {
    const { header, created, canceled, compactRevision, cancelReason, events } = WatchResponse.decode(bytes)
    if (compactRevision > 0) this.#fail(new CompactedError(compactRevision))
    else if (canceled) this.#fail(new Error(`the store canceled a watch: ${cancelReason}`))
    else if (!created) this.#take({ revision: header!.revision, events: events.map(storeEvent) })
    this.#wake()
  }

  ended(error: EtcdError | undefined): void {
    if (!this.#signal.aborted) this.#fail(storeError(error ?? errors.timeoutConnectionLost, () => 0))
    this.#over = true
    this.#wake()
  }

  async *items(): AsyncGenerator<StoreWatchItem> {
    while (!this.#signal.aborted) {
      const items = this.#unread
      this.#unread = []
      for (const item of items) yield item
      if (items.length > 0) continue
      if (this.#failure) throw this.#failure
      if (this.#over) return
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  #take(item: StoreWatchItem): void {
    this.#unread.push(item)
    this.#told = Math.max(this.#told, item.revision)
  }

  #askLater(): void {
    if (this.#asking || !this.#call || this.#told >= this.#heard) return
    this.#asking = this.#clock.after(PATIENCE_MS, () => {
      this.#asking = undefined
      if (this.#told >= this.#heard || this.#over) return
      this.#call?.send(WatchRequest.encode({ progressRequest: {} }))
      this.#askLater()
    })
  }

  #fail(failure: unknown): void {
    this.#failure ??= failure
  }
}

function storeEvent({ type, kv, prevKv }: Event): StoreEvent {
  const value = storedValue(kv!)
  return {
    type: type === EventType.delete ? 'delete' : 'put',
    key: value.key,
    value,
    previous: prevKv && storedValue(prevKv),
  }
}
