import { AlarmRequest, LeaseGrantRequest, LeaseRevokeRequest } from '../proto/control-messages.ts'
import { CompactionRequest, DeleteRangeRequest, PutRequest, TxnRequest } from '../proto/messages.ts'
import { int, int64, type MessageOf, message, nested } from '../proto/schema.ts'

const LeaseCheckpoint = message({ id: int64.one(1), remaining: int.one(2) })

/** What an entry of the log says: who proposed it under which number, and one request. */
export const Command = message({
  origin: int.one(1),
  sequence: int.one(2),
  put: nested(() => PutRequest).one(3),
  deleteRange: nested(() => DeleteRangeRequest).one(4),
  txn: nested(() => TxnRequest).one(5),
  compaction: nested(() => CompactionRequest).one(6),
  leaseGrant: nested(() => LeaseGrantRequest).one(7),
  leaseRevoke: nested(() => LeaseRevokeRequest).one(8),
  leaseCheckpoint: nested(() => LeaseCheckpoint).many(9),
  alarm: nested(() => AlarmRequest).one(10),
})
export type Command = MessageOf<typeof Command>

/** What can be proposed: a command without its sender. */
export type Proposal = Partial<Omit<Command, 'origin' | 'sequence'>>

/** Does it add bytes to the store? Then it is refused while the store is full. */
export function addsData(proposal: Proposal): boolean {
  return (
    proposal.put !== undefined ||
    proposal.leaseGrant !== undefined ||
    (proposal.txn !== undefined && puts(proposal.txn))
  )
}

function puts(txn: TxnRequest): boolean {
  return [...txn.success, ...txn.failure].some(({ requestPut, requestTxn }) => {
    return requestPut !== undefined || (requestTxn !== undefined && puts(requestTxn))
  })
}
