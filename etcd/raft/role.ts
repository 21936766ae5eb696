import type { RaftLog } from './log.ts'
import type { Membership } from './membership.ts'
import type { MemberId, Message, MessageBody } from './message.ts'

export type RoleName = 'follower' | 'preCandidate' | 'candidate' | 'leader'

export interface CoreSettings {
  /** Ticks without a leader before a campaign; each time, chance adds up to half of it again. */
  electionTicks: number
  heartbeatTicks: number
  /** Unanswered messages with entries to one member. */
  maxInflight: number
  /** Bytes of entries in one message. */
  maxMessageBytes: number
}

export const DEFAULT_SETTINGS: CoreSettings = {
  electionTicks: 20,
  heartbeatTicks: 2,
  maxInflight: 256,
  maxMessageBytes: 1024 * 1024,
}

/** What a role sees and moves of the member that plays it. */
export interface Actor {
  readonly id: MemberId
  readonly settings: CoreSettings
  readonly log: RaftLog
  readonly term: number
  readonly leader: MemberId
  readonly membership: Membership
  /** Sent at once. */
  send(to: MemberId, body: MessageBody): void
  /** Sent when everything that this member has promised so far is durable. */
  sendWhenDurable(to: MemberId, body: MessageBody): void
  becomeFollower(term: number, leader: MemberId, reason: string): void
  campaign(kind: 'preVote' | 'vote', force: boolean): void
  becomeLeader(): void
  /** Raises the commit index, whatever that sets in motion. */
  commitTo(index: number): void
  installSnapshot(message: Extract<Message, { type: 'snapshot' }>): void
  answerRead(context: number, index: number): void
  randomElectionTicks(): number
}

/** Follower, candidate or leader: each is a new object, so that nothing of an earlier term is left over. */
export interface Role {
  readonly name: RoleName
  tick(): void
  /** Takes a message of the current term. */
  step(message: Message): void
  /** True while a leader is known to be well: then nobody gets a vote for its place. */
  readonly leaderIsWell: boolean
  /** Something that this member had to promise is now durable. */
  onDurable(): void
  /** Sends what has gathered since the last time. */
  flush(): void
}
