import { ApiError, alreadyExists, conflict, notFound } from '../../api/errors.ts'
import type { Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Cache } from '../storage/cache.ts'
import { Entry, serialise } from '../storage/entry.ts'
import { shelfPrefix, storageKey } from '../storage/keys.ts'
import type { Shelf } from '../storage/shelf.ts'
import type { Store, StoredValue } from '../storage/store.ts'
import type { Transformer } from '../storage/transform.ts'

export interface ObjectStoreOptions {
  store: Store
  cache: Cache
  transformer: Transformer
}

/**
 * Objects in the store: the last stage of a write, and where reads begin. Objects go in and come out in the version of
 * the store; conversion is the caller's. Every write is conditional: nothing is ever overwritten unseen.
 */
export class ObjectStore {
  readonly #store: Store
  readonly #cache: Cache
  readonly #transformer: Transformer

  constructor(options: ObjectStoreOptions) {
    this.#store = options.store
    this.#cache = options.cache
    this.#transformer = options.transformer
  }

  shelf(kind: Kind): Shelf {
    return this.#cache.shelf(shelfPrefix(kind))
  }

  /** As the cache knows it: maybe a moment old. */
  peek(kind: Kind, namespace: string | undefined, name: string): Entry | undefined {
    return this.shelf(kind).get(storageKey(kind, namespace, name))
  }

  /** As it is now. */
  async find(kind: Kind, namespace: string | undefined, name: string): Promise<Entry | undefined> {
    await this.#cache.upToDate()
    return this.peek(kind, namespace, name)
  }

  /** As it is now; NotFound when there is none. */
  async get(kind: Kind, namespace: string | undefined, name: string): Promise<Entry> {
    const entry = await this.find(kind, namespace, name)
    if (!entry) throw notFound(kind, name)
    return entry
  }

  async create(kind: Kind, object: KubeObject, lease?: bigint): Promise<Entry> {
    const { namespace, name = '' } = object.metadata ?? {}
    const key = storageKey(kind, namespace, name)
    const value = serialise(object)
    const result = await this.#store.create(key, this.#transformer.toStore(value, key), lease)
    if (!result.ok) throw alreadyExists(kind, name)
    return new Entry(key, value, result.revision)
  }

  /** Writes where `seen` still stands; otherwise what stands there now (undefined: nothing any more). */
  async replace(seen: Entry, object: KubeObject, lease?: bigint): Promise<Replaced> {
    const value = serialise(object)
    if (Buffer.compare(value, seen.value) === 0 && this.#isSealedAsNow(seen)) return { ok: true, entry: seen }
    const stored = this.#transformer.toStore(value, seen.key)
    const result = await this.#store.update(seen.key, stored, seen.revision, lease)
    if (result.ok) return { ok: true, entry: new Entry(seen.key, value, result.revision) }
    return { ok: false, current: this.#entryOf(result.current) }
  }

  /** Whether a write of the same object would leave the store as it is: same key, same version of the kind. */
  isCurrent(kind: Kind, entry: Entry): boolean {
    const { group, version } = kind.storage.version
    const apiVersion = group === '' ? version : `${group}/${version}`
    return this.#isSealedAsNow(entry) && entry.shared().apiVersion === apiVersion
  }

  #isSealedAsNow({ key, seal }: Entry): boolean {
    return seal === this.#transformer.sealFor(key)
  }

  /** Removes where `seen` still stands. The entry of a removal is the last state at the removal's revision. */
  async remove(seen: Entry): Promise<Replaced> {
    const result = await this.#store.remove(seen.key, seen.revision)
    if (result.ok) return { ok: true, entry: seen.at(result.revision) }
    return { ok: false, current: this.#entryOf(result.current) }
  }

  /**
   * Reads, changes, writes, and again while others write in between. `change` returns the new object, or undefined to
   * leave things as they are. It begins with what the cache has, since the write finds out whether that is still so; a
   * refusal, or leaving it, must not come of something old.
   */
  async modify(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    change: (entry: Entry) => KubeObject | undefined | Promise<KubeObject | undefined>,
  ): Promise<Entry> {
    const seen = this.peek(kind, namespace, name)
    const guess = seen && (await attempted(() => change(seen)))
    if (guess) {
      const result = await this.replace(seen, guess)
      if (result.ok) return result.entry
    }
    let entry: Entry | undefined = await this.get(kind, namespace, name)
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      if (!entry) throw notFound(kind, name)
      const object = await change(entry)
      if (!object) return entry
      const result = await this.replace(entry, object)
      if (result.ok) return result.entry
      entry = result.current
    }
    throw conflict(kind, name)
  }

  /** What the store held at a revision, for lists of the past. */
  async rangeAt(start: string, end: string, revision: number, limit?: number) {
    const page = await this.#store.range(start, end, { revision, limit })
    return { ...page, entries: page.values.map(value => this.#entryOf(value)!) }
  }

  /** A watch of the past, where the cache remembers too little. */
  watchFrom(start: string, end: string, fromRevision: number, signal: AbortSignal) {
    return this.#store.watch(start, end, { fromRevision, signal })
  }

  entryOf(stored: StoredValue): Entry {
    const plain = this.#transformer.fromStore(stored.value, stored.key)
    const entry = new Entry(stored.key, plain, stored.modRevision)
    entry.seal = this.#transformer.sealOf(stored.value)
    return entry
  }

  #entryOf(stored: StoredValue | undefined): Entry | undefined {
    return stored && this.entryOf(stored)
  }
}

/** undefined for a refusal: whoever asks about something that may be old asks again. */
async function attempted<T>(work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ApiError) return undefined
    throw error
  }
}

export const MOST_ATTEMPTS = 20

export type Replaced = { ok: true; entry: Entry } | { ok: false; current: Entry | undefined }
