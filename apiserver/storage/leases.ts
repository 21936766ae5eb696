import type { Kind } from '../../api/kind.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Store } from './store.ts'

const REUSE_MS = 60_000

/** Events expire. One store lease serves all that are written within a minute: a lease for each would cost more than they. */
export class EventLeases {
  readonly #store: Store
  readonly #clock: Clock
  readonly #ttlSeconds: number
  #current: { lease: Promise<bigint>; until: number } | undefined

  constructor(store: Store, clock: Clock, ttlSeconds: number) {
    this.#store = store
    this.#clock = clock
    this.#ttlSeconds = ttlSeconds
  }

  /** undefined for kinds that stay until they are deleted. */
  async leaseFor(kind: Kind): Promise<bigint | undefined> {
    if (kind.storage.prefix !== 'events') return undefined
    const now = this.#clock.monotonic()
    if (!this.#current || this.#current.until <= now) {
      // The lease outlives its last event by the span in which it is reused.
      const lease = this.#store.grantLease(this.#ttlSeconds + REUSE_MS / 1000)
      this.#current = { lease, until: now + REUSE_MS }
      lease.catch(() => {
        this.#current = undefined
      })
    }
    return this.#current.lease
  }
}
