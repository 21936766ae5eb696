import type { Clock } from '../../platform/clock.ts'

/** A watcher that is this far behind is cut off: it may come back and ask again from its last revision. */
const MOST_QUEUED_BYTES = 16 << 20

/** The lines that wait for one watcher. Whoever writes never waits; whoever reads is handed all there is at once. */
export class LineQueue {
  #lines: Uint8Array[] = []
  #bytes = 0
  #ended = false
  #wake: (() => void) | undefined

  /** False when the reader is too slow: the queue has ended and nothing more is taken. */
  push(line: Uint8Array): boolean {
    if (this.#ended) return false
    if (this.#bytes > MOST_QUEUED_BYTES) {
      this.end()
      return false
    }
    this.#lines.push(line)
    this.#bytes += line.length
    this.#wake?.()
    return true
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  /** The next bytes, or undefined when all is read and the queue has ended. */
  async take(): Promise<Uint8Array | undefined> {
    while (this.#lines.length === 0) {
      if (this.#ended) return undefined
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
    const lines = this.#lines
    this.#lines = []
    this.#bytes = 0
    return lines.length === 1 ? lines[0]! : Buffer.concat(lines)
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
