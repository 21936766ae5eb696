import { ApiError } from '../../api/errors.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Call, WatchLines } from '../call.ts'
import { isCustom } from '../catalog.ts'
import type { Encoder } from '../encoding/encoder.ts'
import type { Parts } from '../parts.ts'
import type { Selection } from '../selection.ts'
import type { Entry } from '../storage/entry.ts'
import { prefixEnd, REGISTRY } from '../storage/keys.ts'
import { Change } from '../storage/shelf.ts'
import { CompactedError, type StoreEvent } from '../storage/store.ts'
import { every, LineQueue } from '../storage/watcher.ts'
import type { Tally } from '../traffic/metrics.ts'
import type { ListOptions } from './list-options.ts'

const CATCH_UP_MS = 3000
const BOOKMARK_MS = 60_000
const SHORTEST_DEFAULT_SECONDS = 1800
const CHUNK_BYTES = 256 << 10

/**
 * A watch: first what is there (where asked), then every change from a revision on. The queue is filled by the cache,
 * synchronously and in order; the client empties it at its own pace, or is cut off.
 */
export function watchEntries(parts: Parts, call: Call, selection: Selection, options: ListOptions): WatchLines {
  return encoder => watchLines(parts, call, selection, options, encoder)
}

async function* watchLines(
  parts: Parts,
  { info, request: { signal } }: Call,
  selection: Selection,
  options: ListOptions,
  encoder: Encoder,
): AsyncGenerator<Uint8Array> {
  const { kind } = selection
  const wanted = options.resourceVersion ?? 0
  const fromNow = wanted === 0 || options.sendInitialEvents
  if (fromNow && options.resourceVersion === undefined) await parts.cache.upToDate()
  if (options.sendInitialEvents) await parts.cache.reaches(wanted, CATCH_UP_MS)
  const past = fromNow ? NOTHING_MISSED : await missedChanges(parts, selection, wanted, signal)
  if (signal.aborted) return
  if (past instanceof ApiError) return yield encoder.error(past.toStatus() as KubeObject)
  // From here to the subscription nothing may wait: a change in between would be lost.
  const recent = fromNow ? [] : parts.objects.shelf(kind).changesAfter(past.revision)
  if (!recent) return yield encoder.error(tooOld(wanted, parts.cache.revision).toStatus() as KubeObject)
  const snapshot = fromNow ? snapshotOf(parts, selection) : []
  const revision = parts.cache.revision
  const queue = new LineQueue()
  const told = parts.lasting.events(kind)
  const open = parts.lasting.open(info)
  const stop = subscribe(parts, selection, { since: wanted, encoder, queue, options, signal, told })
  open.value++
  try {
    const shown = [...past.changes, ...recent]
    await parts.conversion.prepare(kind, [...snapshot, ...shown.flatMap(({ entry, previous }) => [entry, previous])])
    yield* inChunks(snapshot, told, entry => encoder.event('ADDED', kind, entry))
    if (options.sendInitialEvents) yield encoder.bookmark(kind, revision, true)
    yield* inChunks(shown, told, change => lineOf(change, selection, encoder))
    for (let bytes = await queue.take(); bytes; bytes = await queue.take()) yield bytes
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

interface Subscription {
  since: number
  encoder: Encoder
  queue: LineQueue
  options: ListOptions
  signal: AbortSignal
  told: Tally
}

/** From here on every change goes into the queue, and bookmarks in between; returns how to end it. */
function subscribe(
  parts: Parts,
  selection: Selection,
  { since, encoder, queue, options, signal, told }: Subscription,
): () => void {
  const end = () => queue.end()
  const inTurn = parts.conversion.turns(selection.kind, error => {
    const problem = error instanceof ApiError ? error : new ApiError('InternalError', 'conversion failed')
    queue.push(encoder.error(problem.toStatus() as KubeObject))
    end()
  })
  const stopListening = parts.objects.shelf(selection.kind).listen(change => {
    if (change.revision <= since) return
    inTurn([change.entry, change.previous], () => {
      const line = lineOf(change, selection, encoder)
      if (line && queue.push(line)) told.value++
    })
  })
  const bookmark = () => {
    const { revision } = parts.cache
    inTurn([], () => queue.push(encoder.bookmark(selection.kind, revision, false)))
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
function lineOf(change: Change, selection: Selection, encoder: Encoder): Uint8Array | undefined {
  const { key } = change.entry
  if (key < selection.start || key >= selection.end) return undefined
  const type = eventType(change, selection.matches)
  if (!type) return undefined
  const entry = type === 'DELETED' && change.type === 'put' ? change.previous!.at(change.revision) : change.entry
  const form = `${type} ${selection.kind.group}/${selection.kind.version} ${encoder.form}`
  return change.line(form, () => encoder.event(type, selection.kind, entry))
}

function eventType(change: Change, matches?: (entry: Entry) => boolean) {
  const was = change.previous !== undefined && (!matches || matches(change.previous))
  const is = change.type === 'put' && (!matches || matches(change.entry))
  if (is) return was ? 'MODIFIED' : 'ADDED'
  return was ? 'DELETED' : undefined
}

/** Many small lines as few large pieces. */
function* inChunks<T>(
  items: readonly T[],
  told: Tally,
  lineOf: (item: T) => Uint8Array | undefined,
): Generator<Uint8Array> {
  let lines: Uint8Array[] = []
  let bytes = 0
  for (const item of items) {
    const line = lineOf(item)
    if (!line) continue
    told.value++
    lines.push(line)
    bytes += line.length
    if (bytes < CHUNK_BYTES) continue
    yield Buffer.concat(lines)
    lines = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(lines)
}
