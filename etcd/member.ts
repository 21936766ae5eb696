/**
 * etcd/ is the store: Raft (raft/, wal/, snapshot/), the state machine (mvcc/), its face to clients (rpc/, h2/, proto/) and to
 * other members (peer/), and etcd's own backup files (bolt/). This file is one member of a cluster: driver, state machine and
 * clocks put together, with a method for each request of the API. Start here, then mvcc/keyspace.ts and raft/driver.ts.
 * etcd/ imports platform/ only.
 */
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import type { Log } from '../platform/log.ts'
import type { Random } from '../platform/random.ts'
import type { Backup } from './bolt/snapshot.ts'
import { errors } from './errors.ts'
import { type AutoCompaction, startCompactor } from './member/compactor.ts'
import { clientError } from './member/failure.ts'
import { clusterId, contextOf, idNumber, idText, infoOf, type MemberInfo, memberId } from './member/identity.ts'
import { Pending } from './member/pending.ts'
import { MemberStateMachine } from './member/state-machine.ts'
import { addsData, type Proposal } from './mvcc/command.ts'
import { LeaseClock } from './mvcc/lease-clock.ts'
import { type Applied, Machine } from './mvcc/machine.ts'
import { AlarmAction, type AlarmMember, type AlarmRequest, AlarmType } from './proto/control-messages.ts'
import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RequestOp,
  ResponseHeader,
  TxnRequest,
  TxnResponse,
} from './proto/messages.ts'
import type { Transition } from './raft/core.ts'
import { RaftDriver } from './raft/driver.ts'
import type { MembershipChange } from './raft/membership.ts'
import { createStorage, openStorage, type RaftStorage, storageExists } from './raft/storage.ts'
import { noTransport, type Transport } from './transport.ts'
import { VERSION } from './version.ts'

export interface MemberOptions {
  name: string
  directory: string
  disk: Disk
  clock: Clock
  random: Random
  log: Log
  /** The members that found the cluster, this one among them. Default: this one alone. */
  founders?: readonly { name: string; peerUrls: readonly string[] }[]
  peerUrls?: readonly string[]
  clientUrls?: readonly string[]
  token?: string
  transport?: Transport
  quotaBytes?: number
  autoCompaction?: AutoCompaction
  heartbeatMs?: number
  electionMs?: number
  /** The member has stopped itself, because going on would not be safe. */
  onFailure?: (error: unknown) => void
}

const DEFAULT_PEER_URLS = ['http://localhost:2380']
const DEFAULT_QUOTA = 2 * 1024 ** 3
const READY_RETRY_MS = 50

/** Opens what is in the directory, or founds it. */
export async function openMember(options: MemberOptions): Promise<Member> {
  const storage = await openOrFound(options)
  return Member.start(options, storage)
}

async function openOrFound(options: MemberOptions): Promise<RaftStorage> {
  const { disk, directory, log, name, peerUrls = DEFAULT_PEER_URLS, token = 'etcd-cluster' } = options
  if (await storageExists({ disk, directory })) return openStorage({ disk, directory, log })
  const founders = (options.founders ?? [{ name, peerUrls }]).map(founder => ({
    id: memberId(founder.peerUrls, token),
    learner: false,
    context: contextOf({ ...founder, clientUrls: [] }),
  }))
  const cluster = clusterId(founders.map(founder => founder.id))
  const metadata = JSON.stringify({ member: memberId(peerUrls, token), cluster })
  return createStorage({ disk, directory, log }, Buffer.from(metadata), founders)
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
  #driver!: RaftDriver
  #compactor: { stop(): void } = { stop: () => {} }

  private constructor(options: MemberOptions, storage: RaftStorage) {
    const metadata = JSON.parse(Buffer.from(storage.metadata).toString()) as { member: string; cluster: string }
    this.id = metadata.member
    this.clusterId = metadata.cluster
    this.clock = options.clock
    this.quotaBytes = options.quotaBytes || DEFAULT_QUOTA
    this.closed = this.#closing.signal
    this.#options = options
    this.#pending = new Pending(options.random)
    this.#leases = new LeaseClock(
      this.machine,
      options.clock,
      id => this.#background({ leaseRevoke: { id } }, 'cannot revoke a lease that has run out'),
      (id, remaining) => this.#background({ leaseCheckpoint: [{ id, remaining }] }, 'cannot write down a lease'),
    )
  }

  static async start(options: MemberOptions, storage: RaftStorage): Promise<Member> {
    const member = new Member(options, storage)
    const { transport = noTransport, clock, random, log, heartbeatMs = 100, electionMs = 1000 } = options
    member.#driver = await RaftDriver.start({
      id: member.id,
      storage,
      transport,
      clock,
      random,
      log,
      stateMachine: new MemberStateMachine(member.machine, member.#pending),
      settings: { heartbeatMs, electionMs },
      onTransition: transition => member.#onTransition(transition),
      onFailure: error => {
        member.#closing.abort(errors.stopped)
        options.onFailure?.(error)
      },
    })
    member.#compactor = startCompactor(
      options.autoCompaction ?? { mode: 'off' },
      clock,
      () => member.isLeader,
      () => member.revision,
      revision => member.#background({ compaction: { revision, physical: false } }, 'cannot compact'),
    )
    return member
  }

  /** Resolves when there is a leader and everything acknowledged before can be read here; publishes the client URLs. */
  async ready(signal?: AbortSignal): Promise<void> {
    while (!(await this.#canRead())) {
      signal?.throwIfAborted()
      if (this.closed.aborted) throw errors.stopped
      await new Promise<void>(resolve => this.clock.after(READY_RETRY_MS, resolve))
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
    try {
      await this.#driver.readIndex()
    } catch (error) {
      throw clientError(error)
    }
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
  async renewLease(id: bigint): Promise<number> {
    if (!this.isLeader) throw errors.notLeader
    return this.#leases.renew(id) ?? 0
  }

  async leaseTimeToLive(id: bigint): Promise<{ ttl: number; granted: number; keys: string[] } | undefined> {
    await this.readIndex()
    const lease = this.machine.lessor.get(id)
    if (!lease) return undefined
    return { ttl: this.#leases.remaining(id), granted: lease.ttl, keys: [...lease.keys].sort() }
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

  members(): (MemberInfo & { id: string; isLearner: boolean })[] {
    return this.#driver.core.membership.members
      .map(member => ({
        id: member.id,
        isLearner: member.learner,
        ...infoOf(member),
      }))
      .sort((a, b) => ((a.peerUrls[0] ?? '') < (b.peerUrls[0] ?? '') ? -1 : 1))
  }

  /** The id of the new member, which may join now. */
  async addMember(peerUrls: readonly string[], learner: boolean): Promise<string> {
    const members = this.members()
    if (peerUrls.length === 0 || !peerUrls.every(isPeerUrl)) throw errors.memberBadUrls
    if (members.some(member => member.peerUrls.some(url => peerUrls.includes(url)))) throw errors.peerUrlExists
    if (!learner) checkQuorumAfterAdding(members)
    const id = memberId(peerUrls, this.clusterId, Math.floor(this.clock.now() / 1000))
    const context = contextOf({ name: '', peerUrls, clientUrls: [] })
    await this.changeMembership({ type: learner ? 'addLearner' : 'add', id, context })
    return id
  }

  async updateMember(id: string, peerUrls: readonly string[]): Promise<void> {
    const member = this.members().find(each => each.id === id)
    if (!member) throw errors.memberNotFound
    if (peerUrls.length === 0 || !peerUrls.every(isPeerUrl)) throw errors.memberBadUrls
    const { name, clientUrls } = member
    await this.changeMembership({ type: 'update', id, context: contextOf({ name, peerUrls, clientUrls }) })
  }

  async changeMembership(change: MembershipChange): Promise<void> {
    try {
      await this.#driver.changeMembership(change)
    } catch (error) {
      throw clientError(error)
    }
  }

  async moveLeader(target: bigint): Promise<void> {
    try {
      await this.#driver.transferLeader(idText(target))
    } catch (error) {
      throw clientError(error)
    }
  }

  // ---- maintenance

  async alarm(alarm: AlarmRequest): Promise<readonly AlarmMember[]> {
    if (alarm.action !== AlarmAction.get) return (await this.#propose({ alarm })).alarms!
    await this.readIndex()
    return this.machine.alarms(alarm.alarm)
  }

  /** Everything that a backup holds, as it is now. */
  backup(): Backup {
    const { keyspace, lessor } = this.machine
    return {
      records: [...keyspace.records()],
      compacted: keyspace.compacted,
      leases: [...lessor.all()],
      alarms: this.machine.alarms(),
      members: this.members(),
      clusterVersion: VERSION.cluster,
      index: this.status().applied,
      term: this.term,
    }
  }

  takeSnapshot(): Promise<void> {
    return this.#driver.takeSnapshot()
  }

  async close(): Promise<void> {
    if (this.closed.aborted) return
    this.#closing.abort(errors.stopped)
    this.#compactor.stop()
    this.#leases.stop()
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

  async #propose(proposal: Proposal): Promise<Applied> {
    if (addsData(proposal)) this.#checkQuota()
    try {
      return await this.#pending.propose(proposal, entry => this.#driver.propose(entry))
    } catch (error) {
      throw clientError(error)
    }
  }

  /** A store beyond its quota raises the alarm that makes all members refuse writes. */
  #checkQuota(): void {
    if (this.machine.keyspace.size < this.quotaBytes) return
    if (!this.machine.hasAlarm(AlarmType.noSpace)) {
      const alarm = { action: AlarmAction.activate, memberId: idNumber(this.id), alarm: AlarmType.noSpace }
      this.#background({ alarm }, 'cannot raise the alarm that the store is full')
    }
    throw errors.noSpace
  }

  /** What nobody waits for, and what is tried again if it fails. */
  #background(proposal: Proposal, failure: string): void {
    this.#propose(proposal).catch(error => {
      if (!this.closed.aborted) this.#options.log.warn(failure, { error })
    })
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

function isPeerUrl(url: string): boolean {
  return /^https?:\/\/[^/]+:\d+$/.test(url)
}

/** A member that never started counts against the quorum: another one could stop the cluster. */
function checkQuorumAfterAdding(members: readonly { name: string; isLearner: boolean }[]): void {
  const voters = members.filter(member => !member.isLearner)
  const started = voters.filter(member => member.name !== '').length
  const quorum = Math.floor((voters.length + 1) / 2) + 1
  if (started < quorum && !(started === 1 && voters.length === 1)) throw errors.memberNotEnoughStarted
}

function writes(txn: TxnRequest): boolean {
  return [...txn.success, ...txn.failure].some(isWrite)
}

function isWrite({ requestPut, requestDeleteRange, requestTxn }: RequestOp): boolean {
  return (
    requestPut !== undefined || requestDeleteRange !== undefined || (requestTxn !== undefined && writes(requestTxn))
  )
}

function isSerializable(txn: TxnRequest): boolean {
  return [...txn.success, ...txn.failure].every(({ requestRange }) => requestRange?.serializable === true)
}
