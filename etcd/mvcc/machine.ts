import { errors } from '../errors.ts'
import { AlarmAction, type AlarmMember, type AlarmRequest, AlarmType } from '../proto/control-messages.ts'
import type {
  DeleteRangeResponse,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from '../proto/messages.ts'
import { addsData, type Command } from './command.ts'
import { Keyspace } from './keyspace.ts'
import { type Lease, Lessor } from './lessor.ts'
import { Batch } from './txn.ts'
import { WatchHub } from './watch.ts'

/** What a command answers; which of them is set depends on the request. */
export interface Applied {
  /** The store's revision afterwards. */
  revision: number
  put?: PutResponse
  deleteRange?: DeleteRangeResponse
  txn?: TxnResponse
  leaseGrant?: Lease
  alarms?: readonly AlarmMember[]
}

/** Told of what befalls leases, so that somebody with a clock can time them. */
export interface LeaseListener {
  granted(lease: Lease): void
  revoked(id: bigint): void
}

/** Everything that the log decides, under one `apply`. Two machines that applied the same commands are equal. */
export class Machine {
  readonly keyspace = new Keyspace()
  readonly lessor = new Lessor()
  readonly hub = new WatchHub(this.keyspace)
  readonly #alarms = new Map<string, AlarmMember>()
  leaseListener: LeaseListener | undefined

  /** Carries a command out, or throws the EtcdError that is its answer; in that case nothing has changed. */
  apply(command: Command): Applied {
    if (this.#alarms.size > 0) this.#checkAlarms(command)
    const applied: Applied = { revision: 0 }
    if (command.put || command.deleteRange || command.txn) this.#change(command, applied)
    else if (command.compaction) this.#compact(command.compaction.revision)
    else if (command.leaseGrant) applied.leaseGrant = this.#grant(command.leaseGrant.id, command.leaseGrant.ttl)
    else if (command.leaseRevoke) this.#revoke(command.leaseRevoke.id)
    else if (command.alarm) applied.alarms = this.#alarm(command.alarm)
    else this.#checkpoint(command)
    applied.revision = this.keyspace.revision
    return applied
  }

  /** Reads the present, or the past that the request names. */
  range(request: RangeRequest): RangeResponse {
    return new Batch(this.keyspace, this.lessor).range(request)
  }

  /** A transaction that only reads. */
  read(request: TxnRequest): TxnResponse {
    return new Batch(this.keyspace, this.lessor).txn(request)
  }

  hasAlarm(alarm: number): boolean {
    return this.alarms(alarm).length > 0
  }

  /** Alarms of one type, or of all. */
  alarms(alarm: number = AlarmType.none): AlarmMember[] {
    return [...this.#alarms.values()].filter(raised => alarm === AlarmType.none || raised.alarm === alarm)
  }

  /** Takes over leases and alarms of an image; the keyspace has been loaded before. */
  load(leases: Iterable<{ id: bigint; ttl: number; remaining: number }>, alarms: Iterable<AlarmMember>): void {
    this.lessor.load(leases)
    this.#alarms.clear()
    for (const alarm of alarms) this.#alarms.set(alarmName(alarm), alarm)
    if (this.lessor.count > 0) this.#attachLeases()
    this.hub.restart()
  }

  #attachLeases(): void {
    this.keyspace.scan('', '\0', this.keyspace.revision, record => {
      this.lessor.move(record.key, 0n, record.lease)
      return true
    })
  }

  /** A full store takes what makes it smaller; one whose members differ takes nothing that could make them differ more. */
  #checkAlarms(command: Command): void {
    if (addsData(command) && this.hasAlarm(AlarmType.noSpace)) throw errors.noSpace
    const harmless = command.alarm !== undefined || command.leaseCheckpoint.length > 0
    if (!harmless && this.hasAlarm(AlarmType.corrupt)) throw errors.corrupt
  }

  #change(command: Command, applied: Applied): void {
    this.#batch(batch => {
      if (command.put) applied.put = batch.put(command.put)
      else if (command.deleteRange) applied.deleteRange = batch.deleteRange(command.deleteRange)
      else if (command.txn) applied.txn = batch.txn(command.txn)
    })
  }

  #batch(run: (batch: Batch) => void): void {
    const batch = new Batch(this.keyspace, this.lessor)
    try {
      run(batch)
    } finally {
      batch.end()
    }
    if (batch.changes.length > 0) this.hub.notify(batch.changes)
  }

  #compact(revision: number): void {
    if (revision <= this.keyspace.compacted) throw errors.compacted
    if (revision > this.keyspace.revision) throw errors.futureRevision
    this.keyspace.compact(revision)
  }

  #grant(id: bigint, ttl: number): Lease {
    const lease = this.lessor.grant(id, ttl)
    this.leaseListener?.granted(lease)
    return lease
  }

  #revoke(id: bigint): void {
    const keys = this.lessor.revoke(id)
    this.leaseListener?.revoked(id)
    this.#batch(batch => batch.removeKeys(keys))
  }

  #checkpoint(command: Command): void {
    for (const { id, remaining } of command.leaseCheckpoint) this.lessor.checkpoint(id, remaining)
  }

  /** Answers the alarms that were raised or lowered by this request. */
  #alarm({ action, memberId, alarm }: AlarmRequest): readonly AlarmMember[] {
    const name = alarmName({ memberId, alarm })
    const raised = this.#alarms.get(name)
    if (action === AlarmAction.activate) this.#alarms.set(name, { memberId, alarm })
    else if (action === AlarmAction.deactivate) this.#alarms.delete(name)
    if (action === AlarmAction.activate) return [{ memberId, alarm }]
    return raised ? [raised] : []
  }
}

function alarmName({ memberId, alarm }: AlarmMember): string {
  return `${memberId}/${alarm}`
}
