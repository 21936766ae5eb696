import { type KubeObject, objectKey } from '../api/objects.ts'
import type { Live } from '../client/client.ts'
import type { Informer } from '../client/informer.ts'

/**
 * What a controller has done and its informer has not shown yet. Deciding before all of it is seen would make the same
 * pods twice. Forgotten writes do not block for ever: a deletion counts as seen when the object is gone or going.
 */
export class Expectations<T extends KubeObject> {
  readonly #informer: Informer<T>
  readonly #made = new Map<string, number>()
  readonly #removed = new Map<string, Live<T>[]>()

  constructor(informer: Informer<T>) {
    this.#informer = informer
  }

  /** The write for `owner` was answered with this object. */
  made(owner: string, object: Live<T>): void {
    this.#made.set(owner, Math.max(this.#made.get(owner) ?? 0, Number(object.metadata.resourceVersion)))
  }

  removed(owner: string, object: Live<T>): void {
    const removed = this.#removed.get(owner)
    if (removed) removed.push(object)
    else this.#removed.set(owner, [object])
  }

  met(owner: string): boolean {
    if ((this.#made.get(owner) ?? 0) > this.#informer.revision) return false
    const open = (this.#removed.get(owner) ?? []).filter(object => this.#isUntouched(object))
    if (open.length > 0) {
      this.#removed.set(owner, open)
      return false
    }
    this.#made.delete(owner)
    this.#removed.delete(owner)
    return true
  }

  #isUntouched(object: Live<T>): boolean {
    const now = this.#informer.get(objectKey(object))
    return now?.metadata.uid === object.metadata.uid && !now.metadata.deletionTimestamp
  }
}
