import type { MemberId, Message } from './message.ts'
import type { Actor, Role } from './role.ts'

/**
 * Asks for votes: first whether it would get them (pre-vote, which disturbs nobody's term), then for real. Its own vote
 * counts when it is durable, like anybody's.
 */
export class Candidate implements Role {
  readonly name: 'preCandidate' | 'candidate'
  readonly leaderIsWell = false
  readonly votes = new Map<MemberId, boolean>()
  readonly actor: Actor
  readonly #force: boolean
  #patience: number

  constructor(actor: Actor, kind: 'preVote' | 'vote', force: boolean) {
    this.name = kind === 'preVote' ? 'preCandidate' : 'candidate'
    this.actor = actor
    this.#force = force
    this.#patience = actor.randomElectionTicks()
  }

  /** Asks all others. A pre-vote of one's own promises nothing and counts at once. */
  start(): void {
    const { log, membership, id } = this.actor
    const type = this.name === 'preCandidate' ? 'preVote' : 'vote'
    for (const voter of membership.voters) {
      if (voter === id) continue
      this.actor.send(voter, { type, lastIndex: log.lastIndex, lastTerm: log.lastTerm, force: this.#force })
    }
    if (type === 'preVote') this.record(id, true)
  }

  tick(): void {
    this.#patience--
    if (this.#patience <= 0) this.actor.campaign('preVote', false)
  }

  step(message: Message): void {
    switch (message.type) {
      case 'preVoteReply':
        if (this.name === 'preCandidate') this.record(message.from, message.granted)
        break
      case 'voteReply':
        if (this.name === 'candidate') this.record(message.from, message.granted)
        break
      case 'timeoutNow':
        this.actor.campaign('vote', true)
    }
  }

  onDurable(): void {
    if (this.name === 'candidate') this.record(this.actor.id, true)
  }

  record(from: MemberId, granted: boolean): void {
    if (!this.votes.has(from)) this.votes.set(from, granted)
    const { membership, term } = this.actor
    const stillPossible = membership.voters.filter(id => this.votes.get(id) !== false)
    if (membership.isQuorum(this.#supporters())) this.#won()
    else if (!membership.isQuorum(stillPossible)) this.actor.becomeFollower(term, '', 'lost the election')
  }

  #won(): void {
    if (this.name === 'preCandidate') this.actor.campaign('vote', this.#force)
    else this.actor.becomeLeader()
  }

  #supporters(): MemberId[] {
    return [...this.votes].filter(([, granted]) => granted).map(([id]) => id)
  }

  flush(): void {}
}
