import { type KeyValue, type RangeRequest, SortOrder, SortTarget } from '../proto/messages.ts'
import type { Keyspace, Revision } from './keyspace.ts'

export interface RangeResult {
  kvs: readonly KeyValue[]
  more: boolean
  /** How many keys the range holds, whatever limit and filters say. */
  count: number
}

/** Answers a range request at the revision it names, or at `current`. */
export function range(keyspace: Keyspace, request: RangeRequest, current: number): RangeResult {
  if (request.revision > 0) keyspace.checkRevision(request.revision)
  const revision = request.revision > 0 ? request.revision : current
  const wanted = request.countOnly ? 0 : fetchLimit(request)
  const found: Revision[] = []
  let count = 0
  keyspace.scan(request.key, request.rangeEnd, revision, record => {
    if (count++ < wanted) found.push(record)
    return true
  })
  const sorted = sort(filter(found, request), request)
  const more = request.limit > 0 && sorted.length > request.limit
  const kept = more ? sorted.slice(0, request.limit) : sorted
  return { kvs: request.keysOnly ? kept.map(withoutValue) : kept, more, count }
}

/** Who sorts or filters needs all records; who limits needs one more than the limit, to know whether there are more. */
function fetchLimit(request: RangeRequest): number {
  const filtered =
    request.minModRevision !== 0 ||
    request.maxModRevision !== 0 ||
    request.minCreateRevision !== 0 ||
    request.maxCreateRevision !== 0
  if (filtered || request.sortOrder !== SortOrder.none || request.limit <= 0) return Number.POSITIVE_INFINITY
  return request.limit + 1
}

function filter(records: Revision[], request: RangeRequest): Revision[] {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request
  if (!minModRevision && !maxModRevision && !minCreateRevision && !maxCreateRevision) return records
  return records.filter(
    record =>
      (maxModRevision === 0 || record.modRevision <= maxModRevision) &&
      (minModRevision === 0 || record.modRevision >= minModRevision) &&
      (maxCreateRevision === 0 || record.createRevision <= maxCreateRevision) &&
      (minCreateRevision === 0 || record.createRevision >= minCreateRevision),
  )
}

type Comparison = (a: Revision, b: Revision) => number

const comparisons: Record<number, Comparison> = {
  [SortTarget.key]: (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
  [SortTarget.version]: (a, b) => a.version - b.version,
  [SortTarget.create]: (a, b) => a.createRevision - b.createRevision,
  [SortTarget.mod]: (a, b) => a.modRevision - b.modRevision,
  [SortTarget.value]: (a, b) => Buffer.compare(a.value, b.value),
}

function sort(records: Revision[], request: RangeRequest): Revision[] {
  const ascending = request.sortOrder === SortOrder.ascend || request.sortOrder === SortOrder.none
  // Records come in order of their keys.
  if (request.sortTarget === SortTarget.key) return ascending ? records : records.reverse()
  const compare = comparisons[request.sortTarget]!
  return records.sort(ascending ? compare : (a, b) => compare(b, a))
}

const NO_BYTES: Uint8Array = Buffer.alloc(0)

function withoutValue(record: KeyValue): KeyValue {
  const { key, createRevision, modRevision, version, lease } = record
  return { key, createRevision, modRevision, version, value: NO_BYTES, lease }
}
