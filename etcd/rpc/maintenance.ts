import { writeSnapshot } from '../bolt/snapshot.ts'
import { EtcdError, errors, GrpcCode } from '../errors.ts'
import { backupOf } from '../member/backups.ts'
import { idNumber, idText } from '../member/identity.ts'
import type { Member } from '../member.ts'
import { hashKeys } from '../mvcc/hash.ts'
import {
  AlarmRequest,
  AlarmResponse,
  AlarmType,
  EmptyRequest,
  HashKvRequest,
  HashKvResponse,
  HashResponse,
  HeaderResponse,
  MoveLeaderRequest,
  SnapshotResponse,
  StatusResponse,
} from '../proto/control-messages.ts'
import { VERSION } from '../version.ts'
import { type Methods, type ServerCall, unary } from './grpc.ts'

export function maintenanceMethods(member: Member): Methods {
  return {
    '/etcdserverpb.Maintenance/Alarm': unary(AlarmRequest, AlarmResponse, async request => {
      const alarms = await member.alarm(request)
      return { header: member.header(), alarms }
    }),
    '/etcdserverpb.Maintenance/Status': unary(EmptyRequest, StatusResponse, () => status(member)),
    '/etcdserverpb.Maintenance/Defragment': unary(EmptyRequest, HeaderResponse, async () => {
      await member.takeSnapshot()
      return {}
    }),
    '/etcdserverpb.Maintenance/Hash': unary(EmptyRequest, HashResponse, () => ({
      header: member.header(),
      hash: hashKeys(member.machine.keyspace, 0),
    })),
    '/etcdserverpb.Maintenance/HashKV': unary(HashKvRequest, HashKvResponse, ({ revision }) => {
      const { keyspace } = member.machine
      return {
        header: member.header(),
        hash: hashKeys(keyspace, revision),
        compactRevision: keyspace.compacted,
        hashRevision: revision || keyspace.revision,
      }
    }),
    '/etcdserverpb.Maintenance/Snapshot': call => snapshot(member, call),
    '/etcdserverpb.Maintenance/MoveLeader': unary(MoveLeaderRequest, HeaderResponse, async ({ targetId }) => {
      await member.roster.moveLeader(idText(targetId))
      return {}
    }),
    '/etcdserverpb.Maintenance/Downgrade': unary(EmptyRequest, HeaderResponse, () => {
      throw new EtcdError(GrpcCode.unimplemented, 'etcdserver: this store has one version only; there is no downgrade')
    }),
  }
}

const ALARM_NAMES: Record<number, string> = { [AlarmType.noSpace]: 'NOSPACE', [AlarmType.corrupt]: 'CORRUPT' }

function status(member: Member): Partial<StatusResponse> {
  const { commit, applied, term, leader, members } = member.status()
  const size = member.machine.keyspace.size
  const problems = member.machine
    .alarms()
    .map(({ memberId, alarm }) => `memberID:${memberId} alarm:${ALARM_NAMES[alarm]} `)
  return {
    header: member.header(),
    version: VERSION.server,
    dbSize: size,
    dbSizeInUse: size,
    dbSizeQuota: member.quotaBytes,
    leader: idNumber(leader),
    raftIndex: commit,
    raftTerm: term,
    raftAppliedIndex: applied,
    errors: leader ? problems : [errors.noLeader.message, ...problems],
    isLearner: members.some(each => each.id === member.id && each.learner),
    storageVersion: VERSION.storage,
  }
}

/** A backup in etcd's own format, in pieces as large as the client takes them. */
function snapshot(member: Member, call: ServerCall): void {
  call.onMessage = () => {
    sendSnapshot(member, call).then(
      () => call.end(),
      error => call.end(error),
    )
  }
}

const ENOUGH_WAITING = 1024 * 1024

async function sendSnapshot(member: Member, call: ServerCall): Promise<void> {
  const { size, chunks } = writeSnapshot(backupOf(member))
  let left = size
  for (const blob of chunks) {
    if (call.closed) return
    left -= blob.length
    const response = { header: member.header(), remainingBytes: left, blob, version: VERSION.storage }
    call.send(SnapshotResponse.encode(response))
    if (call.waitingBytes > ENOUGH_WAITING) await drained(call)
  }
}

function drained(call: ServerCall): Promise<void> {
  return new Promise(resolve => {
    call.onDrain = resolve
    const before = call.onClose
    call.onClose = () => {
      before()
      resolve()
    }
  })
}
