import { KeyValue, ResponseHeader } from './messages.ts'
import { bytes, int, int64, key, type MessageOf, message, nested } from './schema.ts'

// The lock and election services.

const header = nested(() => ResponseHeader).one(1)

export const LockRequest = message({ name: key.one(1), lease: int64.one(2) })
export const LockResponse = message({ header, key: key.one(2) })
export const UnlockRequest = message({ key: key.one(1) })

export const LeaderKey = message({ name: key.one(1), key: key.one(2), rev: int.one(3), lease: int64.one(4) })
export type LeaderKey = MessageOf<typeof LeaderKey>
const leader = nested(() => LeaderKey)

export const CampaignRequest = message({ name: key.one(1), lease: int64.one(2), value: bytes.one(3) })
export const CampaignResponse = message({ header, leader: leader.one(2) })
export const LeaderRequest = message({ name: key.one(1) })
export const LeaderResponse = message({ header, kv: nested(() => KeyValue).one(2) })
export const ResignRequest = message({ leader: leader.one(1) })
export const ProclaimRequest = message({ leader: leader.one(1), value: bytes.one(2) })
