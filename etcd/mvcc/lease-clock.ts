import type { Clock, Timer } from '../../platform/clock.ts'
import type { Lease } from './lessor.ts'
import type { LeaseListener, Machine } from './machine.ts'

const SCAN_MS = 500
/** Long leases have their remaining time written to the log now and then, or every change of leader would prolong them. */
const CHECKPOINT_MS = 5 * 60_000

/**
 * When leases run out. Only the leader counts; whoever becomes leader gives every lease its full remaining time again, so a
 * lease may live longer than promised, never shorter. That one has run out is a proposal like any other: the log decides.
 */
export class LeaseClock implements LeaseListener {
  readonly #machine: Machine
  readonly #clock: Clock
  readonly #expire: (id: bigint) => void
  readonly #checkpoint: ((id: bigint, remaining: number) => void) | undefined
  readonly #deadlines = new Map<bigint, { at: number; nextCheckpoint: number }>()
  #timer: Timer | undefined
  #leading = false

  constructor(
    machine: Machine,
    clock: Clock,
    expire: (id: bigint) => void,
    checkpoint?: (id: bigint, remaining: number) => void,
  ) {
    this.#machine = machine
    this.#clock = clock
    this.#expire = expire
    this.#checkpoint = checkpoint
    machine.leaseListener = this
  }

  get leading(): boolean {
    return this.#leading
  }

  /** This member leads from now on. */
  lead(): void {
    if (this.#leading) return
    this.#leading = true
    for (const lease of this.#machine.lessor.all()) this.#start(lease, lease.remaining || lease.ttl)
    this.#schedule()
  }

  /** Another member leads, or none. */
  follow(): void {
    this.#leading = false
    this.#deadlines.clear()
    this.#timer?.cancel()
  }

  stop(): void {
    this.follow()
    if (this.#machine.leaseListener === this) this.#machine.leaseListener = undefined
  }

  /** Gives the lease its full time again; the seconds, or undefined where there is none (any more). */
  renew(id: bigint): number | undefined {
    const lease = this.#machine.lessor.get(id)
    const deadline = this.#deadlines.get(id)
    if (!lease || !deadline || deadline.at <= this.#clock.monotonic()) return undefined
    if (lease.remaining > 0) this.#checkpoint?.(id, 0)
    this.#start(lease, lease.ttl)
    return lease.ttl
  }

  /** Whole seconds left. */
  remaining(id: bigint): number {
    const deadline = this.#deadlines.get(id)
    return deadline ? Math.floor((deadline.at - this.#clock.monotonic()) / 1000) : 0
  }

  granted(lease: Lease): void {
    if (this.#leading) this.#start(lease, lease.ttl)
  }

  revoked(id: bigint): void {
    this.#deadlines.delete(id)
  }

  #start(lease: Lease, seconds: number): void {
    const now = this.#clock.monotonic()
    const at = now + seconds * 1000
    this.#deadlines.set(lease.id, { at, nextCheckpoint: now + CHECKPOINT_MS })
  }

  #schedule(): void {
    this.#timer = this.#clock.after(SCAN_MS, () => {
      this.#scan(this.#clock.monotonic())
      if (this.#leading) this.#schedule()
    })
  }

  #scan(now: number): void {
    for (const [id, deadline] of this.#deadlines) {
      if (deadline.at <= now) this.#expire(id)
      else if (deadline.nextCheckpoint <= now) {
        deadline.nextCheckpoint = now + CHECKPOINT_MS
        this.#checkpoint?.(id, Math.ceil((deadline.at - now) / 1000))
      }
    }
  }
}
