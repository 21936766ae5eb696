import { isReason } from '../api/errors.ts'
import { apiVersionOf, type KubeObject, objectKey, type WatchEvent } from '../api/objects.ts'
import { type Clock, pause, type Timer } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Random } from '../platform/random.ts'
import { Backoff } from './backoff.ts'
import type { Live, ResourceClient } from './client.ts'
import { Indexer, type IndexFunction } from './indexer.ts'

/** Called for every change once, in order, and never two at a time. A handler must not wait: it notes and queues. */
export interface Handler<T> {
  /** `initial` for what was there before the handler came or the list was first read. */
  added?(object: T, initial: boolean): void
  updated?(object: T, old: T): void
  deleted?(object: T): void
}

export interface InformerOptions {
  clock: Clock
  random: Random
  log: Log
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  /** Keep names, owners and labels only: for who needs no more, of kinds with many large objects. */
  metadataOnly?: boolean
}

const WATCH_SECONDS = 300
/** The server ends a watch at WATCH_SECONDS to twice that; one that is silent for longer is dead. */
const DEAD_AFTER_MS = 2 * WATCH_SECONDS * 1000 + 30_000
/** A server that knows nothing of sendInitialEvents never sends its end mark. */
const INITIAL_SILENCE_MS = 10_000

/**
 * A local copy of all objects of one kind, kept true by a watch. Reads are free and never older than the last event;
 * what changed while the connection was lost is found by the revision, or by reading everything anew.
 */
export class Informer<T extends KubeObject> {
  readonly #client: ResourceClient<T>
  readonly #options: InformerOptions
  readonly #store = new Indexer<Live<T>>()
  readonly #handlers: Handler<Live<T>>[] = []
  readonly #backoff: Backoff
  readonly #stopping = new AbortController()
  readonly #synced = Promise.withResolvers<void>()
  #running: Promise<void> | undefined
  #revision: string | undefined
  #hasSynced = false
  #streamsInitial = true

  constructor(client: ResourceClient<T>, options: InformerOptions) {
    this.#client = client
    this.#options = options
    this.#backoff = new Backoff({ firstMs: 500, longestMs: 30_000 }, options.random)
  }

  /** Starts once, however often it is called. */
  start(): void {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    this.#synced.resolve()
  }

  get hasSynced(): boolean {
    return this.#hasSynced
  }

  /** Resolves when the first full list is in and its handlers have been called, or when it was stopped before. */
  synced(): Promise<void> {
    return this.#synced.promise
  }

  /** How far this copy has come: a write that answered with a lower resourceVersion is in it. */
  get revision(): number {
    return Number(this.#revision ?? 0)
  }

  get(key: string): Live<T> | undefined {
    return this.#store.get(key)
  }

  list(): Live<T>[] {
    return [...this.#store.values()]
  }

  get size(): number {
    return this.#store.size
  }

  addIndex(name: string, valuesOf: IndexFunction<Live<T>>): void {
    this.#store.addIndex(name, valuesOf)
  }

  byIndex(name: string, value: string): Live<T>[] {
    return this.#store.byIndex(name, value)
  }

  /** A late handler is told at once of everything that is there. */
  addHandler(handler: Handler<Live<T>>): void {
    this.#handlers.push(handler)
    for (const object of this.#store.values()) this.#call(() => handler.added?.(object, true))
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const began = clock.monotonic()
      try {
        await this.#step()
        // A watch that ends as soon as it began is as good as an error: it must not spin.
        if (clock.monotonic() - began > 1000) this.#backoff.reset()
      } catch (error) {
        if (signal.aborted) return
        this.#noteFailure(error, log)
      }
      await pause(clock, this.#backoff.next(), signal)
    }
  }

  /** Follows the changes until the watch ends, reading everything first where no revision is known. */
  async #step(): Promise<void> {
    if (this.#revision === undefined && this.#streamsInitial && (await this.#streamAll())) return
    if (this.#revision === undefined) await this.#listAll()
    await this.#watch({ resourceVersion: this.#revision }, DEAD_AFTER_MS, event => this.#apply(event))
  }

  async #listAll(): Promise<void> {
    const { namespace, labelSelector, fieldSelector } = this.#options
    const list = await this.#client.list({ namespace, labelSelector, fieldSelector })
    this.#replace(list.items.map(item => this.#tidied(item)))
    this.#revision = list.metadata?.resourceVersion
  }

  /** One watch that first sends all there is, then an end mark, then the changes: no big list in anyone's memory. False: the server cannot. */
  async #streamAll(): Promise<boolean> {
    let initial: Live<T>[] | undefined = []
    try {
      await this.#watch({ sendInitialEvents: true }, INITIAL_SILENCE_MS, (event, keepAlive) => {
        if (!initial) {
          this.#apply(event)
          return
        }
        if (event.type === 'ADDED') initial.push(this.#tidied(event.object))
        if (event.type !== 'BOOKMARK' || !isEndOfInitial(event.object)) return
        this.#replace(initial)
        this.#revision = event.object.metadata?.resourceVersion
        initial = undefined
        keepAlive(DEAD_AFTER_MS)
      })
    } catch (error) {
      if (!initial) throw error
      if (!isReason(error, 'Invalid') && !isReason(error, 'BadRequest') && !(error instanceof SilenceError)) throw error
      this.#streamsInitial = false
    }
    return this.#streamsInitial
  }

  async #watch(
    from: { resourceVersion?: string; sendInitialEvents?: boolean },
    silenceMs: number,
    onEvent: (event: WatchEvent<Live<T>>, setSilence: (ms: number) => void) => void,
  ): Promise<void> {
    const { namespace, labelSelector, fieldSelector, clock, random } = this.#options
    const guard = new SilenceGuard(clock, silenceMs)
    const signal = AbortSignal.any([this.#stopping.signal, guard.signal])
    const timeoutSeconds = Math.ceil(WATCH_SECONDS * (1 + random.next()))
    const where = { namespace, labelSelector, fieldSelector }
    try {
      const events = this.#client.watch({ ...where, ...from, allowBookmarks: true, timeoutSeconds, signal })
      for await (const event of events) {
        guard.heard()
        onEvent(event, ms => guard.setLimit(ms))
      }
      // A connection that the guard cut may end instead of failing.
      guard.signal.throwIfAborted()
    } catch (error) {
      throw guard.signal.aborted ? guard.signal.reason : error
    } finally {
      guard.stop()
    }
  }

  #apply(event: WatchEvent<Live<T>>): void {
    this.#revision = event.object.metadata?.resourceVersion ?? this.#revision
    if (event.type === 'DELETED') this.#remove(objectKey(event.object), event.object)
    else if (event.type !== 'BOOKMARK') this.#put(this.#tidied(event.object), false)
  }

  /** Makes the store hold exactly these, telling the handlers of the difference only. */
  #replace(objects: readonly Live<T>[]): void {
    const present = new Set(objects.map(objectKey))
    for (const key of [...this.#store.keys()]) if (!present.has(key)) this.#remove(key)
    const initial = !this.#hasSynced
    for (const object of objects) this.#put(object, initial)
    this.#hasSynced = true
    this.#synced.resolve()
  }

  #put(object: Live<T>, initial: boolean): void {
    const old = this.#store.get(objectKey(object))
    if (old?.metadata?.uid !== undefined && old.metadata.uid !== object.metadata?.uid) this.#remove(objectKey(object))
    const before = this.#store.set(object)
    if (!before) {
      this.#tell(handler => handler.added?.(object, initial))
      return
    }
    if (before.metadata?.resourceVersion === object.metadata?.resourceVersion) return
    this.#tell(handler => handler.updated?.(object, before))
  }

  #remove(key: string, last?: Live<T>): void {
    const old = this.#store.delete(key)
    if (old) this.#tell(handler => handler.deleted?.(last ? this.#tidied(last) : old))
  }

  #tell(call: (handler: Handler<Live<T>>) => void): void {
    for (const handler of this.#handlers) this.#call(() => call(handler))
  }

  #call(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#options.log.error('A handler of changes failed', { kind: this.#client.ref.kind, error })
    }
  }

  /** List items come without their kind; nobody who reads the copy needs to know who owns which field. */
  #tidied(object: Live<T>): Live<T> {
    object.apiVersion ??= apiVersionOf(this.#client.ref)
    object.kind ??= this.#client.ref.kind
    if (object.metadata?.managedFields) delete object.metadata.managedFields
    if (!this.#options.metadataOnly) return object
    const { apiVersion, kind, metadata } = object
    return { apiVersion, kind, metadata } as Live<T>
  }

  #noteFailure(error: unknown, log: Log): void {
    const kind = this.#client.ref.kind
    if (isReason(error, 'Expired')) {
      this.#revision = undefined
      log.info('The watched revision is gone, reading everything anew', { kind })
    } else {
      log.warn('Watching failed, trying again', { kind, error })
    }
  }
}

function isEndOfInitial(object: KubeObject): boolean {
  return object.metadata?.annotations?.['k8s.io/initial-events-end'] === 'true'
}

class SilenceError extends Error {
  override name = 'SilenceError'
}

/** Cuts a watch on which nothing, not even a bookmark, was heard for too long. */
class SilenceGuard {
  readonly #clock: Clock
  readonly #cut = new AbortController()
  #limitMs: number
  #lastHeard: number
  #timer: Timer

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock
    this.#limitMs = limitMs
    this.#lastHeard = clock.monotonic()
    this.#timer = clock.after(limitMs, () => this.#check())
  }

  get signal(): AbortSignal {
    return this.#cut.signal
  }

  heard(): void {
    this.#lastHeard = this.#clock.monotonic()
  }

  setLimit(ms: number): void {
    this.#limitMs = ms
  }

  stop(): void {
    this.#timer.cancel()
  }

  #check(): void {
    const left = this.#lastHeard + this.#limitMs - this.#clock.monotonic()
    if (left <= 0) this.#cut.abort(new SilenceError(`nothing was heard on the watch for ${this.#limitMs} ms`))
    else this.#timer = this.#clock.after(left, () => this.#check())
  }
}
