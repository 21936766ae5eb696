import type { Member } from '../member.ts'
import type { Revision } from '../mvcc/keyspace.ts'
import type { WatchBatch, Watcher, WatchListener } from '../mvcc/watch.ts'
import { type WatchCreateRequest, WatchFilter, WatchRequest, WatchResponse } from '../proto/control-messages.ts'
import { type Event, EventType } from '../proto/messages.ts'
import { decodeRequest, type Methods, type ServerCall } from './grpc.ts'

export interface WatchLimits {
  /** Larger responses are cut where the client asked for fragments. */
  fragmentBytes: number
  progressMs: number
}

const WATCH_LIMITS: WatchLimits = { fragmentBytes: 1.5 * 1024 * 1024, progressMs: 600_000 }

export function watchMethods(member: Member, limits: WatchLimits = WATCH_LIMITS): Methods {
  return { '/etcdserverpb.Watch/Watch': call => void new WatchStream(member, call, limits) }
}

/** A client that lets this much wait reads the rest from the history, at its own pace. */
const ENOUGH_WAITING = 2 * 1024 * 1024
/** The id of what concerns all watches of a stream. */
const NO_WATCH = -1

class WatchStream {
  readonly member: Member
  readonly call: ServerCall
  readonly limits: WatchLimits
  readonly #watches = new Map<number, Watch>()
  #nextId = 0
  #timer

  constructor(member: Member, call: ServerCall, limits: WatchLimits) {
    this.member = member
    this.call = call
    this.limits = limits
    call.onMessage = bytes => this.#take(decodeRequest(WatchRequest, bytes))
    call.onEnd = () => call.end()
    call.onClose = () => this.#close()
    call.onDrain = () => this.#resume()
    this.#timer = this.#noticeProgressLater()
  }

  send(response: Partial<WatchResponse>): void {
    this.call.send(WatchResponse.encode(response))
  }

  get revision(): number {
    return this.member.revision
  }

  forget(id: number): void {
    this.#watches.delete(id)
  }

  #take({ createRequest, cancelRequest, progressRequest }: WatchRequest): void {
    if (createRequest) this.#create(createRequest)
    else if (cancelRequest) this.#cancel(cancelRequest.watchId)
    else if (progressRequest) this.#answerProgress()
  }

  #create(request: WatchCreateRequest): void {
    const problem = this.#problemWith(request)
    const watchId = problem ? NO_WATCH : this.#chooseId(request.watchId)
    const header = this.member.header()
    this.send({ header, watchId, created: true, canceled: problem !== undefined, cancelReason: problem })
    if (problem) return
    const watch = new Watch(this, watchId, request)
    this.#watches.set(watchId, watch)
    watch.watcher.resume()
  }

  #problemWith({ key, rangeEnd, watchId }: WatchCreateRequest): string | undefined {
    if (rangeEnd !== '' && rangeEnd !== '\0' && key >= rangeEnd) return 'mvcc: watcher range is empty'
    if (watchId !== 0 && this.#watches.has(watchId)) return 'mvcc: duplicate watch ID provided on the WatchStream'
    return undefined
  }

  #chooseId(wanted: number): number {
    if (wanted !== 0) return wanted
    while (this.#watches.has(this.#nextId)) this.#nextId++
    return this.#nextId++
  }

  #cancel(watchId: number): void {
    const watch = this.#watches.get(watchId)
    if (!watch) return
    watch.watcher.close()
    this.#watches.delete(watchId)
    this.send({ header: this.member.header(), watchId, canceled: true })
  }

  /** Only when every watch has heard of everything is the revision a promise. */
  #answerProgress(): void {
    if ([...this.#watches.values()].every(watch => watch.watcher.synced)) {
      this.send({ header: this.member.header(), watchId: NO_WATCH })
    }
  }

  #noticeProgressLater() {
    return this.member.clock.after(this.limits.progressMs, () => {
      for (const watch of this.#watches.values()) watch.noticeProgress()
      this.#timer = this.#noticeProgressLater()
    })
  }

  #resume(): void {
    for (const watch of [...this.#watches.values()]) if (!watch.watcher.synced) watch.watcher.resume()
  }

  #close(): void {
    this.#timer.cancel()
    for (const watch of this.#watches.values()) watch.watcher.close()
    this.#watches.clear()
  }
}

class Watch implements WatchListener {
  readonly watcher: Watcher
  readonly #stream: WatchStream
  readonly #id: number
  readonly #request: WatchCreateRequest
  readonly #unwanted: ReadonlySet<boolean>
  #quiet = true

  constructor(stream: WatchStream, id: number, request: WatchCreateRequest) {
    this.#stream = stream
    this.#id = id
    this.#request = request
    this.#unwanted = new Set(request.filters.map(filter => filter === WatchFilter.noDelete))
    this.watcher = stream.member.machine.hub.watch({
      start: request.key === '' ? '\0' : request.key,
      end: request.rangeEnd,
      from: request.startRevision,
      listener: this,
    })
  }

  events(batch: WatchBatch): boolean {
    const wanted =
      this.#unwanted.size === 0 ? batch.events : batch.events.filter(({ deleted }) => !this.#unwanted.has(deleted))
    if (wanted.length > 0) {
      this.#quiet = false
      const shared = wanted === batch.events ? batch : { ...batch, events: wanted }
      if (this.#request.fragment) this.#sendFragments(shared)
      else this.#stream.call.send(this.#response(shared.revision, encodedEvents(shared, this.#request.prevKv)))
    }
    return this.#stream.call.waitingBytes < ENOUGH_WAITING
  }

  compacted(compactRevision: number): void {
    this.#stream.forget(this.#id)
    this.#stream.send({ header: this.#stream.member.header(), watchId: this.#id, canceled: true, compactRevision })
  }

  /** A watch that had nothing to say for a while says how far it has come. */
  noticeProgress(): void {
    if (this.#request.progressNotify && this.#quiet && this.watcher.synced) {
      this.#stream.send({ header: this.#stream.member.header(), watchId: this.#id })
    }
    this.#quiet = true
  }

  /** Header and id go with this watch, the events are the same for many. */
  #response(revision: number, events: Buffer): Buffer {
    const head = WatchResponse.encode({ header: this.#stream.member.header(revision), watchId: this.#id })
    return Buffer.concat([head, events])
  }

  #sendFragments({ revision, events }: WatchBatch): void {
    const limit = this.#stream.limits.fragmentBytes
    const header = this.#stream.member.header(revision)
    for (let at = 0; at < events.length; ) {
      let size = 0
      const piece: Event[] = []
      for (; at < events.length && (piece.length === 0 || size < limit); at++) {
        size += events[at]!.key.length + events[at]!.value.length
        piece.push(apiEvent(events[at]!, this.#request.prevKv))
      }
      this.#stream.send({ header, watchId: this.#id, fragment: at < events.length, events: piece })
    }
  }
}

/** The events of the batch that was encoded last: watchers of one range get the same batch one after the other. */
let latest: { batch: WatchBatch; prevKv: boolean; bytes: Buffer } | undefined

function encodedEvents(batch: WatchBatch, prevKv: boolean): Buffer {
  if (latest?.batch !== batch || latest.prevKv !== prevKv) {
    const bytes = WatchResponse.encode({ events: batch.events.map(record => apiEvent(record, prevKv)) })
    latest = { batch, prevKv, bytes }
  }
  return latest.bytes
}

function apiEvent(record: Revision, withPrevious: boolean): Event {
  const previous = withPrevious && record.older && !record.older.deleted ? record.older : undefined
  return { type: record.deleted ? EventType.delete : EventType.put, kv: record, prevKv: previous }
}
