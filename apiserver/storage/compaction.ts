import { CompactedError, type Store } from './store.ts'

/**
 * Lets the store forget its past, but for the last interval or two, as kube-apiserver does: without that every write of the
 * cluster's life would stay in memory. Several servers on one store do it side by side: who comes late finds it done.
 */
export class Compaction {
  readonly #store: Pick<Store, 'revision' | 'compact'>
  /** Where the store was at the last turn. */
  #last = 0

  constructor(store: Pick<Store, 'revision' | 'compact'>) {
    this.#store = store
  }

  async turn(): Promise<void> {
    const now = await this.#store.revision()
    const old = this.#last
    this.#last = now
    if (old === 0 || old === now) return
    try {
      await this.#store.compact(old)
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error
    }
  }
}
