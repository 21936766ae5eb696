import type { Message, MessageOf } from './message.ts'
import type { Actor, Role } from './role.ts'

/** Takes what the leader says, and campaigns when it has heard nothing for too long. */
export class Follower implements Role {
  readonly name = 'follower'
  readonly #actor: Actor
  #silence = 0
  #patience: number

  constructor(actor: Actor) {
    this.#actor = actor
    this.#patience = actor.randomElectionTicks()
  }

  tick(): void {
    this.#silence++
    if (this.#silence < this.#patience) return
    this.#silence = 0
    this.#patience = this.#actor.randomElectionTicks()
    this.#actor.campaign('preVote', false)
  }

  get leaderIsWell(): boolean {
    return this.#actor.leader !== '' && this.#silence < this.#actor.settings.electionTicks
  }

  step(message: Message): void {
    switch (message.type) {
      case 'append':
        this.#heard()
        return this.handleAppend(message)
      case 'heartbeat':
        this.#heard()
        this.#actor.commitTo(Math.min(message.commit, this.#actor.log.lastIndex))
        return this.#actor.send(message.from, { type: 'heartbeatReply', read: message.read })
      case 'snapshot':
        this.#heard()
        return this.#actor.installSnapshot(message)
      case 'timeoutNow':
        return this.#actor.campaign('vote', true)
      case 'readIndexReply':
        return this.#actor.answerRead(message.context, message.index)
      case 'transfer':
        if (this.#actor.leader) this.#actor.send(this.#actor.leader, { type: 'transfer', target: message.target })
    }
  }

  /** A vote given is a leader hoped for: wait for it. */
  #heard(): void {
    this.#silence = 0
  }

  handleAppend(message: MessageOf<'append'>): void {
    const { log } = this.#actor
    if (message.previousIndex < log.commit) return this.#accept(message.from, log.commit)
    if (!log.matches(message.previousIndex, message.previousTerm)) return this.#reject(message)
    log.merge(message.entries)
    const last = message.previousIndex + message.entries.length
    this.#actor.commitTo(Math.min(message.commit, last))
    this.#accept(message.from, last)
  }

  #accept(to: string, index: number): void {
    this.#actor.sendWhenDurable(to, { type: 'appendReply', index, rejected: false, hintIndex: 0, hintTerm: 0 })
  }

  #reject(message: MessageOf<'append'>): void {
    const { log } = this.#actor
    const hintIndex = log.lastIndexUpToTerm(message.previousIndex, message.previousTerm)
    const hintTerm = log.term(hintIndex) ?? 0
    const index = message.previousIndex
    this.#actor.sendWhenDurable(message.from, { type: 'appendReply', index, rejected: true, hintIndex, hintTerm })
  }

  onDurable(): void {}
  flush(): void {}
}
