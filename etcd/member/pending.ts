import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import { errors } from '../errors.ts'
import { Command, type Proposal } from '../mvcc/command.ts'
import type { Applied } from '../mvcc/machine.ts'
import { Writer } from '../proto/wire.ts'

interface Waiter {
  since: number
  resolve(applied: Applied): void
  reject(error: unknown): void
}

/** Values stay for as long as their keys do, as views of the slab they were written to: small slabs waste little. */
const SLAB = 8 * 1024
/** etcd's --max-request-bytes. */
const MAX_ENTRY = 1.5 * 1024 * 1024

/** Proposals of this member that are under way, by the number in their command. */
export class Pending {
  readonly #origin: number
  readonly #clock: Clock
  readonly #writer = new Writer(SLAB)
  readonly #waiters = new Map<number, Waiter>()
  #sequence = 0

  /** `random` tells this run of the member from earlier ones, whose commands may still be in the log. */
  constructor(random: Random, clock: Clock) {
    this.#clock = clock
    this.#origin = Math.floor(random.next() * 2 ** 48)
  }

  get count(): number {
    return this.#waiters.size
  }

  /** Makes the entry, has `submit` take it to the log, and resolves with what applying it gave. */
  propose(proposal: Proposal, submit: (entry: Uint8Array) => Promise<unknown>): Promise<Applied> {
    const sequence = ++this.#sequence
    const entry = Command.encode({ ...proposal, origin: this.#origin, sequence }, this.#writer)
    if (entry.length > MAX_ENTRY) return Promise.reject(errors.requestTooLarge)
    return new Promise((resolve, reject) => {
      this.#waiters.set(sequence, { since: this.#clock.monotonic(), resolve, reject })
      submit(entry).catch(error => this.#settle(sequence)?.reject(error))
    })
  }

  /** Tells whoever waits for this command. */
  applied(command: Command, applied: Applied): void {
    if (command.origin === this.#origin) this.#settle(command.sequence)?.resolve(applied)
  }

  failed(command: Command, error: unknown): void {
    if (command.origin === this.#origin) this.#settle(command.sequence)?.reject(error)
  }

  /** Gives up those that have waited for longer than this. */
  expire(ms: number): void {
    const limit = this.#clock.monotonic() - ms
    for (const [sequence, { since }] of this.#waiters) {
      if (since > limit) return
      this.#settle(sequence)?.reject(errors.timeout)
    }
  }

  rejectAll(error: Error): void {
    for (const waiter of this.#waiters.values()) waiter.reject(error)
    this.#waiters.clear()
  }

  #settle(sequence: number): Waiter | undefined {
    const waiter = this.#waiters.get(sequence)
    this.#waiters.delete(sequence)
    return waiter
  }
}
