import assert from 'node:assert/strict'
import { prefixEnd, type Store, type StoredValue, type StoreWatchItem } from '../../apiserver/storage/store.ts'

export const textOf = (value: StoredValue | undefined) => value && Buffer.from(value.value).toString()

/** Gathers what a watch tells. */
export class Collector {
  readonly items: StoreWatchItem[] = []
  readonly ended: Promise<void>
  failure: Error | undefined
  readonly #abort = new AbortController()
  #wake: () => void = () => {}

  constructor(store: Store, start: string, fromRevision: number) {
    const watch = store.watch(start, prefixEnd(start), { fromRevision, signal: this.#abort.signal })
    this.ended = this.#collect(watch)
  }

  keys(): string[] {
    return this.#events().map(event => event.key)
  }

  summary(prefix: string): string[] {
    return this.#events().map(({ type, key, value, previous }) => {
      const change = `${type} ${key.slice(prefix.length)}${type === 'put' ? `=${textOf(value)}` : ''}`
      return `${change} at ${value.modRevision}${previous ? ` was ${textOf(previous)}` : ''}`
    })
  }

  /** Waits for this many events. */
  async until(count: number): Promise<void> {
    const deadline = AbortSignal.timeout(15_000)
    deadline.addEventListener('abort', () => this.#wake())
    while (this.#events().length < count) {
      if (this.failure) throw this.failure
      if (deadline.aborted) assert.fail(`only ${this.#events().length} of ${count} events came: ${this.keys()}`)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.ended
  }

  async #collect(watch: AsyncIterable<StoreWatchItem>): Promise<void> {
    try {
      for await (const item of watch) {
        this.items.push(item)
        this.#wake()
      }
    } catch (error) {
      this.failure = error as Error
    }
    this.#wake()
  }

  #events() {
    return this.items.flatMap(item => item.events)
  }
}
