/**
 * apiserver/storage/ is the door to the store. store.ts is the interface; etcd.ts says it in etcd's words, over a backend that
 * takes requests of the etcd v3 API: memory.ts (tests), embedded.ts (the Raft member in this process), remote.ts (any etcd
 * cluster over gRPC). It imports etcd/ and platform/.
 */
import {
  Compare,
  CompareTarget,
  DeleteRangeRequest,
  type KeyValue,
  PutRequest,
  RangeRequest,
  type RangeResponse,
  RequestOp,
  type TxnRequest,
  type TxnResponse,
} from '../../etcd/proto/messages.ts'
import { fromWireKey, toWireKey } from './key.ts'
import type {
  RangeOptions,
  RangeResult,
  Store,
  StoredValue,
  StoreWatchItem,
  WatchOptions,
  WriteResult,
} from './store.ts'

/** Takes requests in the shape of the etcd v3 API; throws only the errors that Store names. */
export interface Backend {
  range(request: RangeRequest): Promise<RangeResponse>
  txn(request: TxnRequest): Promise<TxnResponse>
  compact(revision: number): Promise<void>
  grantLease(ttlSeconds: number): Promise<bigint>
  /** Keys are as on the wire. */
  watch(start: string, end: string, options: WatchOptions): AsyncIterable<StoreWatchItem>
  health(): Promise<void>
  close(): Promise<void>
}

/** Any key will do to ask for the store's revision: its existence does not matter. */
const ANY_KEY = '/'

export function createEtcdStore(backend: Backend): Store {
  return new EtcdStore(backend)
}

class EtcdStore implements Store {
  readonly #backend: Backend

  constructor(backend: Backend) {
    this.#backend = backend
  }

  async get(key: string): Promise<{ value: StoredValue | undefined; revision: number }> {
    const response = await this.#backend.range(RangeRequest.of({ key: toWireKey(key) }))
    const found = response.kvs[0]
    return { value: found && storedValue(found), revision: response.header!.revision }
  }

  async range(start: string, end: string, options: RangeOptions = {}): Promise<RangeResult> {
    const { revision = 0, limit = 0, keysOnly = false, countOnly = false } = options
    const range = { key: toWireKey(start), rangeEnd: toWireKey(end) }
    const response = await this.#backend.range(RangeRequest.of({ ...range, revision, limit, keysOnly, countOnly }))
    return {
      values: response.kvs.map(storedValue),
      revision: response.header!.revision,
      count: response.count,
      more: response.more,
    }
  }

  create(key: string, value: Uint8Array, lease = 0n): Promise<WriteResult> {
    const wireKey = toWireKey(key)
    const absent = Compare.of({ target: CompareTarget.create, key: wireKey })
    return this.#writeIf(wireKey, absent, RequestOp.of({ requestPut: PutRequest.of({ key: wireKey, value, lease }) }))
  }

  update(key: string, value: Uint8Array, ifRevision: number, lease = 0n): Promise<WriteResult> {
    const wireKey = toWireKey(key)
    const put = PutRequest.of({ key: wireKey, value, lease, prevKv: true })
    return this.#writeIf(wireKey, unchanged(wireKey, ifRevision), RequestOp.of({ requestPut: put }))
  }

  remove(key: string, ifRevision: number): Promise<WriteResult> {
    const wireKey = toWireKey(key)
    const remove = DeleteRangeRequest.of({ key: wireKey, prevKv: true })
    return this.#writeIf(wireKey, unchanged(wireKey, ifRevision), RequestOp.of({ requestDeleteRange: remove }))
  }

  async *watch(start: string, end: string, options: WatchOptions): AsyncIterable<StoreWatchItem> {
    yield* this.#backend.watch(toWireKey(start), toWireKey(end), options)
  }

  async revision(): Promise<number> {
    const response = await this.#backend.range(RangeRequest.of({ key: ANY_KEY, countOnly: true }))
    return response.header!.revision
  }

  compact(revision: number): Promise<void> {
    return this.#backend.compact(revision)
  }

  grantLease(ttlSeconds: number): Promise<bigint> {
    return this.#backend.grantLease(ttlSeconds)
  }

  health(): Promise<void> {
    return this.#backend.health()
  }

  close(): Promise<void> {
    return this.#backend.close()
  }

  async #writeIf(key: string, condition: Compare, write: RequestOp): Promise<WriteResult> {
    const read = RequestOp.of({ requestRange: RangeRequest.of({ key }) })
    const response = await this.#backend.txn({ compare: [condition], success: [write], failure: [read] })
    const { responseRange, responsePut, responseDeleteRange } = response.responses[0]!
    const revision = response.header!.revision
    if (!response.succeeded) {
      const current = responseRange?.kvs[0]
      return { ok: false, revision, current: current && storedValue(current) }
    }
    const previous = responsePut?.prevKv ?? responseDeleteRange?.prevKvs[0]
    return { ok: true, revision, previous: previous && storedValue(previous) }
  }
}

/** A key that does not exist has modRevision 0, so `ifRevision` 0 must never pass for "unchanged". */
function unchanged(key: string, revision: number): Compare {
  if (revision <= 0) throw new RangeError(`a write needs the revision it is based on, not ${revision}`)
  return Compare.of({ target: CompareTarget.mod, key, modRevision: revision })
}

export function storedValue({ key, value, createRevision, modRevision, version, lease }: KeyValue): StoredValue {
  return { key: fromWireKey(key), value, createRevision, modRevision, version, lease }
}
