import { Event, ResponseHeader } from './messages.ts'
import { bool, bytes, int, int64, key, type MessageOf, message, nested, text, uint64 } from './schema.ts'

// Watch, Lease, Cluster and Maintenance.

const header = nested(() => ResponseHeader).one(1)

export const WatchFilter = { noPut: 0, noDelete: 1 } as const

export const WatchCreateRequest = message({
  key: key.one(1),
  rangeEnd: key.one(2),
  startRevision: int.one(3),
  progressNotify: bool.one(4),
  filters: int.many(5),
  prevKv: bool.one(6),
  watchId: int.one(7),
  fragment: bool.one(8),
})
export type WatchCreateRequest = MessageOf<typeof WatchCreateRequest>
const WatchCancelRequest = message({ watchId: int.one(1) })
const WatchProgressRequest = message({})

export const WatchRequest = message({
  createRequest: nested(() => WatchCreateRequest).one(1),
  cancelRequest: nested(() => WatchCancelRequest).one(2),
  progressRequest: nested(() => WatchProgressRequest).one(3),
})
export type WatchRequest = MessageOf<typeof WatchRequest>

export const WatchResponse = message({
  header,
  watchId: int.one(2),
  created: bool.one(3),
  canceled: bool.one(4),
  compactRevision: int.one(5),
  cancelReason: text.one(6),
  fragment: bool.one(7),
  events: nested(() => Event).many(11),
})
export type WatchResponse = MessageOf<typeof WatchResponse>

export const LeaseGrantRequest = message({ ttl: int.one(1), id: int64.one(2) })
export type LeaseGrantRequest = MessageOf<typeof LeaseGrantRequest>
export const LeaseGrantResponse = message({ header, id: int64.one(2), ttl: int.one(3), error: text.one(4) })
export const LeaseRevokeRequest = message({ id: int64.one(1) })
export type LeaseRevokeRequest = MessageOf<typeof LeaseRevokeRequest>
export const LeaseRevokeResponse = message({ header })
export const LeaseKeepAliveRequest = message({ id: int64.one(1) })
export const LeaseKeepAliveResponse = message({ header, id: int64.one(2), ttl: int.one(3) })
export const LeaseTimeToLiveRequest = message({ id: int64.one(1), keys: bool.one(2) })
export const LeaseTimeToLiveResponse = message({
  header,
  id: int64.one(2),
  ttl: int.one(3),
  grantedTtl: int.one(4),
  keys: key.many(5),
})
export const LeaseLeasesRequest = message({})
const LeaseStatus = message({ id: int64.one(1) })
export const LeaseLeasesResponse = message({ header, leases: nested(() => LeaseStatus).many(2) })

const Member = message({
  id: uint64.one(1),
  name: text.one(2),
  peerUrls: text.many(3),
  clientUrls: text.many(4),
  isLearner: bool.one(5),
})
const members = nested(() => Member)
export const MemberAddRequest = message({ peerUrls: text.many(1), isLearner: bool.one(2) })
export const MemberAddResponse = message({ header, member: members.one(2), members: members.many(3) })
export const MemberRemoveRequest = message({ id: uint64.one(1) })
export const MemberUpdateRequest = message({ id: uint64.one(1), peerUrls: text.many(2) })
export const MemberListRequest = message({ linearizable: bool.one(1) })
export const MemberPromoteRequest = message({ id: uint64.one(1) })
/** The answer to remove, update, list and promote. */
export const MembersResponse = message({ header, members: members.many(2) })

export const AlarmType = { none: 0, noSpace: 1, corrupt: 2 } as const
export const AlarmAction = { get: 0, activate: 1, deactivate: 2 } as const
export const AlarmRequest = message({ action: int.one(1), memberId: uint64.one(2), alarm: int.one(3) })
export type AlarmRequest = MessageOf<typeof AlarmRequest>
export const AlarmMember = message({ memberId: uint64.one(1), alarm: int.one(2) })
export type AlarmMember = MessageOf<typeof AlarmMember>
export const AlarmResponse = message({ header, alarms: nested(() => AlarmMember).many(2) })

export const EmptyRequest = message({})
/** The answer to defragment, move leader, unlock and others that only say when. */
export const HeaderResponse = message({ header })
export const HashResponse = message({ header, hash: int.one(2) })
export const HashKvRequest = message({ revision: int.one(1) })
export const HashKvResponse = message({
  header,
  hash: int.one(2),
  compactRevision: int.one(3),
  hashRevision: int.one(4),
})
export const SnapshotResponse = message({
  header,
  remainingBytes: int.one(2),
  blob: bytes.one(3),
  version: text.one(4),
})
export const MoveLeaderRequest = message({ targetId: uint64.one(1) })
const DowngradeInfo = message({ enabled: bool.one(1), targetVersion: text.one(2) })
export const StatusResponse = message({
  header,
  version: text.one(2),
  dbSize: int.one(3),
  leader: uint64.one(4),
  raftIndex: int.one(5),
  raftTerm: int.one(6),
  raftAppliedIndex: int.one(7),
  errors: text.many(8),
  dbSizeInUse: int.one(9),
  isLearner: bool.one(10),
  storageVersion: text.one(11),
  dbSizeQuota: int.one(12),
  downgradeInfo: nested(() => DowngradeInfo).one(13),
})
export type StatusResponse = MessageOf<typeof StatusResponse>
