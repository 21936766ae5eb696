/**
 * etcd/raft/ keeps one log the same on all members of a cluster, whoever crashes. Start here: RaftCore is a state machine
 * without disk, network or clock: messages, ticks and proposals go in (`step`, `tick`, `propose`), duties come out
 * (`ready`) and are reported done (`advance`). What differs between follower.ts, candidate.ts and leader.ts is in those
 * files; log.ts, membership.ts, progress.ts and reads.ts are the parts. driver.ts carries the duties out.
 */
import { Candidate } from './candidate.ts'
import { NotLeaderError } from './errors.ts'
import { Follower } from './follower.ts'
import { Leader } from './leader.ts'
import { RaftLog } from './log.ts'
import { Membership, type MembershipChange } from './membership.ts'
import type { Entry, HardState, MemberId, Message, MessageBody, MessageOf, SnapshotMeta } from './message.ts'
import { type Actor, type CoreSettings, DEFAULT_SETTINGS, type Role, type RoleName } from './role.ts'

/** To be written as a whole or not at all, then synced; no second one is handed out before `advance`. */
export interface Persist {
  hardState?: HardState
  /** Has been received already; takes the place of log and state machine. */
  snapshot?: SnapshotMeta
  entries: Entry[]
  /** Promises: to be sent after the sync, never before. */
  messages: Message[]
}

/**
 * The driver's duties. For each Ready, in this order:
 *
 * 1. Send `messages`. They may overtake the writing of `persist`: a leader replicates while its own disk works.
 * 2. Write `persist` (hard state, then snapshot marker, then entries) and sync it. Where there is nothing in it to
 *    write, nothing needs to be synced. Then call `advance()`, then send `persist.messages`. Until then further calls
 *    of `ready` hold no `persist`: what gathers meanwhile is the next batch.
 * 3. After a persisted `snapshot`, replace the state machine's content, after all entries handed out before it.
 * 4. Apply `committed` in order, each once, also across Readys. They are durable on this member.
 * 5. Let each of `reads` go on as soon as its index has been applied.
 */
export interface Ready {
  messages: Message[]
  persist?: Persist
  committed: Entry[]
  reads: { context: number; index: number }[]
}

export interface CoreStart {
  id: MemberId
  hardState: HardState
  /** The snapshot that the state machine was loaded from. */
  snapshot: SnapshotMeta
  /** Everything after the snapshot. */
  entries: Entry[]
  /** Uniform in [0, 1): spreads the elections. */
  random: () => number
  settings?: Partial<CoreSettings>
  /** Told of each change of role, term or leader, with the reason in words. */
  onTransition?: (transition: Transition) => void
}

export interface Transition {
  from: RoleName
  to: RoleName
  term: number
  leader: MemberId
  reason: string
}

export class RaftCore implements Actor {
  readonly id: MemberId
  readonly settings: CoreSettings
  readonly log: RaftLog
  term: number
  vote: MemberId
  leader: MemberId = ''
  membership: Membership
  role: Role
  readonly #random: () => number
  readonly #onTransition: (transition: Transition) => void
  #snapshot: SnapshotMeta
  #saved: HardState
  #persisting = false
  /** The last change of membership that is committed, and the commit index that is durable. */
  #committedChange = 0
  #durableCommit: number
  #arrivedSnapshot: SnapshotMeta | undefined
  #messages: Message[] = []
  #promises: Message[] = []
  #reads: Ready['reads'] = []

  constructor(start: CoreStart) {
    this.id = start.id
    this.settings = { ...DEFAULT_SETTINGS, ...start.settings }
    this.log = new RaftLog(start.snapshot, start.entries, start.hardState.commit)
    this.term = start.hardState.term
    this.vote = start.hardState.vote
    this.#saved = start.hardState
    this.#durableCommit = start.hardState.commit
    this.#snapshot = start.snapshot
    this.#random = start.random
    this.#onTransition = start.onTransition ?? (() => {})
    const known = this.log.slice(this.log.firstIndex, this.log.commit)
    this.membership = known.reduce(
      (members, entry) => members.afterEntry(entry),
      new Membership(start.snapshot.members),
    )
    this.role = new Follower(this)
  }

  // ---- what goes in

  tick(): void {
    this.role.tick()
  }

  /** Appends to the log of the leader and returns the index, which may still get another entry if leadership is lost. */
  propose(data: Uint8Array): number {
    return this.#asLeader().propose(data)
  }

  proposeChange(change: MembershipChange): number {
    return this.#asLeader().proposeChange(change)
  }

  /** Campaigns without waiting for a timeout. */
  campaignNow(): void {
    if (this.role.name !== 'leader') this.campaign('preVote', false)
  }

  transferTo(target: MemberId): void {
    const message: MessageBody = { type: 'transfer', target }
    this.role.step({ from: this.id, to: this.id, term: this.term, ...message })
  }

  /** The answer comes in `Ready.reads`, or never, if messages are lost or leadership is: ask again. */
  readIndex(context: number): void {
    if (this.role instanceof Leader) this.role.read({ from: this.id, context })
    else if (this.leader) this.send(this.leader, { type: 'readIndex', context })
    else throw new NotLeaderError('')
  }

  /** A message to this member could not be delivered. */
  reportUnreachable(id: MemberId): void {
    this.#progressOf(id)?.unreachable()
  }

  reportSnapshot(id: MemberId, arrived: boolean): void {
    this.#progressOf(id)?.snapshotEnded(arrived)
  }

  /** A snapshot of the state machine is durable; the log before `compactTo` is not needed any more. */
  snapshotTaken(snapshot: SnapshotMeta, compactTo: number): void {
    if (snapshot.index <= this.#snapshot.index) return
    this.#snapshot = snapshot
    this.log.compact(compactTo)
  }

  step(message: Message): void {
    if (message.term > this.term && !this.#acceptsLaterTerm(message)) return
    if (message.term < this.term) {
      this.#answerEarlierTerm(message)
    } else if (message.type === 'vote' || message.type === 'preVote') {
      this.handleVoteRequest(message)
    } else if (!isGrantOfOldCampaign(message, this.term)) {
      if (isFromLeader(message)) this.#followSender(message.from)
      if (message.type === 'voteReply' || message.type === 'preVoteReply') this.#learnCommitted(message)
      this.role.step(message)
    }
  }

  #learnCommitted({ commit, commitTerm }: MessageOf<'voteReply' | 'preVoteReply'>): void {
    if (this.log.matches(commit, commitTerm)) this.commitTo(commit)
  }

  #followSender(from: MemberId): void {
    if (this.role.name === 'leader') throw new Error(`two leaders in term ${this.term}: ${this.id} and ${from}`)
    if (this.role.name === 'follower' && this.leader === from) return
    this.becomeFollower(this.term, from, `${from} leads`)
  }

  /** False where the message must not touch us at all. Most of the others end our term. */
  #acceptsLaterTerm(message: Message): boolean {
    const asksForVote = message.type === 'vote' || message.type === 'preVote'
    if (asksForVote && !message.force && this.role.leaderIsWell) return false
    // A pre-vote is about a term that has not begun.
    if (message.type === 'preVote' || (message.type === 'preVoteReply' && message.granted)) return true
    const leader = isFromLeader(message) ? message.from : ''
    this.becomeFollower(message.term, leader, `${message.from} is in term ${message.term}`)
    return true
  }

  /** Whoever lives in a past term learns of ours, and by that steps down. */
  #answerEarlierTerm(message: Message): void {
    if (isFromLeader(message)) {
      this.sendWhenDurable(message.from, { type: 'appendReply', index: 0, rejected: false, hintIndex: 0, hintTerm: 0 })
    } else if (message.type === 'preVote') {
      this.#answerPreVote(message, false)
    }
  }

  handleVoteRequest(message: MessageOf<'vote' | 'preVote'>): void {
    const granted = this.mayVoteFor(message) && this.log.isUpToDate(message.lastIndex, message.lastTerm)
    if (message.type === 'preVote') {
      this.#answerPreVote(message, granted)
      return
    }
    if (granted) {
      this.vote = message.from
      this.becomeFollower(this.term, this.leader, `votes for ${message.from}`)
    }
    this.sendWhenDurable(message.from, { type: 'voteReply', granted, ...this.#committed() })
  }

  /** A pre-vote is for the asker's next term, so that is the term that a grant bears. */
  #answerPreVote(message: MessageOf<'vote' | 'preVote'>, granted: boolean): void {
    const term = granted ? message.term : this.term
    this.#messages.push({
      from: this.id,
      to: message.from,
      term,
      type: 'preVoteReply',
      granted,
      ...this.#committed(),
    })
  }

  #committed(): { commit: number; commitTerm: number } {
    return { commit: this.log.commit, commitTerm: this.log.term(this.log.commit)! }
  }

  mayVoteFor(message: MessageOf<'vote' | 'preVote'>): boolean {
    if (this.vote === message.from) return true
    if (message.type === 'preVote' && message.term > this.term) return true
    return this.vote === '' && this.leader === ''
  }

  // ---- what comes out

  ready(): Ready {
    this.role.flush()
    const persist = this.#persisting ? undefined : this.#takePersist()
    this.#persisting ||= persist !== undefined
    const committed = this.log.takeCommitted(this.#applyLimit())
    const ready = { messages: this.#messages, persist, committed, reads: this.#reads }
    this.#messages = []
    this.#reads = []
    return ready
  }

  /**
   * Who hears that a member has left may switch that member off. From then on it must not be needed any more, not even
   * after a power cut: so the commit of a change is made durable before the change counts as done.
   */
  #applyLimit(): number {
    return this.#durableCommit < this.#committedChange ? this.#committedChange - 1 : Number.POSITIVE_INFINITY
  }

  #takePersist(): Persist | undefined {
    const { term, vote, log } = this
    const forChange = this.#saved.commit < this.#committedChange
    const changed = forChange || term !== this.#saved.term || vote !== this.#saved.vote
    const toWrite = changed || log.hasUnstable || this.#arrivedSnapshot !== undefined
    if (!toWrite && this.#promises.length === 0) return undefined
    const hardState = toWrite ? { term, vote, commit: log.commit } : undefined
    const persist = {
      hardState,
      snapshot: this.#arrivedSnapshot,
      entries: log.takeUnstable(),
      messages: this.#promises,
    }
    if (hardState) this.#saved = hardState
    this.#arrivedSnapshot = undefined
    this.#promises = []
    return persist
  }

  /** The last `persist` is durable. */
  advance(): void {
    this.#persisting = false
    this.#durableCommit = this.#saved.commit
    this.log.persisted()
    if (this.#saved.term === this.term && this.#saved.vote === this.vote) this.role.onDurable()
  }

  // ---- what the roles use

  send(to: MemberId, body: MessageBody): void {
    const term = body.type === 'preVote' ? this.term + 1 : this.term
    this.#messages.push({ from: this.id, to, term, ...body })
  }

  sendWhenDurable(to: MemberId, body: MessageBody): void {
    this.#promises.push({ from: this.id, to, term: this.term, ...body })
  }

  randomElectionTicks(): number {
    return this.settings.electionTicks + Math.floor((this.#random() * this.settings.electionTicks) / 2)
  }

  becomeFollower(term: number, leader: MemberId, reason: string): void {
    this.#play(term, leader, () => new Follower(this), reason)
  }

  campaign(kind: 'preVote' | 'vote', force: boolean): void {
    // Who has no vote, or has not got its state together yet, stays out of elections.
    if (!this.membership.isVoter(this.id) || this.#arrivedSnapshot) return
    const candidate = new Candidate(this, kind, force)
    if (kind === 'preVote') this.#play(this.term, '', () => candidate, 'no leader is heard of')
    else this.#play(this.term + 1, '', () => candidate, force ? 'was asked to lead' : 'a majority would vote for it')
    if (kind === 'vote') this.vote = this.id
    candidate.start()
  }

  becomeLeader(): void {
    this.#play(this.term, this.id, () => new Leader(this, () => this.#snapshot), 'won the election')
  }

  #play(term: number, leader: MemberId, role: () => Role, reason: string): void {
    const from = this.role.name
    if (term !== this.term) this.vote = ''
    const news = term !== this.term || leader !== this.leader
    this.term = term
    this.leader = leader
    this.role = role()
    if (news || from !== this.role.name) this.#onTransition({ from, to: this.role.name, term, leader, reason })
  }

  commitTo(index: number): void {
    const committed = this.log.commitTo(index)
    if (committed.length === 0) return
    const before = this.membership
    this.membership = committed.reduce((members, entry) => members.afterEntry(entry), before)
    const change = committed.findLast(entry => entry.type === 'config')
    if (change) this.#committedChange = change.index
    if (!(this.role instanceof Leader)) return
    this.role.onCommitted()
    if (this.membership !== before) this.#leadNewMembership(this.role)
  }

  #leadNewMembership(leader: Leader): void {
    // Members that leave hear of it with the commit index, before they are forgotten.
    leader.flush()
    leader.followMembership()
    if (!this.membership.isVoter(this.id)) this.becomeFollower(this.term, '', 'is no voter any more')
    else leader.advanceCommit()
  }

  installSnapshot(message: MessageOf<'snapshot'>): void {
    const { snapshot } = message
    if (snapshot.index > this.log.commit) {
      // With the entries there already, all that is news is that they are committed.
      if (this.log.matches(snapshot.index, snapshot.term)) this.commitTo(snapshot.index)
      else this.#takeOver(snapshot)
    }
    const index = this.log.commit
    this.sendWhenDurable(message.from, { type: 'appendReply', index, rejected: false, hintIndex: 0, hintTerm: 0 })
  }

  #takeOver(snapshot: SnapshotMeta): void {
    this.log.restore(snapshot)
    this.membership = new Membership(snapshot.members)
    this.#snapshot = snapshot
    this.#arrivedSnapshot = snapshot
  }

  answerRead(context: number, index: number): void {
    this.#reads.push({ context, index })
  }

  // ----

  #asLeader(): Leader {
    if (this.role instanceof Leader) return this.role
    throw new NotLeaderError(this.leader)
  }

  #progressOf(id: MemberId) {
    return this.role instanceof Leader ? this.role.progress.get(id) : undefined
  }
}

function isFromLeader(message: Message): boolean {
  return message.type === 'append' || message.type === 'heartbeat' || message.type === 'snapshot'
}

/** A pre-vote is granted for the term after the asker's: one for any other is late. */
function isGrantOfOldCampaign(message: Message, term: number): boolean {
  return message.type === 'preVoteReply' && message.granted && message.term !== term + 1
}
