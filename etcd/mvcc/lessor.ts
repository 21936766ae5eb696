import { errors } from '../errors.ts'

export interface Lease {
  readonly id: bigint
  /** Seconds that were granted. */
  readonly ttl: number
  /** Seconds left when its leader last said so; 0: all of them. */
  remaining: number
  readonly keys: Set<string>
}

const MAX_TTL_SECONDS = 9_000_000_000
/** One and a half election timeouts: a lease must outlive a change of leader. */
const MIN_TTL_SECONDS = 2

/** Which leases exist and which keys hang on them: the part of leases that the log decides. Time is no part of it. */
export class Lessor {
  readonly #leases = new Map<bigint, Lease>()

  get(id: bigint): Lease | undefined {
    return this.#leases.get(id)
  }

  all(): Iterable<Lease> {
    return this.#leases.values()
  }

  get count(): number {
    return this.#leases.size
  }

  grant(id: bigint, ttl: number): Lease {
    if (id === 0n) throw errors.leaseNotFound
    if (ttl > MAX_TTL_SECONDS) throw errors.leaseTtlTooLarge
    if (this.#leases.has(id)) throw errors.leaseExists
    const lease: Lease = { id, ttl: Math.max(ttl, MIN_TTL_SECONDS), remaining: 0, keys: new Set() }
    this.#leases.set(id, lease)
    return lease
  }

  /** Takes the lease away and tells which keys go with it, in order. */
  revoke(id: bigint): string[] {
    const lease = this.#leases.get(id)
    if (!lease) throw errors.leaseNotFound
    this.#leases.delete(id)
    return [...lease.keys].sort((a, b) => (a < b ? -1 : 1))
  }

  checkpoint(id: bigint, remaining: number): void {
    const lease = this.#leases.get(id)
    if (lease) lease.remaining = remaining
  }

  /** A key moves from one lease to another; 0 is none. */
  move(key: string, from: bigint, to: bigint): void {
    if (from === to) return
    if (from !== 0n) this.#leases.get(from)?.keys.delete(key)
    if (to !== 0n) this.#leases.get(to)?.keys.add(key)
  }

  load(leases: Iterable<{ id: bigint; ttl: number; remaining: number }>): void {
    this.#leases.clear()
    for (const { id, ttl, remaining } of leases) this.#leases.set(id, { id, ttl, remaining, keys: new Set() })
  }
}
