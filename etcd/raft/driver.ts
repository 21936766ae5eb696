import { pause, type Timer } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { Applier } from './applier.ts'
import { type Persist, RaftCore, type Transition } from './core.ts'
import { DiskFullError, NotLeaderError, OutcomeUnknownError, StoppedError, UnavailableError } from './errors.ts'
import { Leader } from './leader.ts'
import type { MembershipChange } from './membership.ts'
import type { Member, MemberId, Message, SnapshotMeta } from './message.ts'
import { DEFAULT_DRIVER_SETTINGS, type DriverOptions, type DriverSettings, type DriverStatus } from './options.ts'
import { PendingProposals } from './proposals.ts'
import { ReadQueue } from './read-queue.ts'
import { type RaftStorage, restoreNewest, type StartingPoint } from './storage.ts'
import { SnapshotReceiver, SnapshotSender } from './transfer.ts'
import { Turns } from './turns.ts'

const TICKS_PER_HEARTBEAT = 2
const DISK_RETRY_MS = 1000

/**
 * Gives the core a clock, a disk and a network, and carries out its duties in the order that `Ready` states. While one
 * write is being synced, proposals gather for the next: that is the group commit.
 */
export class RaftDriver {
  readonly core: RaftCore
  readonly #options: DriverOptions
  readonly #settings: DriverSettings
  readonly #tickMs: number
  readonly #storage: RaftStorage
  readonly #log: Log
  readonly #proposals = new PendingProposals()
  readonly #reads: ReadQueue
  readonly #applier: Applier
  readonly #sender: SnapshotSender
  readonly #receiver: SnapshotReceiver
  readonly #abort = new AbortController()
  #timer: Timer | undefined
  #scheduled = false
  #nextTryForRoom = 0
  #writing: Promise<void> | undefined
  #stopped: Error | undefined
  #members: readonly Member[] = []
  readonly #turns: Turns

  private constructor(options: DriverOptions, start: StartingPoint) {
    const { id, storage, random, log } = options
    this.#options = options
    this.#settings = { ...DEFAULT_DRIVER_SETTINGS, ...options.settings }
    this.#tickMs = this.#settings.heartbeatMs / TICKS_PER_HEARTBEAT
    this.#storage = storage
    this.#log = log
    this.core = new RaftCore({
      id,
      hardState: storage.hardState,
      snapshot: start.snapshot,
      entries: start.entries,
      random: () => random.next(),
      settings: {
        heartbeatTicks: TICKS_PER_HEARTBEAT,
        electionTicks: Math.ceil(this.#settings.electionMs / this.#tickMs),
        ...options.coreSettings,
      },
      onTransition: transition => this.#onTransition(transition),
    })
    const send = (message: Message) => options.transport.send(message)
    this.#turns = new Turns(options.clock)
    this.#reads = new ReadQueue(Math.floor(random.next() * 2 ** 40))
    this.#sender = new SnapshotSender(
      storage.snapshots,
      log,
      Math.floor(random.next() * 2 ** 40),
      send,
      (to, arrived) => this.#act(() => this.core.reportSnapshot(to, arrived)),
    )
    this.#receiver = new SnapshotReceiver(storage.snapshots, log, send, chunk =>
      this.#step({ type: 'snapshot', from: chunk.from, to: id, term: chunk.term, snapshot: chunk.snapshot }),
    )
    const events = {
      applied: (entries: Parameters<PendingProposals['applied']>[0]) => this.#onApplied(entries),
      snapshotTaken: (snapshot: SnapshotMeta) =>
        this.core.snapshotTaken(snapshot, snapshot.index - this.#settings.catchUpEntries),
      snapshotPutOff: (error: unknown) => this.#log.warn('no room on the disk for a snapshot; put off', { error }),
      failed: (error: unknown) => this.#fail(error),
    }
    this.#applier = new Applier(storage, start, options.stateMachine, events, this.#settings.snapshotAfterBytes)
  }

  /** Loads the state machine's snapshot and takes part from then on. */
  static async start(options: DriverOptions): Promise<RaftDriver> {
    const { storage, stateMachine, log } = options
    const start = await restoreNewest(storage, content => stateMachine.restore(content), log).catch(async error => {
      await storage.wal.close()
      throw error
    })
    log.info('the store has been read', { snapshot: start.snapshot.index, entries: start.entries.length })
    const driver = new RaftDriver(options, start)
    options.transport.onMessage(message => driver.#receive(message))
    options.transport.onUnreachable?.(id => driver.#act(() => driver.core.reportUnreachable(id)))
    driver.#noticeMembers()
    // Nobody else could win: there is nothing to wait for.
    if (driver.#isAlone()) driver.core.campaignNow()
    driver.#armTimer()
    driver.#schedule()
    return driver
  }

  /**
   * Resolves with the entry's index once it has been applied here. NotLeaderError, DiskFullError, UnavailableError:
   * nothing has happened. ProposalLostError: it never will. OutcomeUnknownError: it may have.
   */
  propose(data: Uint8Array): Promise<number> {
    return this.#propose(() => this.core.propose(data))
  }

  /**
   * As `propose`; MembershipError where the change makes no sense now. A leader that is to be removed first hands over,
   * then says with NotLeaderError who is to be asked.
   */
  async changeMembership(change: MembershipChange): Promise<number> {
    const { core } = this
    const heir = change.type === 'remove' && change.id === core.id ? this.#heir() : undefined
    if (!heir || core.role.name !== 'leader') return this.#propose(() => core.proposeChange(change))
    await this.transferLeader(heir)
    throw new NotLeaderError(core.leader)
  }

  /** The voter that is furthest. */
  #heir(): MemberId | undefined {
    const { match, members } = this.status()
    const others = members.filter(member => !member.learner && member.id !== this.core.id).map(member => member.id)
    return others.sort((a, b) => (match.get(b) ?? 0) - (match.get(a) ?? 0))[0]
  }

  /** Resolves when the state machine shows everything that was acknowledged before the call, with its index. */
  readIndex(): Promise<number> {
    if (this.#stopped) return Promise.reject(this.#stopped)
    const result = this.#reads.add(this.#deadline())
    this.#schedule()
    return result
  }

  /** Resolves when another member leads; UnavailableError when that does not come about. */
  async transferLeader(target: MemberId): Promise<void> {
    if (this.#stopped) throw this.#stopped
    if (this.core.role.name !== 'leader') throw new NotLeaderError(this.core.leader)
    if (!this.core.membership.isVoter(target)) throw new UnavailableError(`${target} is no voting member`)
    if (target === this.core.id) return
    this.#act(() => this.core.transferTo(target))
    const patience = 2 * this.#settings.electionMs
    if (!(await this.#turns.until(() => this.core.leader === target || this.#stopped !== undefined, patience))) {
      throw new UnavailableError(`leadership did not pass to ${target} in time`)
    }
    if (this.#stopped) throw this.#stopped
  }

  /** Writes a snapshot of what has been applied, whether or not it is due. */
  takeSnapshot(): Promise<void> {
    return this.#applier.takeSnapshot()
  }

  status(): DriverStatus {
    const { id, role, term, leader, log, membership } = this.core
    const progress = role instanceof Leader ? [...role.progress] : []
    return {
      id,
      role: role.name,
      term,
      leader,
      commit: log.commit,
      applied: this.#applier.index,
      lastIndex: log.lastIndex,
      members: membership.members,
      diskFull: this.#storage.wal.full,
      match: new Map(progress.map(([member, { match }]) => [member, match])),
    }
  }

  /** Ends everything that is under way and closes the files. What was acknowledged is durable; nothing more is. */
  async stop(): Promise<void> {
    this.#halt(new StoppedError('the member has been stopped'))
    await this.#writing
    await this.#applier.stop()
    await this.#receiver.stop()
    await this.#storage.wal.close()
  }

  // ---- what comes in

  #propose(append: () => number): Promise<number> {
    if (this.#stopped) return Promise.reject(this.#stopped)
    if (this.#storage.wal.full) return Promise.reject(new DiskFullError('there is no room on the disk for the log'))
    try {
      const index = append()
      this.#schedule()
      return this.#proposals.wait(index, this.core.term, this.#deadline())
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #receive(message: Message): void {
    if (message.type === 'chunk') void this.#receiver.handle(message)
    else if (message.type === 'chunkReply') this.#sender.handleReply(message)
    else this.#step(message)
  }

  #step(message: Message): void {
    this.#act(() => this.core.step(message))
  }

  #armTimer(): void {
    this.#timer = this.#options.clock.after(this.#tickMs, () => {
      this.#armTimer()
      this.#tick()
    })
  }

  #tick(): void {
    const now = this.#options.clock.monotonic()
    this.#sender.tick()
    this.#proposals.expire(now)
    this.#reads.tick(now, this.#settings.electionMs / 2)
    this.#makeRoom(now)
    this.#act(() => this.core.tick())
  }

  #makeRoom(now: number): void {
    if (!this.#storage.wal.full || now < this.#nextTryForRoom) return
    this.#nextTryForRoom = now + DISK_RETRY_MS
    void this.#storage.wal.makeRoom()
  }

  /** An error of the core means that the rules of Raft are broken: better no member than a wrong one. */
  #act(move: () => void): void {
    if (this.#stopped) return
    try {
      move()
      this.#schedule()
    } catch (error) {
      this.#fail(error)
    }
  }

  // ---- the core's duties

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      if (this.#stopped) return
      try {
        this.#carryOut()
      } catch (error) {
        this.#fail(error)
      }
    })
  }

  #carryOut(): void {
    this.#askForReads()
    const { messages, persist, committed, reads } = this.core.ready()
    for (const message of messages) this.#transmit(message)
    if (persist) this.#writing = this.#persist(persist)
    if (committed.length > 0) this.#applier.apply(committed)
    for (const { context, index } of reads) this.#reads.answered(context, index)
    this.#noticeMembers()
  }

  async #persist(persist: Persist): Promise<void> {
    try {
      if (persist.hardState) await this.#write(persist)
      if (this.#stopped) return
      this.core.advance()
      if (persist.snapshot) this.#install(persist.snapshot)
      for (const message of persist.messages) this.#transmit(message)
      this.#schedule()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** A full disk holds the member up, no more: what is to be written stays the same. */
  async #write(persist: Persist): Promise<void> {
    for (let full = false; !this.#stopped; ) {
      try {
        await this.#storage.wal.append(persist)
        if (full) this.#log.info('there is room on the disk again; the log goes on')
        return
      } catch (error) {
        if (!(error instanceof DiskFullError)) throw error
        if (!full) this.#log.error('the disk is full; the member waits for room', { error })
        full = true
        this.#proposals.rejectAll(new OutcomeUnknownError('the disk is full; the write may take effect when it is not'))
        await pause(this.#options.clock, DISK_RETRY_MS, this.#abort.signal)
      }
    }
  }

  #install(snapshot: SnapshotMeta): void {
    this.#log.info('received a snapshot from the leader', { index: snapshot.index, term: snapshot.term })
    this.#applier.restore(snapshot)
    this.#storage.wal
      .release(snapshot.index)
      .then(() => this.#storage.snapshots.removeOlderThan(snapshot.index))
      .catch(error => this.#fail(error))
  }

  #transmit(message: Message): void {
    if (message.type === 'snapshot') this.#sender.start(message)
    else this.#options.transport.send(message)
  }

  #askForReads(): void {
    const question = this.#reads.takeQuestion(this.#options.clock.monotonic())
    if (question === undefined) return
    if (this.core.leader) this.core.readIndex(question)
  }

  #onApplied(entries: Parameters<PendingProposals['applied']>[0]): void {
    this.#proposals.applied(entries)
    this.#reads.applied(this.#applier.index)
  }

  // ---- changes worth telling

  #onTransition(transition: Transition): void {
    const { from, to, term, leader, reason } = transition
    this.#log.info('raft role', { from, to, term, leader, reason })
    if (from === 'leader' && to !== 'leader') {
      this.#proposals.rejectAll(
        new OutcomeUnknownError('this member stopped leading; the write may take effect or not'),
      )
    }
    this.#reads.askAgain()
    this.#turns.wake()
    this.#options.onTransition?.(transition)
  }

  #noticeMembers(): void {
    const { members } = this.core.membership
    if (members === this.#members) return
    this.#members = members
    this.#options.onMembers?.(members)
  }

  // ----

  #isAlone(): boolean {
    const { voters } = this.core.membership
    return voters.length === 1 && voters[0] === this.core.id
  }

  #deadline(): number {
    return this.#options.clock.monotonic() + this.#settings.requestMs
  }

  #fail(error: unknown): void {
    if (this.#stopped) return
    this.#log.error('the member stops, because it cannot go on safely', { error })
    this.#halt(new StoppedError(`the member stopped itself: ${String(error)}`, { cause: error }))
    this.#options.onFailure?.(error)
  }

  #halt(reason: Error): void {
    if (this.#stopped) return
    this.#stopped = reason
    this.#timer?.cancel()
    this.#abort.abort()
    this.#sender.stop()
    this.#proposals.rejectAll(reason)
    this.#reads.rejectAll(reason)
    this.#turns.wake()
  }
}
