import type { Clock } from '../../platform/clock.ts'

const MOST_REMEMBERED = 4096
/** What a caller makes up himself, names above all, must not fill the memory. */
const LONGEST_QUESTION = 10_000

/** Answers of others that stay good for a while. Who asks the same at the same time waits for the same answer. */
export class Remembered<T> {
  readonly #clock: Clock
  readonly #kept = new Map<string, { value: T; until: number }>()
  readonly #coming = new Map<string, Promise<T>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `goodForMs` says how long an answer stays good; a failure is nobody's answer and is asked again. */
  async answer(question: string, ask: () => Promise<T>, goodForMs: (value: T) => number): Promise<T> {
    if (question.length > LONGEST_QUESTION) return ask()
    const found = this.#kept.get(question)
    if (found && found.until > this.#clock.monotonic()) return found.value
    const coming = this.#coming.get(question) ?? this.#begin(question, ask, goodForMs)
    return coming
  }

  #begin(question: string, ask: () => Promise<T>, goodForMs: (value: T) => number): Promise<T> {
    const asking = async () => {
      try {
        const value = await ask()
        this.#keep(question, value, goodForMs(value))
        return value
      } finally {
        this.#coming.delete(question)
      }
    }
    const coming = asking()
    this.#coming.set(question, coming)
    return coming
  }

  #keep(question: string, value: T, forMs: number): void {
    this.#kept.delete(question)
    if (forMs <= 0) return
    if (this.#kept.size >= MOST_REMEMBERED) this.#kept.delete(this.#kept.keys().next().value!)
    this.#kept.set(question, { value, until: this.#clock.monotonic() + forMs })
  }
}
