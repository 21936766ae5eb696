import { errors } from '../errors.ts'
import {
  type Compare,
  CompareResult,
  CompareTarget,
  type DeleteRangeRequest,
  type DeleteRangeResponse,
  type KeyValue,
  type PutRequest,
  type PutResponse,
  type RangeRequest,
  type RangeResponse,
  type RequestOp,
  type ResponseHeader,
  ResponseOp,
  type TxnRequest,
  type TxnResponse,
} from '../proto/messages.ts'
import type { Keyspace, Revision } from './keyspace.ts'
import type { Lessor } from './lessor.ts'
import { range } from './range.ts'

/** All changes of one entry: they share a main revision, and those who watch see them together. */
export class Batch {
  readonly changes: Revision[] = []
  readonly #keyspace: Keyspace
  readonly #lessor: Lessor

  constructor(keyspace: Keyspace, lessor: Lessor) {
    this.#keyspace = keyspace
    this.#lessor = lessor
  }

  /** The revision that a read within this batch sees. */
  get revision(): number {
    return this.changes.length > 0 ? this.#keyspace.revision + 1 : this.#keyspace.revision
  }

  /** Makes the changes the store's newest revision. */
  end(): void {
    this.#keyspace.revision = this.revision
  }

  range(request: RangeRequest): RangeResponse {
    return { header: this.#header(), ...range(this.#keyspace, request, this.revision) }
  }

  put(request: PutRequest): PutResponse {
    const kept = request.ignoreValue || request.ignoreLease ? this.#existing(request.key) : undefined
    const value = request.ignoreValue ? kept!.value : request.value
    const lease = request.ignoreLease ? kept!.lease : request.lease
    this.checkLease(lease)
    const record = this.#keyspace.put(request.key, value, lease, this.#main, this.changes.length)
    this.changes.push(record)
    const previous = record.older?.deleted ? undefined : record.older
    this.#lessor.move(record.key, previous?.lease ?? 0n, lease)
    return { header: this.#header(), prevKv: request.prevKv ? previous : undefined }
  }

  deleteRange(request: DeleteRangeRequest): DeleteRangeResponse {
    const doomed: Revision[] = []
    this.#keyspace.scan(request.key, request.rangeEnd, this.revision, record => {
      doomed.push(record)
      return true
    })
    for (const record of doomed) this.remove(record)
    const prevKvs = request.prevKv ? doomed : []
    return { header: this.#header(), deleted: doomed.length, prevKvs }
  }

  /** Deletes the keys that still exist. */
  removeKeys(keys: Iterable<string>): void {
    for (const key of keys) {
      const record = this.#keyspace.get(key, this.revision)
      if (record) this.remove(record)
    }
  }

  remove(record: Revision): void {
    this.changes.push(this.#keyspace.remove(record.key, this.#main, this.changes.length))
    this.#lessor.move(record.key, record.lease, 0n)
  }

  txn(request: TxnRequest): TxnResponse {
    const path = this.#decide(request)
    this.#check(path)
    const response = this.#run(path)
    response.header = this.#header()
    return response
  }

  checkLease(lease: bigint): void {
    if (lease !== 0n && !this.#lessor.get(lease)) throw errors.leaseNotFound
  }

  get #main(): number {
    return this.#keyspace.revision + 1
  }

  #header(): ResponseHeader {
    return { clusterId: 0n, memberId: 0n, revision: this.revision, raftTerm: 0 }
  }

  /** Every comparison, nested ones too, is made before the first change. */
  #decide(request: TxnRequest): Path {
    const succeeded = request.compare.every(compare => holds(this.#keyspace, compare, this.revision))
    const operations = succeeded ? request.success : request.failure
    return {
      succeeded,
      steps: operations.map(operation => ({
        operation,
        nested: operation.requestTxn && this.#decide(operation.requestTxn),
      })),
    }
  }

  /** A transaction that cannot be carried out whole must not begin. */
  #check(path: Path): void {
    for (const { operation, nested } of path.steps) {
      if (nested) this.#check(nested)
      if (operation.requestPut) this.#checkPut(operation.requestPut)
      const revision = operation.requestRange?.revision ?? 0
      if (revision > 0) this.#keyspace.checkRevision(revision)
    }
  }

  #checkPut(request: PutRequest): void {
    if (request.ignoreValue || request.ignoreLease) this.#existing(request.key)
    this.checkLease(request.lease)
  }

  #existing(key: string): Revision {
    const record = this.#keyspace.get(key, this.revision)
    if (!record) throw errors.keyNotFound
    return record
  }

  #run(path: Path): { header: ResponseHeader | undefined; succeeded: boolean; responses: ResponseOp[] } {
    return { header: undefined, succeeded: path.succeeded, responses: path.steps.map(step => this.#runStep(step)) }
  }

  #runStep({ operation, nested }: Step): ResponseOp {
    const { requestRange, requestPut, requestDeleteRange } = operation
    if (requestRange) return ResponseOp.of({ responseRange: this.range(requestRange) })
    if (requestPut) return ResponseOp.of({ responsePut: this.put(requestPut) })
    if (requestDeleteRange) return ResponseOp.of({ responseDeleteRange: this.deleteRange(requestDeleteRange) })
    if (nested) return ResponseOp.of({ responseTxn: this.#run(nested) })
    return ResponseOp.of({})
  }
}

/** The branches that a transaction takes, found before anything is changed. */
interface Path {
  succeeded: boolean
  steps: Step[]
}

interface Step {
  operation: RequestOp
  nested: Path | undefined
}

/** Does a comparison hold for every key it names? */
function holds(keyspace: Keyspace, compare: Compare, revision: number): boolean {
  let any = false
  let all = true
  keyspace.scan(compare.key, compare.rangeEnd, revision, record => {
    any = true
    all = matches(compare, record)
    return all
  })
  if (any) return all
  // The value of a key that does not exist equals nothing, not even the empty value.
  return compare.target !== CompareTarget.value && matches(compare, NOTHING)
}

const NOTHING = { version: 0, createRevision: 0, modRevision: 0, lease: 0n, value: Buffer.alloc(0) }

function matches(compare: Compare, record: Omit<KeyValue, 'key'>): boolean {
  const sign = difference(compare, record)
  if (compare.result === CompareResult.equal) return sign === 0
  if (compare.result === CompareResult.notEqual) return sign !== 0
  return compare.result === CompareResult.greater ? sign > 0 : sign < 0
}

function difference(compare: Compare, record: Omit<KeyValue, 'key'>): number {
  switch (compare.target) {
    case CompareTarget.version:
      return record.version - compare.version
    case CompareTarget.create:
      return record.createRevision - compare.createRevision
    case CompareTarget.mod:
      return record.modRevision - compare.modRevision
    case CompareTarget.value:
      return Buffer.compare(record.value, compare.value)
    default:
      return record.lease < compare.lease ? -1 : record.lease > compare.lease ? 1 : 0
  }
}

/** Can it change anything, whichever branch is taken? */
export function writes(txn: TxnRequest): boolean {
  return [...txn.success, ...txn.failure].some(
    ({ requestPut, requestDeleteRange, requestTxn }) =>
      requestPut !== undefined || requestDeleteRange !== undefined || (requestTxn !== undefined && writes(requestTxn)),
  )
}

/** Is it content with what this member knows, even if others know more? */
export function isSerializable(txn: TxnRequest): boolean {
  return [...txn.success, ...txn.failure].every(({ requestRange }) => requestRange?.serializable === true)
}
