import { OutcomeUnknownError, ProposalLostError } from './errors.ts'
import type { Entry } from './message.ts'

interface Pending {
  term: number
  deadline: number
  resolve: (index: number) => void
  reject: (error: Error) => void
}

/** Who waits for which entry to be applied. */
export class PendingProposals {
  /** By index, in order of their making. */
  readonly #pending = new Map<number, Pending>()

  get count(): number {
    return this.#pending.size
  }

  wait(index: number, term: number, deadline: number): Promise<number> {
    return new Promise((resolve, reject) => this.#pending.set(index, { term, deadline, resolve, reject }))
  }

  applied(entries: readonly Entry[]): void {
    if (this.#pending.size === 0) return
    for (const { index, term } of entries) {
      const pending = this.#pending.get(index)
      if (!pending) continue
      this.#pending.delete(index)
      if (pending.term === term) pending.resolve(index)
      else pending.reject(new ProposalLostError("another leader's entry took the proposal's place"))
    }
  }

  expire(now: number): void {
    for (const [index, pending] of this.#pending) {
      if (pending.deadline > now) return
      this.#pending.delete(index)
      pending.reject(new OutcomeUnknownError('the proposal was not committed in time; it may still be'))
    }
  }

  rejectAll(error: Error): void {
    const all = [...this.#pending.values()]
    this.#pending.clear()
    for (const pending of all) pending.reject(error)
  }
}
