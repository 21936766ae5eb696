import type { Clock, Timer } from '../../platform/clock.ts'
import type { DeliveryOptions } from './sink.ts'

interface Receiver {
  /** Never rejects. */
  take(batch: readonly string[]): Promise<void>
  /** The first of several is lost. */
  onFull(): void
  /** One is lost. */
  onDropped(): void
  /** So many were lost. */
  onRoom(lost: number): void
}

/**
 * Gathers texts and hands them on in batches, one after the other: whoever is slow to take one holds back the next. What
 * comes meanwhile waits, up to a limit.
 */
export class Batches {
  readonly #options: DeliveryOptions
  readonly #clock: Clock
  readonly #receiver: Receiver
  #waiting: string[] = []
  #timer: Timer | undefined
  #isDue = false
  #handing: Promise<void> | undefined
  #lost = 0
  #closed = false

  constructor(options: DeliveryOptions, clock: Clock, receiver: Receiver) {
    this.#options = options
    this.#clock = clock
    this.#receiver = receiver
  }

  take(text: string): void {
    if (this.#waiting.length < this.#options.bufferSize) {
      this.#waiting.push(text)
      this.#look()
    } else this.#lose()
  }

  /** Resolves when everything has been handed on. */
  async close(): Promise<void> {
    this.#closed = true
    this.#look()
    while (this.#handing) await this.#handing
  }

  #look(): void {
    if (this.#waiting.length === 0) return
    if (this.#isTime() && !this.#handing) this.#handing = this.#handOn().finally(() => this.#handedOn())
    else this.#timer ??= this.#clock.after(this.#options.maxWaitMs, () => this.#due())
  }

  #due(): void {
    this.#timer = undefined
    this.#isDue = true
    this.#look()
  }

  #isTime(): boolean {
    if (this.#waiting.length === 0) return false
    return this.#waiting.length >= this.#options.maxSize || this.#isDue || this.#closed
  }

  async #handOn(): Promise<void> {
    while (this.#isTime()) {
      this.#timer?.cancel()
      this.#timer = undefined
      this.#isDue = false
      const batch = this.#waiting.splice(0, this.#options.maxSize)
      if (this.#lost > 0) this.#receiver.onRoom(this.#lost)
      this.#lost = 0
      await this.#receiver.take(batch)
    }
  }

  #handedOn(): void {
    this.#handing = undefined
    this.#look()
  }

  #lose(): void {
    if (this.#lost === 0) this.#receiver.onFull()
    this.#lost++
    this.#receiver.onDropped()
  }
}
