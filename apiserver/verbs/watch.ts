import { ApiError } from '../../api/errors.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Call, WatchEvents } from '../call.ts'
import { isCustom } from '../catalog.ts'
import type { EventMaker } from '../encoding/encoder.ts'
import type { Parts } from '../parts.ts'
import type { Selection } from '../selection.ts'
import type { Entry } from '../storage/entry.ts'
import { prefixEnd, REGISTRY } from '../storage/keys.ts'
import { Change } from '../storage/shelf.ts'
import { CompactedError, type StoreEvent } from '../storage/store.ts'
import { every, WatcherQueue } from '../storage/watcher.ts'
import type { Tally } from '../traffic/metrics.ts'
import type { ListOptions } from './list-options.ts'

const CATCH_UP_MS = 3000
const BOOKMARK_MS = 60_000
const SHORTEST_DEFAULT_SECONDS = 1800
const BATCH_BYTES = 256 << 10

/**
 * A watch: first what is there (where asked), then every change from a revision on. The queue is filled by the cache,
 * synchronously and in order; the client empties it at its own pace, or is cut off.
 */
export function watchEntries(parts: Parts, call: Call, selection: Selection, options: ListOptions): WatchEvents {
  return maker => watchEvents(parts, call, selection, options, maker)
}

async function* watchEvents<T>(
  parts: Parts,
  { info, request: { signal } }: Call,
  selection: Selection,
  options: ListOptions,
  maker: EventMaker<T>,
): AsyncGenerator<readonly T[]> {
  const { kind } = selection
  const wanted = options.resourceVersion ?? 0
  const fromNow = wanted === 0 || options.sendInitialEvents
  if (fromNow && options.resourceVersion === undefined) await parts.cache.upToDate()
  if (options.sendInitialEvents) await parts.cache.reaches(wanted, CATCH_UP_MS)
  const past = fromNow ? NOTHING_MISSED : await missedChanges(parts, selection, wanted, signal)
  if (signal.aborted) return
  if (past instanceof ApiError) return yield [maker.error(past.toStatus() as KubeObject)]
  // From here to the subscription nothing may wait: a change in between would be lost.
  const recent = fromNow ? [] : parts.objects.shelf(kind).changesAfter(past.revision)
  if (!recent) return yield [maker.error(tooOld(wanted, parts.cache.revision).toStatus() as KubeObject)]
  const snapshot = fromNow ? snapshotOf(parts, selection) : []
  const revision = parts.cache.revision
  const queue = new WatcherQueue<T>()
  const told = parts.lasting.events(kind)
  const open = parts.lasting.open(info)
  const stop = subscribe(parts, selection, { since: wanted, maker, queue, options, signal, told })
  open.value++
  try {
    const shown = [...past.changes, ...recent]
    await parts.conversion.prepare(kind, [...snapshot, ...shown.flatMap(({ entry, previous }) => [entry, previous])])
    yield* inBatches(
      snapshot,
      told,
      entry => entry,
      entry => maker.event('ADDED', kind, entry),
    )
    if (options.sendInitialEvents) yield [maker.bookmark(kind, revision, true)]
    yield* inBatches(
      shown,
      told,
      ({ entry }) => entry,
      change => eventFor(change, selection, maker),
    )
    for (let events = await queue.take(); events; events = await queue.take()) yield events
  } finally {
    open.value--
    stop()
  }
}

function snapshotOf(parts: Parts, selection: Selection): Entry[] {
  const all = parts.objects.shelf(selection.kind).range(selection.start, selection.end)
  return selection.matches ? all.filter(selection.matches) : all
}

interface Missed {
  changes: Change[]
  /** The cache remembers everything after this revision. */
  revision: number
}

const NOTHING_MISSED: Missed = { changes: [], revision: 0 }

/** Changes after `since` that the cache no longer remembers, out of the store's history. */
async function missedChanges(
  parts: Parts,
  selection: Selection,
  since: number,
  signal: AbortSignal,
): Promise<Missed | ApiError> {
  if (parts.objects.shelf(selection.kind).changesAfter(since)) return { changes: [], revision: since }
  try {
    return await changesFromStore(parts, selection, since, signal)
  } catch (error) {
    if (error instanceof CompactedError) return tooOld(since, error.compactRevision)
    throw error
  }
}

function tooOld(wanted: number, oldest: number): ApiError {
  return new ApiError('Expired', `too old resource version: ${wanted} (${oldest})`)
}

async function changesFromStore(parts: Parts, selection: Selection, since: number, signal: AbortSignal) {
  const missed: Missed = { changes: [], revision: since }
  const enough = new AbortController()
  const either = AbortSignal.any([signal, enough.signal])
  const shelf = parts.objects.shelf(selection.kind)
  // All of the registry is watched, not only what is wanted: so there is a last event, and the end of the past is seen.
  for await (const item of parts.objects.watchFrom(REGISTRY, prefixEnd(REGISTRY), since + 1, either)) {
    const wanted = item.events.filter(({ key }) => key >= selection.start && key < selection.end)
    for (const event of wanted) missed.changes.push(...changeOf(parts, event))
    missed.revision = item.revision
    if (shelf.changesAfter(item.revision)) break
  }
  enough.abort()
  return missed
}

function changeOf(parts: Parts, event: StoreEvent): Change[] {
  const previous = event.previous && parts.objects.entryOf(event.previous)
  if (event.type === 'put') return [new Change('put', parts.objects.entryOf(event.value), previous)]
  return previous ? [new Change('delete', previous.at(event.value.modRevision), previous)] : []
}

interface Subscription<T> {
  since: number
  maker: EventMaker<T>
  queue: WatcherQueue<T>
  options: ListOptions
  signal: AbortSignal
  told: Tally
}

/** From here on every change goes into the queue, and bookmarks in between; returns how to end it. */
function subscribe<T>(
  parts: Parts,
  selection: Selection,
  { since, maker, queue, options, signal, told }: Subscription<T>,
): () => void {
  const end = () => queue.end()
  const inTurn = parts.conversion.turns(selection.kind, error => {
    const problem = error instanceof ApiError ? error : new ApiError('InternalError', 'conversion failed')
    queue.push(maker.error(problem.toStatus() as KubeObject), 0)
    end()
  })
  const stopListening = parts.objects.shelf(selection.kind).listen(change => {
    if (change.revision <= since) return
    inTurn([change.entry, change.previous], () => {
      const event = eventFor(change, selection, maker)
      if (event && queue.push(event, change.entry.value.length)) told.value++
    })
  })
  const bookmark = () => {
    const { revision } = parts.cache
    inTurn([], () => queue.push(maker.bookmark(selection.kind, revision, false), 0))
  }
  const stopBookmarks = options.allowBookmarks ? every(parts.clock, BOOKMARK_MS, bookmark) : () => undefined
  const timeout = parts.clock.after(lifetimeMs(parts, options), () => {
    if (options.allowBookmarks) bookmark()
    end()
  })
  const stopResets = parts.cache.onReset(end)
  const stopKind = isCustom(selection.kind) ? parts.catalog.whenGone(selection.kind, end) : () => undefined
  signal.addEventListener('abort', end, { once: true })
  return () => {
    stopListening()
    stopBookmarks()
    stopResets()
    stopKind()
    timeout.cancel()
    signal.removeEventListener('abort', end)
  }
}

/** Watches without a wish end after 30 to 60 minutes, so that they do not all come back at once. */
function lifetimeMs(parts: Parts, options: ListOptions): number {
  const seconds = options.timeoutSeconds || SHORTEST_DEFAULT_SECONDS * (1 + parts.random.next())
  return seconds * 1000
}

/** What this watcher hears of a change: objects enter and leave its selection. */
function eventFor<T>(change: Change, selection: Selection, maker: EventMaker<T>): T | undefined {
  const { key } = change.entry
  if (key < selection.start || key >= selection.end) return undefined
  const type = eventType(change, selection.matches)
  if (!type) return undefined
  const entry = type === 'DELETED' && change.type === 'put' ? change.previous!.at(change.revision) : change.entry
  const form = `${type} ${selection.kind.group}/${selection.kind.version} ${maker.form}`
  return change.inForm(form, () => maker.event(type, selection.kind, entry))
}

function eventType(change: Change, matches?: (entry: Entry) => boolean) {
  const was = change.previous !== undefined && (!matches || matches(change.previous))
  const is = change.type === 'put' && (!matches || matches(change.entry))
  if (is) return was ? 'MODIFIED' : 'ADDED'
  return was ? 'DELETED' : undefined
}

/** Many small ones in few large pieces, none so large that the next has to wait for it in memory. */
function* inBatches<S, T>(
  sources: readonly S[],
  told: Tally,
  entryOf: (source: S) => Entry,
  eventOf: (source: S) => T | undefined,
): Generator<readonly T[]> {
  let batch: T[] = []
  let bytes = 0
  for (const source of sources) {
    const event = eventOf(source)
    if (event === undefined) continue
    told.value++
    batch.push(event)
    bytes += entryOf(source).value.length
    if (bytes < BATCH_BYTES) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}
