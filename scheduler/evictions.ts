import type { PodFacts } from './facts.ts'

/** Who waits for whom to go: a pod is told when the last of its victims has gone. */
export class Evictions {
  readonly #preemptorOf = new Map<string, string>()
  readonly #left = new Map<string, number>()

  begin(preemptor: string, victims: readonly PodFacts[]): void {
    const fresh = victims.filter(victim => !this.#preemptorOf.has(victim.uid))
    for (const victim of fresh) this.#preemptorOf.set(victim.uid, preemptor)
    this.#left.set(preemptor, (this.#left.get(preemptor) ?? 0) + fresh.length)
  }

  awaits(preemptor: string): boolean {
    return this.#left.has(preemptor)
  }

  /** It waits no longer: its victims could not be asked to go. */
  end(preemptor: string): void {
    if (!this.#left.delete(preemptor)) return
    for (const [victim, served] of this.#preemptorOf) if (served === preemptor) this.#preemptorOf.delete(victim)
  }

  /** The uid of the pod that waited for this one and for no other any more. */
  gone(victim: string): string | undefined {
    const preemptor = this.#preemptorOf.get(victim)
    if (preemptor === undefined) return undefined
    this.#preemptorOf.delete(victim)
    const left = this.#left.get(preemptor)! - 1
    if (left > 0) {
      this.#left.set(preemptor, left)
      return undefined
    }
    this.#left.delete(preemptor)
    return preemptor
  }
}
