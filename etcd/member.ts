/**
 * etcd/ is the store: Raft (raft/, wal/, snapshot/), the state machine (mvcc/), its face to clients (rpc/, h2/, proto/) and to
 * other members (peer/), and etcd's own backup files (bolt/). This file is one member of a cluster: driver, state machine and
 * clocks put together, with a method for each request of the API. Start here, then mvcc/keyspace.ts and raft/driver.ts.
 * etcd/ imports platform/ only.
 */
import type { Clock, Timer } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import { errors } from './errors.ts'
import { type AutoCompaction, startCompactor } from './member/compactor.ts'
import { CorruptionWatch, type KeyHash } from './member/corruption.ts'
import { clientError, translated } from './member/failure.ts'
import { type FoundingOptions, type MemberMetadata, openOrFound } from './member/founding.ts'
import { contextOf, idNumber, infoOf } from './member/identity.ts'
import { LeaderLine, REQUEST_MS } from './member/leader-line.ts'
import { answerPeer } from './member/peer-calls.ts'
import { Pending } from './member/pending.ts'
import { Roster } from './member/roster.ts'
import { MemberStateMachine } from './member/state-machine.ts'
import { addsData, type Proposal } from './mvcc/command.ts'
import { hashKeys } from './mvcc/hash.ts'
import { LeaseClock } from './mvcc/lease-clock.ts'
import { type Applied, Machine } from './mvcc/machine.ts'
import { isSerializable, writes } from './mvcc/txn.ts'
import { AlarmAction, type AlarmMember, type AlarmRequest, AlarmType } from './proto/control-messages.ts'
import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  ResponseHeader,
  TxnRequest,
  TxnResponse,
} from './proto/messages.ts'
import type { Transition } from './raft/core.ts'
import { RaftDriver } from './raft/driver.ts'
import { NotLeaderError } from './raft/errors.ts'
import type { Member as RaftMember } from './raft/message.ts'
import type { RaftStorage } from './raft/storage.ts'
import { noTransport } from './transport.ts'

export interface MemberOptions extends FoundingOptions {
  clock: Clock
  random: Random
  clientUrls?: readonly string[]
  quotaBytes?: number
  autoCompaction?: AutoCompaction
  heartbeatMs?: number
  electionMs?: number
  /** How often the leader compares what all members hold; 0: never. */
  corruptCheckMs?: number
  /** The member has stopped itself: its disk failed, or it was removed from the cluster. */
  onFailure?: (error: unknown) => void
}

const DEFAULT_QUOTA = 2 * 1024 ** 3
const RETRY_MS = 50
const SWEEP_MS = 1000

/** Opens what is in the directory; where there is nothing, founds a cluster or joins one. */
export async function openMember(options: MemberOptions): Promise<Member> {
  return Member.start(options, await openOrFound(options))
}

export class Member {
  readonly id: string
  readonly clusterId: string
  readonly machine = new Machine()
  readonly clock: Clock
  readonly quotaBytes: number
  /** Aborts when the member has stopped. */
  readonly closed: AbortSignal
  leaderChanges = 0
  #lastLeader = ''
  readonly #closing = new AbortController()
  readonly #options: MemberOptions
  readonly #pending: Pending
  readonly #leases: LeaseClock
  readonly #leaderLine: LeaderLine
  #driver!: RaftDriver
  roster!: Roster
  #compactor: { stop(): void } = { stop: () => {} }
  readonly corruption: CorruptionWatch
  #sweeper: Timer | undefined
  #belongs = false
  #ending: Promise<void> | undefined

  private constructor(options: MemberOptions, { member, cluster }: MemberMetadata) {
    this.id = member
    this.clusterId = cluster
    this.clock = options.clock
    this.quotaBytes = options.quotaBytes || DEFAULT_QUOTA
    this.closed = this.#closing.signal
    this.#options = options
    this.#pending = new Pending(options.random, options.clock)
    this.#leases = new LeaseClock(
      this.machine,
      options.clock,
      id => this.#background({ leaseRevoke: { id } }, 'cannot revoke a lease that has run out'),
      (id, remaining) => this.#background({ leaseCheckpoint: [{ id, remaining }] }, 'cannot write down a lease'),
    )
    const { network, clock } = options
    this.#leaderLine = new LeaderLine({ self: this.id, leader: () => this.leader, network, clock })
    this.corruption = new CorruptionWatch(this, options)
  }

  static async start(options: MemberOptions, storage: RaftStorage): Promise<Member> {
    const metadata = JSON.parse(Buffer.from(storage.metadata).toString()) as MemberMetadata
    const member = new Member(options, metadata)
    const { network, clock, random, log, heartbeatMs = 100, electionMs = 1000 } = options
    network?.identify({ cluster: member.clusterId, from: member.id })
    network?.setPeers(metadata.peers)
    member.#driver = await RaftDriver.start({
      id: member.id,
      storage,
      transport: network ?? noTransport,
      clock,
      random,
      log,
      stateMachine: new MemberStateMachine(member.machine, member.#pending),
      settings: { heartbeatMs, electionMs },
      onTransition: transition => member.#onTransition(transition),
      onMembers: members => member.#onMembers(members),
      onFailure: error => member.#onFailure(error),
    })
    member.roster = new Roster(member.#driver, member.#leaderLine, member.clusterId, clock)
    network?.onCall((method, content) => answerPeer(member, method, content))
    member.#compactor = startCompactor(
      options.autoCompaction ?? { mode: 'off' },
      clock,
      () => member.isLeader,
      () => member.revision,
      revision => member.#background({ compaction: { revision, physical: false } }, 'cannot compact'),
    )
    if (options.corruptCheckMs) member.corruption.start(options.corruptCheckMs)
    member.#sweep()
    member.#publish().catch(error => {
      if (!member.closed.aborted) log.warn('cannot tell the cluster of this member', { error })
    })
    return member
  }

  /** Resolves when there is a leader and everything acknowledged before can be read here. */
  async ready(signal?: AbortSignal): Promise<void> {
    while (!(await this.#canRead())) {
      signal?.throwIfAborted()
      if (this.closed.aborted) throw errors.stopped
      await new Promise<void>(resolve => this.clock.after(RETRY_MS, resolve))
    }
  }

  // ---- keys

  async range(request: RangeRequest): Promise<RangeResponse> {
    if (!request.serializable) await this.readIndex()
    return this.machine.range(request)
  }

  async put(put: PutRequest): Promise<PutResponse> {
    return (await this.#propose({ put })).put!
  }

  async deleteRange(deleteRange: DeleteRangeRequest): Promise<DeleteRangeResponse> {
    return (await this.#propose({ deleteRange })).deleteRange!
  }

  async txn(txn: TxnRequest): Promise<TxnResponse> {
    if (writes(txn)) return (await this.#propose({ txn })).txn!
    if (!isSerializable(txn)) await this.readIndex()
    return this.machine.read(txn)
  }

  /** The revision of the store afterwards. */
  async compact(revision: number): Promise<number> {
    return (await this.#propose({ compaction: { revision, physical: false } })).revision
  }

  /** Resolves when everything that was acknowledged before the call can be read here. */
  async readIndex(): Promise<void> {
    await translated(this.#driver.readIndex())
  }

  get revision(): number {
    return this.machine.keyspace.revision
  }

  // ---- leases

  /** `id` 0: the member chooses one. */
  async grantLease(id: bigint, ttl: number): Promise<{ id: bigint; ttl: number }> {
    const wanted = id === 0n ? this.#newLeaseId() : id
    return (await this.#propose({ leaseGrant: { id: wanted, ttl } })).leaseGrant!
  }

  async revokeLease(id: bigint): Promise<void> {
    await this.#propose({ leaseRevoke: { id } })
  }

  /** Seconds the lease lives from now on; 0 where there is no such lease. */
  renewLease(id: bigint): Promise<number> {
    return this.#leaderLine.run(() => this.asLeader.renew(id), 'renew', Buffer.from(String(id)), Number)
  }

  /** `ttl` -1: it has run out, and waits to be revoked. */
  async leaseTimeToLive(id: bigint): Promise<{ ttl: number; granted: number; keys: string[] } | undefined> {
    await this.readIndex()
    const here = () => this.asLeader.remaining(id)
    const ttl = await this.#leaderLine.run(here, 'remaining', Buffer.from(String(id)), Number)
    const lease = this.machine.lessor.get(id)
    return lease && { ttl, granted: lease.ttl, keys: [...lease.keys].sort() }
  }

  // ---- cluster

  get isLeader(): boolean {
    return this.#driver.core.role.name === 'leader'
  }

  get leader(): string {
    return this.#driver.core.leader
  }

  /** Proposals under way. */
  get pendingCount(): number {
    return this.#pending.count
  }

  get term(): number {
    return this.#driver.core.term
  }

  header(revision = this.revision): ResponseHeader {
    return { clusterId: idNumber(this.clusterId), memberId: idNumber(this.id), revision, raftTerm: this.term }
  }

  status() {
    return this.#driver.status()
  }

  /** What only the leader can do; elsewhere it rejects with "no leader". */
  readonly asLeader = {
    propose: (entry: Uint8Array): Promise<unknown> => translated(this.#driver.propose(entry)),
    renew: async (id: bigint): Promise<number> => {
      if (!this.isLeader) throw errors.noLeader
      // One that was cut off may not know yet that others have elected a new leader: a renewal there would be lost.
      await this.readIndex()
      return this.#leases.renew(id) ?? 0
    },
    remaining: async (id: bigint): Promise<number> => {
      if (!this.isLeader) throw errors.noLeader
      return this.#leases.remaining(id)
    },
  }

  // ---- maintenance

  async alarm(alarm: AlarmRequest): Promise<readonly AlarmMember[]> {
    if (alarm.action !== AlarmAction.get) return (await this.#propose({ alarm })).alarms!
    await this.readIndex()
    return this.machine.alarms(alarm.alarm)
  }

  /** What this member holds at a revision that another has reached. */
  async keyHash(revision: number): Promise<KeyHash> {
    await this.readIndex()
    const { keyspace } = this.machine
    return { compacted: keyspace.compacted, hash: hashKeys(keyspace, revision) }
  }

  takeSnapshot(): Promise<void> {
    return this.#driver.takeSnapshot()
  }

  /** Also after the member has stopped itself. */
  close(): Promise<void> {
    this.#ending ??= this.#end()
    return this.#ending
  }

  async #end(): Promise<void> {
    this.#closing.abort(errors.stopped)
    this.#compactor.stop()
    this.corruption.stop()
    this.#leases.stop()
    this.#sweeper?.cancel()
    await this.#options.network?.close()
    await this.#driver.stop()
    this.#pending.rejectAll(errors.stopped)
  }

  // ----

  #onTransition({ to, leader }: Transition): void {
    if (to === 'leader') this.#leases.lead()
    else this.#leases.follow()
    if (leader !== '' && leader !== this.#lastLeader) {
      this.#lastLeader = leader
      this.leaderChanges++
    }
  }

  /** Whoever was a member and is none any more must not go on. */
  #onMembers(members: readonly RaftMember[]): void {
    if (members.length === 0) return
    const belongs = members.some(member => member.id === this.id)
    this.#options.network?.setPeers(members.map(member => ({ id: member.id, ...infoOf(member) })))
    if (this.#belongs && !belongs)
      this.#onFailure(new Error('the member has been permanently removed from the cluster'))
    this.#belongs = belongs
  }

  #onFailure(error: unknown): void {
    if (this.closed.aborted) return
    this.#closing.abort(errors.stopped)
    this.#options.onFailure?.(error)
  }

  /** Tells the cluster the name and addresses that this member was started with, where it does not know them. */
  async #publish(): Promise<void> {
    await this.ready(this.closed)
    const known = this.roster.get(this.id)
    if (!known) return
    const { name, clientUrls = known.clientUrls, peerUrls = known.peerUrls } = this.#options
    const context = contextOf({ name, peerUrls, clientUrls })
    if (context !== contextOf(known)) await this.roster.change({ type: 'update', id: this.id, context })
  }

  /** Those whose entry is lost on its way back from the leader must not wait forever. */
  #sweep(): void {
    this.#sweeper = this.clock.after(SWEEP_MS, () => {
      this.#pending.expire(REQUEST_MS + SWEEP_MS)
      this.#sweep()
    })
  }

  async #propose(proposal: Proposal): Promise<Applied> {
    if (addsData(proposal)) this.#checkQuota()
    return this.#pending.propose(proposal, entry => this.#submit(entry))
  }

  async #submit(entry: Uint8Array): Promise<void> {
    if (!this.isLeader) return this.#submitToLeader(entry)
    try {
      await this.#driver.propose(entry)
    } catch (error) {
      if (!(error instanceof NotLeaderError)) throw clientError(error)
      await this.#submitToLeader(entry)
    }
  }

  #submitToLeader(entry: Uint8Array): Promise<void> {
    const here = async () => void (await this.asLeader.propose(entry))
    return this.#leaderLine.run(here, 'propose', entry, () => {})
  }

  /** A store beyond its quota raises the alarm that makes all members refuse writes. */
  #checkQuota(): void {
    if (this.machine.keyspace.size < this.quotaBytes) return
    this.raise(AlarmType.noSpace, this.id)
    throw errors.noSpace
  }

  /** What nobody waits for, and what is tried again if it fails. */
  #background(proposal: Proposal, failure: string): void {
    this.#propose(proposal).catch(error => {
      if (!this.closed.aborted) this.#options.log.warn(failure, { error })
    })
  }

  /** For the member of this id, where it is not raised already. */
  raise(alarm: number, id: string): void {
    const memberId = idNumber(id)
    if (this.machine.alarms(alarm).some(raised => raised.memberId === memberId)) return
    this.#background({ alarm: { action: AlarmAction.activate, memberId, alarm } }, 'cannot raise an alarm')
  }

  #newLeaseId(): bigint {
    return Buffer.from(this.#options.random.bytes(8)).readBigUInt64BE() & 0x7fffffffffffffffn
  }

  async #canRead(): Promise<boolean> {
    try {
      await this.readIndex()
      return true
    } catch (error) {
      if (error === errors.stopped) throw error
      return false
    }
  }
}
