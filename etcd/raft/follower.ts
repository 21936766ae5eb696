import type { Message, MessageOf } from './message.ts'
import type { Actor, Role } from './role.ts'

/** Takes what the leader says, and campaigns when it has heard nothing for too long. */
export class Follower implements Role {
  readonly name = 'follower'
  readonly actor: Actor
  #silence = 0
  #patience: number

  constructor(actor: Actor) {
    this.actor = actor
    this.#patience = actor.randomElectionTicks()
  }

  tick(): void {
    this.#silence++
    if (this.#silence < this.#patience) return
    this.#silence = 0
    this.#patience = this.actor.randomElectionTicks()
    this.actor.campaign('preVote', false)
  }

  get leaderIsWell(): boolean {
    return this.actor.leader !== '' && this.#silence < this.actor.settings.electionTicks
  }

  step(message: Message): void {
    switch (message.type) {
      case 'append':
        this.#silence = 0
        this.handleAppend(message)
        break
      case 'heartbeat':
        this.#silence = 0
        this.actor.commitTo(Math.min(message.commit, this.actor.log.lastIndex))
        this.actor.send(message.from, { type: 'heartbeatReply', read: message.read })
        break
      case 'snapshot':
        this.#silence = 0
        this.actor.installSnapshot(message)
        break
      case 'timeoutNow':
        this.actor.campaign('vote', true)
        break
      case 'readIndexReply':
        this.actor.answerRead(message.context, message.index)
        break
      case 'transfer':
        if (this.actor.leader) this.actor.send(this.actor.leader, { type: 'transfer', target: message.target })
    }
  }

  handleAppend(message: MessageOf<'append'>): void {
    const { log } = this.actor
    if (message.previousIndex < log.commit) {
      this.#accept(message.from, log.commit)
    } else if (log.matches(message.previousIndex, message.previousTerm)) {
      log.merge(message.entries)
      const last = message.previousIndex + message.entries.length
      this.actor.commitTo(Math.min(message.commit, last))
      this.#accept(message.from, last)
    } else {
      this.#reject(message)
    }
  }

  #accept(to: string, index: number): void {
    this.actor.sendWhenDurable(to, { type: 'appendReply', index, rejected: false, hintIndex: 0, hintTerm: 0 })
  }

  #reject(message: MessageOf<'append'>): void {
    const { log } = this.actor
    const hintIndex = log.lastIndexUpToTerm(message.previousIndex, message.previousTerm)
    const hintTerm = log.term(hintIndex) ?? 0
    const index = message.previousIndex
    this.actor.sendWhenDurable(message.from, { type: 'appendReply', index, rejected: true, hintIndex, hintTerm })
  }

  onDurable(): void {}
  flush(): void {}
}
