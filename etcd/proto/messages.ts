import { bool, bytes, int, int64, key, type Message, type MessageOf, message, nested, uint64 } from './schema.ts'

// The key-value messages of the etcd v3 API. Revisions and counts are numbers; ids of leases, members and clusters use all
// of their 64 bits and are bigints; keys are strings with one character a byte.

export const ResponseHeader = message({
  clusterId: uint64.one(1),
  memberId: uint64.one(2),
  revision: int.one(3),
  raftTerm: int.one(4),
})
export type ResponseHeader = MessageOf<typeof ResponseHeader>
const header = nested(() => ResponseHeader).one(1)

export const KeyValue = message({
  key: key.one(1),
  createRevision: int.one(2),
  modRevision: int.one(3),
  version: int.one(4),
  value: bytes.one(5),
  lease: int64.one(6),
})
export type KeyValue = MessageOf<typeof KeyValue>
const keyValue = nested(() => KeyValue)

export const EventType = { put: 0, delete: 1 } as const

export const Event = message({ type: int.one(1), kv: keyValue.one(2), prevKv: keyValue.one(3) })
export type Event = MessageOf<typeof Event>

export const SortOrder = { none: 0, ascend: 1, descend: 2 } as const
export const SortTarget = { key: 0, version: 1, create: 2, mod: 3, value: 4 } as const

export const RangeRequest = message({
  key: key.one(1),
  rangeEnd: key.one(2),
  limit: int.one(3),
  revision: int.one(4),
  sortOrder: int.one(5),
  sortTarget: int.one(6),
  serializable: bool.one(7),
  keysOnly: bool.one(8),
  countOnly: bool.one(9),
  minModRevision: int.one(10),
  maxModRevision: int.one(11),
  minCreateRevision: int.one(12),
  maxCreateRevision: int.one(13),
})
export type RangeRequest = MessageOf<typeof RangeRequest>

export const RangeResponse = message({ header, kvs: keyValue.many(2), more: bool.one(3), count: int.one(4) })
export type RangeResponse = MessageOf<typeof RangeResponse>

export const RangeStreamResponse = message({ rangeResponse: nested(() => RangeResponse).one(1) })

export const PutRequest = message({
  key: key.one(1),
  value: bytes.one(2),
  lease: int64.one(3),
  prevKv: bool.one(4),
  ignoreValue: bool.one(5),
  ignoreLease: bool.one(6),
})
export type PutRequest = MessageOf<typeof PutRequest>

export const PutResponse = message({ header, prevKv: keyValue.one(2) })
export type PutResponse = MessageOf<typeof PutResponse>

export const DeleteRangeRequest = message({ key: key.one(1), rangeEnd: key.one(2), prevKv: bool.one(3) })
export type DeleteRangeRequest = MessageOf<typeof DeleteRangeRequest>

export const DeleteRangeResponse = message({ header, deleted: int.one(2), prevKvs: keyValue.many(3) })
export type DeleteRangeResponse = MessageOf<typeof DeleteRangeResponse>

// Transactions nest, so their types are written out: a type cannot be inferred from itself.
export interface RequestOp {
  requestRange: RangeRequest | undefined
  requestPut: PutRequest | undefined
  requestDeleteRange: DeleteRangeRequest | undefined
  requestTxn: TxnRequest | undefined
}
export const RequestOp: Message<RequestOp> = message({
  requestRange: nested(() => RangeRequest).one(1),
  requestPut: nested(() => PutRequest).one(2),
  requestDeleteRange: nested(() => DeleteRangeRequest).one(3),
  requestTxn: nested<TxnRequest>(() => TxnRequest).one(4),
})

export interface ResponseOp {
  responseRange: RangeResponse | undefined
  responsePut: PutResponse | undefined
  responseDeleteRange: DeleteRangeResponse | undefined
  responseTxn: TxnResponse | undefined
}
export const ResponseOp: Message<ResponseOp> = message({
  responseRange: nested(() => RangeResponse).one(1),
  responsePut: nested(() => PutResponse).one(2),
  responseDeleteRange: nested(() => DeleteRangeResponse).one(3),
  responseTxn: nested<TxnResponse>(() => TxnResponse).one(4),
})

export const CompareResult = { equal: 0, greater: 1, less: 2, notEqual: 3 } as const
export const CompareTarget = { version: 0, create: 1, mod: 2, value: 3, lease: 4 } as const

export const Compare = message({
  result: int.one(1),
  target: int.one(2),
  key: key.one(3),
  version: int.one(4),
  createRevision: int.one(5),
  modRevision: int.one(6),
  value: bytes.one(7),
  lease: int64.one(8),
  rangeEnd: key.one(64),
})
export type Compare = MessageOf<typeof Compare>

export interface TxnRequest {
  compare: readonly Compare[]
  success: readonly RequestOp[]
  failure: readonly RequestOp[]
}
export const TxnRequest: Message<TxnRequest> = message({
  compare: nested(() => Compare).many(1),
  success: nested(() => RequestOp).many(2),
  failure: nested(() => RequestOp).many(3),
})

export interface TxnResponse {
  header: ResponseHeader | undefined
  succeeded: boolean
  responses: readonly ResponseOp[]
}
export const TxnResponse: Message<TxnResponse> = message({
  header,
  succeeded: bool.one(2),
  responses: nested(() => ResponseOp).many(3),
})

export const CompactionRequest = message({ revision: int.one(1), physical: bool.one(2) })
export type CompactionRequest = MessageOf<typeof CompactionRequest>

export const CompactionResponse = message({ header })
