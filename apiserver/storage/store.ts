/**
 * The store as the API server sees it: keys with revisions, conditional writes, watches that never lose an event. Three
 * implementations pass one contract suite (test/contract/store.ts): the embedded Raft member, any etcd v3 cluster over
 * gRPC, and memory. Revisions are etcd's: one counter for the whole store, safe as a number up to 2^53.
 */
export interface StoredValue {
  key: string
  value: Uint8Array
  createRevision: number
  modRevision: number
  version: number
  /** 0 when the key belongs to no lease. */
  lease: bigint
}

export interface RangeOptions {
  /** Reads the past as it was at this revision; CompactedError when it is gone. */
  revision?: number
  limit?: number
  keysOnly?: boolean
  countOnly?: boolean
}

export interface RangeResult {
  values: StoredValue[]
  /** Revision of the store when it was read. */
  revision: number
  /** How many keys the range holds, whatever the limit. */
  count: number
  more: boolean
}

export type WriteResult =
  | { ok: true; revision: number; previous?: StoredValue }
  /** The condition did not hold; `current` is what stands there instead (undefined: nothing). */
  | { ok: false; revision: number; current?: StoredValue }

export interface StoreEvent {
  type: 'put' | 'delete'
  key: string
  /** The new value; for a delete the tombstone, whose modRevision is the revision of the deletion. */
  value: StoredValue
  previous?: StoredValue
}

export type StoreWatchItem =
  /** All events of the watched range up to and with `revision`, in order; [] is a progress notice. */
  { revision: number; events: StoreEvent[] }

export interface WatchOptions {
  /** First revision wanted; the past is replayed from there. */
  fromRevision: number
  signal: AbortSignal
}

/** A revision that has been compacted away was asked for. */
export class CompactedError extends Error {
  readonly compactRevision: number
  constructor(compactRevision: number) {
    super(`the wanted revision has been compacted; the oldest one left is ${compactRevision}`)
    this.name = 'CompactedError'
    this.compactRevision = compactRevision
  }
}

/** The store cannot serve now (no leader, no quorum, disk full, connection lost): worth another try. */
export class StoreUnavailableError extends Error {
  override name = 'StoreUnavailableError'
}

export interface Store {
  get(key: string): Promise<{ value: StoredValue | undefined; revision: number }>
  /** Keys in [start, end), in order. */
  range(start: string, end: string, options?: RangeOptions): Promise<RangeResult>
  /** Only where the key does not exist. */
  create(key: string, value: Uint8Array, lease?: bigint): Promise<WriteResult>
  /** Only where the key's modRevision is still `ifRevision`. */
  update(key: string, value: Uint8Array, ifRevision: number, lease?: bigint): Promise<WriteResult>
  /** Only where the key's modRevision is still `ifRevision`. */
  remove(key: string, ifRevision: number): Promise<WriteResult>
  /** Events of [start, end) from a revision on; ends when the signal aborts; throws CompactedError, StoreUnavailableError. */
  watch(start: string, end: string, options: WatchOptions): AsyncIterable<StoreWatchItem>
  /** The revision that a linearizable read sees now. */
  revision(): Promise<number>
  compact(revision: number): Promise<void>
  /** A lease whose keys vanish `ttlSeconds` from now. */
  grantLease(ttlSeconds: number): Promise<bigint>
  /** Rejects with the reason when the store cannot serve. */
  health(): Promise<void>
  close(): Promise<void>
}

/** End of the range of all keys that start with `prefix`. */
export function prefixEnd(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
}
