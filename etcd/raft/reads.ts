import type { Membership } from './membership.ts'
import type { MemberId } from './message.ts'

export interface ReadRequest {
  /** Who asked: the leader itself or a follower on behalf of its clients. */
  from: MemberId
  context: number
}

interface Round {
  number: number
  requests: ReadRequest[]
  index: number
  acks: Set<MemberId>
}

/**
 * Linearizable reads without a write: the leader notes its commit index, then proves by one round of heartbeats that it
 * still led after the read had come in. No clock is trusted.
 */
export class ReadRounds {
  #rounds: Round[] = []
  #number = 0

  /** Opens a round; heartbeats with its number, answered by a majority, settle it. */
  open(requests: ReadRequest[], commit: number, self: MemberId): number {
    this.#number++
    this.#rounds.push({ number: this.#number, requests, index: commit, acks: new Set([self]) })
    return this.#number
  }

  /** The newest round that waits, 0 when none does. Heartbeats repeat it, for those that were lost. */
  get newest(): number {
    return this.#rounds.at(-1)?.number ?? 0
  }

  /** An answer to a round proves all earlier rounds too. */
  acknowledge(from: MemberId, number: number): void {
    for (const round of this.#rounds) if (round.number <= number) round.acks.add(from)
  }

  takeSettled(membership: Membership): { request: ReadRequest; index: number }[] {
    const settled = this.#rounds.findLastIndex(round => membership.isQuorum(round.acks)) + 1
    const rounds = this.#rounds.splice(0, settled)
    return rounds.flatMap(round => round.requests.map(request => ({ request, index: round.index })))
  }
}
