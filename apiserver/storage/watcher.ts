import type { Clock } from '../../platform/clock.ts'

/** A watcher that is this far behind is cut off: it may come back and ask again from its last revision. */
const MOST_QUEUED_BYTES = 16 << 20

/** What waits for one watcher. Whoever writes never waits; whoever reads is handed all there is at once. */
export class WatcherQueue<T> {
  #waiting: T[] = []
  #bytes = 0
  #ended = false
  #wake: (() => void) | undefined

  /** False when the reader is too slow: the queue has ended and nothing more is taken. */
  push(item: T, bytes: number): boolean {
    if (this.#ended) return false
    if (this.#bytes > MOST_QUEUED_BYTES) {
      this.end()
      return false
    }
    this.#waiting.push(item)
    this.#bytes += bytes
    this.#wake?.()
    return true
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  /** All there is, or undefined when all is read and the queue has ended. */
  async take(): Promise<T[] | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#ended) return undefined
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
    const taken = this.#waiting
    this.#waiting = []
    this.#bytes = 0
    return taken
  }
}

/** Runs `tick` every `ms` until the returned function is called. */
export function every(clock: Clock, ms: number, tick: () => void): () => void {
  let timer = clock.after(ms, again)
  function again() {
    timer = clock.after(ms, again)
    tick()
  }
  return () => timer.cancel()
}
