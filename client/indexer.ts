import { type KubeObject, objectKey } from '../api/objects.ts'

/** The values under which an object is to be found, e.g. the name of its node. */
export type IndexFunction<T> = (object: T) => readonly string[]

/** Objects by key, and by any number of indexes that are kept up with every change. */
export class Indexer<T extends KubeObject> {
  readonly #objects = new Map<string, T>()
  readonly #indexes = new Map<string, Index<T>>()

  addIndex(name: string, valuesOf: IndexFunction<T>): void {
    const index: Index<T> = { valuesOf, keys: new Map() }
    this.#indexes.set(name, index)
    for (const [key, object] of this.#objects) enter(index, key, object)
  }

  get size(): number {
    return this.#objects.size
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys()
  }

  values(): IterableIterator<T> {
    return this.#objects.values()
  }

  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name)
    if (!index) throw new Error(`there is no index ${name}`)
    return Array.from(index.keys.get(value) ?? [], key => this.#objects.get(key)!)
  }

  /** Returns what stood there before. */
  set(object: T): T | undefined {
    const key = objectKey(object)
    const old = this.#objects.get(key)
    if (old) this.#leaveAll(key, old)
    this.#objects.set(key, object)
    for (const index of this.#indexes.values()) enter(index, key, object)
    return old
  }

  delete(key: string): T | undefined {
    const old = this.#objects.get(key)
    if (!old) return undefined
    this.#leaveAll(key, old)
    this.#objects.delete(key)
    return old
  }

  #leaveAll(key: string, object: T): void {
    for (const index of this.#indexes.values()) leave(index, key, object)
  }
}

interface Index<T> {
  valuesOf: IndexFunction<T>
  keys: Map<string, Set<string>>
}

function enter<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.valuesOf(object)) {
    const keys = index.keys.get(value)
    if (keys) keys.add(key)
    else index.keys.set(value, new Set([key]))
  }
}

function leave<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.valuesOf(object)) {
    const keys = index.keys.get(value)
    keys?.delete(key)
    if (keys?.size === 0) index.keys.delete(value)
  }
}
