import { MembershipError, UnavailableError } from './errors.ts'
import { encodeChange, type MembershipChange } from './membership.ts'
import type { Entry, MemberId, Message, MessageOf, SnapshotMeta } from './message.ts'
import { Progress } from './progress.ts'
import { type ReadRequest, ReadRounds } from './reads.ts'
import type { Actor, Role } from './role.ts'

/** Puts entries in order, brings them to the others, and says what is committed. */
export class Leader implements Role {
  readonly name = 'leader'
  readonly leaderIsWell = true
  readonly progress = new Map<MemberId, Progress>()
  readonly actor: Actor
  readonly #latestSnapshot: () => SnapshotMeta
  readonly #reads = new ReadRounds()
  /** Reads that came before this leader knew what is committed. */
  #earlyReads: ReadRequest[] = []
  /** No further change of membership until everything up to here is committed. */
  #lastChange: number
  #sinceHeartbeat = 0
  #sinceCheck = 0
  #transfer: { target: MemberId; ticks: number } | undefined

  constructor(actor: Actor, latestSnapshot: () => SnapshotMeta) {
    this.actor = actor
    this.#latestSnapshot = latestSnapshot
    this.followMembership()
    // The first entry of the term: when it is committed, so is everything before it, and the leader knows it.
    this.#append('normal', new Uint8Array(0))
    this.#lastChange = actor.log.lastIndex
  }

  get transferTarget(): MemberId {
    return this.#transfer?.target ?? ''
  }

  // ---- proposals

  propose(data: Uint8Array): number {
    if (this.#transfer) throw new UnavailableError(`leadership is on its way to ${this.#transfer.target}`)
    return this.#append('normal', data)
  }

  proposeChange(change: MembershipChange): number {
    if (this.#transfer) throw new UnavailableError(`leadership is on its way to ${this.#transfer.target}`)
    if (this.#lastChange > this.actor.log.commit) {
      throw new MembershipError('pending', 'another change of membership is not committed yet')
    }
    const problem = this.actor.membership.problemWith(change) ?? this.#unreadiness(change)
    if (problem) throw problem
    this.#lastChange = this.#append('config', encodeChange(change))
    return this.#lastChange
  }

  /** A learner far behind would hold up every commit as soon as its vote is needed. */
  #unreadiness(change: MembershipChange): MembershipError | undefined {
    if (change.type !== 'promote') return undefined
    const match = this.progress.get(change.id)?.match ?? 0
    if (match >= this.actor.log.lastIndex * 0.9) return undefined
    return new MembershipError('not-ready', `learner ${change.id} has not caught up with the leader yet`)
  }

  #append(type: Entry['type'], data: Uint8Array): number {
    const { log, term } = this.actor
    log.push({ term, index: log.lastIndex + 1, type, data })
    return log.lastIndex
  }

  // ---- time

  tick(): void {
    this.#tickTransfer()
    if (++this.#sinceCheck >= this.actor.settings.electionTicks) {
      this.#sinceCheck = 0
      if (!this.hasActiveQuorum()) {
        this.actor.becomeFollower(this.actor.term, '', 'a majority has not been heard of for too long')
        return
      }
    }
    if (++this.#sinceHeartbeat >= this.actor.settings.heartbeatTicks) this.#sendHeartbeats()
  }

  /** Whoever cannot reach a majority must not think that it leads. */
  hasActiveQuorum(): boolean {
    const active = [...this.progress].filter(([, progress]) => progress.active).map(([id]) => id)
    for (const progress of this.progress.values()) progress.active = false
    return this.actor.membership.isQuorum([this.actor.id, ...active])
  }

  #sendHeartbeats(): void {
    this.#sinceHeartbeat = 0
    for (const [id, progress] of this.progress) {
      const commit = Math.min(progress.match, this.actor.log.commit)
      this.actor.send(id, { type: 'heartbeat', commit, read: this.#reads.newest })
    }
  }

  // ---- messages

  step(message: Message): void {
    const progress = this.progress.get(message.from)
    switch (message.type) {
      case 'appendReply':
        if (progress) this.#handleAppendReply(message, progress)
        break
      case 'heartbeatReply':
        progress?.alive(this.actor.log.lastIndex)
        this.#reads.acknowledge(message.from, message.read)
        this.#answerReads()
        break
      case 'readIndex':
        this.read({ from: message.from, context: message.context })
        break
      case 'transfer':
        this.transferTo(message.target)
    }
  }

  #handleAppendReply(reply: MessageOf<'appendReply'>, progress: Progress): void {
    progress.active = true
    if (reply.rejected) {
      const hint = this.actor.log.lastIndexUpToTerm(reply.hintIndex, reply.hintTerm)
      progress.rejected(reply.index, hint)
      return
    }
    if (!progress.accepted(reply.index)) return
    this.advanceCommit()
    this.#handOverIfReady()
  }

  onDurable(): void {
    this.advanceCommit()
  }

  advanceCommit(): void {
    const { log, membership, id } = this.actor
    const index = membership.reachedByQuorum(voter =>
      voter === id ? log.stable : (this.progress.get(voter)?.match ?? 0),
    )
    if (index > log.commit && this.mayCommit(index)) this.actor.commitTo(index)
  }

  /**
   * What a majority holds is committed, but only up to an entry of the leader's own term: an older one on a majority may
   * still be overwritten (figure 8 of the Raft paper).
   */
  mayCommit(index: number): boolean {
    return this.actor.log.term(index) === this.actor.term
  }

  /** The core's commit index has moved. */
  onCommitted(): void {
    if (this.#earlyReads.length > 0 && this.knowsCommitted()) {
      for (const request of this.#earlyReads.splice(0)) this.read(request)
    }
  }

  // ---- sending

  flush(): void {
    for (const [id, progress] of this.progress) while (this.#sendNext(id, progress)) {}
  }

  /** One message of entries, or news of the commit index; false when nothing is left to say or it has to wait. */
  #sendNext(id: MemberId, progress: Progress): boolean {
    const { log, settings } = this.actor
    if (progress.paused) return false
    const news = progress.next <= log.lastIndex || progress.sentCommit < log.commit
    if (!news && !progress.mustAsk) return false
    const previousTerm = log.term(progress.next - 1)
    if (previousTerm === undefined) return this.#sendSnapshot(id, progress)
    const previousIndex = progress.next - 1
    const entries = log.slice(progress.next, log.lastIndex, settings.maxMessageBytes)
    this.actor.send(id, { type: 'append', previousIndex, previousTerm, entries, commit: log.commit })
    progress.sentCommit = log.commit
    progress.sent(previousIndex + entries.length, entries.length)
    return true
  }

  #sendSnapshot(id: MemberId, progress: Progress): boolean {
    // To one that does not answer, a snapshot would be sent into the void again and again.
    if (!progress.active) return false
    const snapshot = this.#latestSnapshot()
    this.actor.send(id, { type: 'snapshot', snapshot })
    progress.sentSnapshot(snapshot.index)
    return false
  }

  // ---- reads

  read(request: ReadRequest): void {
    if (!this.knowsCommitted()) {
      this.#earlyReads.push(request)
      return
    }
    this.#reads.open([request], this.actor.log.commit, this.actor.id)
    this.#sendHeartbeats()
    this.#answerReads()
  }

  /** Until an entry of its own term is committed, a leader does not know how far the one before it had come. */
  knowsCommitted(): boolean {
    return this.actor.log.term(this.actor.log.commit) === this.actor.term
  }

  #answerReads(): void {
    for (const { request, index } of this.#reads.takeSettled(this.actor.membership)) {
      if (request.from === this.actor.id) this.actor.answerRead(request.context, index)
      else this.actor.send(request.from, { type: 'readIndexReply', context: request.context, index })
    }
  }

  // ---- leaving

  /** Hands leadership to a voter: first it must have the whole log, then it campaigns without waiting. */
  transferTo(target: MemberId): void {
    if (target === this.actor.id || !this.actor.membership.isVoter(target)) return
    this.#transfer = { target, ticks: 0 }
    this.#handOverIfReady()
  }

  #handOverIfReady(): void {
    const target = this.#transfer?.target
    if (!target || this.progress.get(target)?.match !== this.actor.log.lastIndex) return
    this.actor.send(target, { type: 'timeoutNow' })
  }

  #tickTransfer(): void {
    if (this.#transfer && ++this.#transfer.ticks >= this.actor.settings.electionTicks) this.#transfer = undefined
  }

  // ---- membership

  /** Starts and ends the care for members as they come and go. */
  followMembership(): void {
    const { membership, id, log, settings } = this.actor
    for (const member of membership.members) {
      if (member.id === id || this.progress.has(member.id)) continue
      this.progress.set(member.id, new Progress(log.lastIndex + 1, settings.maxInflight))
    }
    for (const known of this.progress.keys()) if (!membership.get(known)) this.progress.delete(known)
    if (this.#transfer && !membership.isVoter(this.#transfer.target)) this.#transfer = undefined
  }
}
