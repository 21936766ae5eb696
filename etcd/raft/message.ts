/** The words that members of a cluster and the parts of one member use: entries, states, messages. */

/** A member's name for all times; etcd shows it as 16 hex digits. '' stands for nobody. */
export type MemberId = string

export interface Entry {
  term: number
  index: number
  /** `config` entries hold a MembershipChange; a leader's first entry is `normal` with no data. */
  type: 'normal' | 'config'
  data: Uint8Array
}

/** What a member must never forget. `commit` may lag behind: the leader tells it again. */
export interface HardState {
  term: number
  vote: MemberId
  commit: number
}

export interface Member {
  id: MemberId
  /** A learner receives the log and has no vote. */
  learner: boolean
  /** Opaque to Raft: name and addresses, in the form that the layer above chose. */
  context: string
}

/** Says of which log a snapshot of the state machine is the sum. */
export interface SnapshotMeta {
  index: number
  term: number
  members: readonly Member[]
}

export const NO_SNAPSHOT: SnapshotMeta = { index: 0, term: 0, members: [] }

export type MessageBody =
  /** Asks for a vote, or whether it would be given (`preVote`, for the term after the asker's). */
  | { type: 'preVote' | 'vote'; lastIndex: number; lastTerm: number; force: boolean }
  /** Tells in passing what is committed: who learns by it that a member has left may not need that one's vote any more. */
  | { type: 'preVoteReply' | 'voteReply'; granted: boolean; commit: number; commitTerm: number }
  | { type: 'append'; previousIndex: number; previousTerm: number; entries: Entry[]; commit: number }
  /** Accepted: `index` is the last that matches the leader's. Rejected: `index` did not match; the hint says where to try. */
  | { type: 'appendReply'; index: number; rejected: boolean; hintIndex: number; hintTerm: number }
  /** `read` numbers the leader's round of proof that it still leads. */
  | { type: 'heartbeat'; commit: number; read: number }
  | { type: 'heartbeatReply'; read: number }
  | { type: 'snapshot'; snapshot: SnapshotMeta }
  /** A follower asks its leader to hand leadership to `target`. */
  | { type: 'transfer'; target: MemberId }
  /** The leader asks the receiver to campaign at once. */
  | { type: 'timeoutNow' }
  | { type: 'readIndex'; context: number }
  | { type: 'readIndexReply'; context: number; index: number }
  /** Pieces of a snapshot's content, between drivers: the core never sees them. */
  | { type: 'chunk'; transfer: number; snapshot: SnapshotMeta; offset: number; data: Uint8Array; last: boolean }
  /** `offset` is where the next piece is due; with `failed`, the receiver gave up. */
  | { type: 'chunkReply'; transfer: number; offset: number; failed: boolean }

export type Message = { from: MemberId; to: MemberId; term: number } & MessageBody

export type MessageOf<T extends Message['type']> = Extract<Message, { type: T }>
