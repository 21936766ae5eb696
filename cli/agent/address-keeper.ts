import type { Clock, Timer } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'

const LOOK_MS = 10_000

export interface AddressKeeperOptions {
  first: string
  /** The address by which the API server is reached; fails while it is not. */
  measure(): Promise<string>
  clock: Clock
  log: Log
  changed(address: string): void
}

/** Follows the address of this machine: a lease may run out, a VM may wake up in another network. */
export class AddressKeeper {
  readonly #options: AddressKeeperOptions
  #address: string
  #timer: Timer | undefined
  #stopped = false

  constructor(options: AddressKeeperOptions) {
    this.#options = options
    this.#address = options.first
  }

  get address(): string {
    return this.#address
  }

  start(): void {
    this.#timer = this.#options.clock.after(LOOK_MS, () => void this.#look())
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  async #look(): Promise<void> {
    const { measure, log, changed } = this.#options
    try {
      const address = await measure()
      if (this.#stopped) return
      if (address !== this.#address) {
        log.warn('The address of this machine has changed', { from: this.#address, to: address })
        this.#address = address
        changed(address)
      }
    } catch (error) {
      // Whoever needs the API server says that it is away.
      log.debug('The address of this machine cannot be measured', { error })
    }
    if (!this.#stopped) this.start()
  }
}
