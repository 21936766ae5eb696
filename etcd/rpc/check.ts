import { errors } from '../errors.ts'
import { inRange } from '../mvcc/keyspace.ts'
import type { DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest } from '../proto/messages.ts'

const MAX_TXN_OPERATIONS = 128
const SORT_ORDERS = 3
const SORT_TARGETS = 5

// What a request must be like, whatever the store holds. Each throws the error that etcd gives.

export function checkRange(request: RangeRequest): void {
  if (request.key === '') throw errors.emptyKey
  if (request.sortOrder >= SORT_ORDERS || request.sortTarget >= SORT_TARGETS) throw errors.invalidSortOption
}

export function checkPut(request: PutRequest): void {
  if (request.key === '') throw errors.emptyKey
  if (request.ignoreValue && request.value.length > 0) throw errors.valueProvided
  if (request.ignoreLease && request.lease !== 0n) throw errors.leaseProvided
}

export function checkDeleteRange(request: DeleteRangeRequest): void {
  if (request.key === '') throw errors.emptyKey
}

export function checkTxn(request: TxnRequest): void {
  checkTxnOperations(request, MAX_TXN_OPERATIONS)
  footprint(request.success)
  footprint(request.failure)
}

function checkTxnOperations(request: TxnRequest, allowed: number): void {
  const count = Math.max(request.compare.length, request.success.length, request.failure.length)
  if (count > allowed) throw errors.tooManyOps
  for (const compare of request.compare) if (compare.key === '') throw errors.emptyKey
  for (const operation of [...request.success, ...request.failure]) checkOperation(operation, allowed - count)
}

function checkOperation(operation: RequestOp, allowed: number): void {
  const { requestRange, requestPut, requestDeleteRange, requestTxn } = operation
  if (requestRange) checkRange(requestRange)
  else if (requestPut) checkPut(requestPut)
  else if (requestDeleteRange) checkDeleteRange(requestDeleteRange)
  else if (requestTxn) checkTxnOperations(requestTxn, allowed)
  else throw errors.keyNotFound
}

/** What a list of operations may change. */
interface Footprint {
  puts: Set<string>
  deletes: DeleteRangeRequest[]
}

/** A key is changed at most once in a transaction: all its changes carry one revision. */
function footprint(operations: readonly RequestOp[]): Footprint {
  const puts = new Set<string>()
  const deletes = operations.flatMap(({ requestDeleteRange }) => requestDeleteRange ?? [])
  const add = (key: string, allowed?: Set<string>) => {
    const deleted = deletes.some(range => inRange(key, range.key, range.rangeEnd))
    if (deleted || (puts.has(key) && !allowed?.has(key))) throw errors.duplicateKey
    puts.add(key)
  }
  const nested: DeleteRangeRequest[] = []
  for (const { requestTxn } of operations) {
    if (!requestTxn) continue
    const success = footprint(requestTxn.success)
    const failure = footprint(requestTxn.failure)
    for (const key of success.puts) add(key)
    // Only one of the two branches will be taken.
    for (const key of failure.puts) add(key, success.puts)
    nested.push(...success.deletes, ...failure.deletes)
  }
  deletes.push(...nested)
  for (const { requestPut } of operations) if (requestPut) add(requestPut.key)
  return { puts, deletes }
}
