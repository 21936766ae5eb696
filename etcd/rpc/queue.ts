import { errors } from '../errors.ts'
import type { Member } from '../member.ts'
import type { Revision } from '../mvcc/keyspace.ts'
import {
  Compare,
  CompareTarget,
  type KeyValue,
  PutRequest,
  RangeRequest,
  RequestOp,
  SortOrder,
  SortTarget,
} from '../proto/messages.ts'
import type { ServerCall } from './grpc.ts'

// Locks and elections are queues: everybody puts a key of their own under a prefix, and whose key is the oldest has it.

/** The time of a lease that is made for a caller who brought none. */
const OWN_LEASE_SECONDS = 60

export interface Place {
  key: string
  createRevision: number
  lease: bigint
}

export function queuePrefix(name: string): string {
  return `${name}/`
}

/** End of the range of all keys with this prefix. */
function afterPrefix(prefix: string): string {
  for (let at = prefix.length - 1; at >= 0; at--) {
    const byte = prefix.charCodeAt(at)
    if (byte < 0xff) return prefix.slice(0, at) + String.fromCharCode(byte + 1)
  }
  return '\0'
}

/** Takes a place at the end of the queue, or finds the one that this lease has already. */
export async function queueUp(member: Member, prefix: string, lease: bigint, value: Uint8Array): Promise<Place> {
  const used = lease === 0n ? (await member.grantLease(0n, OWN_LEASE_SECONDS)).id : lease
  const key = `${prefix}${BigInt.asUintN(64, used).toString(16)}`
  const put = PutRequest.of({ key, value, lease: used })
  const response = await member.txn({
    compare: [Compare.of({ target: CompareTarget.create, key })],
    success: [RequestOp.of({ requestPut: put })],
    failure: [RequestOp.of({ requestRange: RangeRequest.of({ key }) })],
  })
  if (response.succeeded) return { key, createRevision: response.header!.revision, lease: used }
  const there = response.responses[0]!.responseRange!.kvs[0]!
  if (Buffer.compare(there.value, value) !== 0) await member.put(put)
  return { key, createRevision: there.createRevision, lease: used }
}

/** The oldest key of the queue. */
export async function firstInQueue(member: Member, prefix: string): Promise<KeyValue | undefined> {
  const range = RangeRequest.of({
    key: prefix,
    rangeEnd: afterPrefix(prefix),
    limit: 1,
    sortTarget: SortTarget.create,
    sortOrder: SortOrder.ascend,
  })
  return (await member.range(range)).kvs[0]
}

/** Resolves when nobody is before this place any more; rejects when the place is lost or the call over. */
export async function untilFirst(member: Member, prefix: string, place: Place, call: ServerCall): Promise<void> {
  const changes = new Changes(member, prefix, call)
  try {
    for (;;) {
      const first = await firstInQueue(member, prefix)
      if (call.closed) throw errors.watchCanceled
      if (!first || first.createRevision > place.createRevision) throw errors.leaseNotFound
      if (first.createRevision === place.createRevision) return
      await changes.next()
    }
  } finally {
    changes.close()
  }
}

/** Wakes whoever waits when something under a prefix changes, or when the call ends. */
export class Changes {
  readonly #watcher
  #changed = false
  #wake: () => void = () => {}

  constructor(member: Member, prefix: string, call: ServerCall) {
    const listener = {
      events: (_batch: { events: readonly Revision[] }) => this.#notice(),
      compacted: () => void this.#notice(),
    }
    this.#watcher = member.machine.hub.watch({ start: prefix, end: afterPrefix(prefix), from: 0, listener })
    this.#watcher.resume()
    call.onClose = () => void this.#notice()
  }

  async next(): Promise<void> {
    if (!this.#changed) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    this.#changed = false
  }

  close(): void {
    this.#watcher.close()
  }

  #notice(): boolean {
    this.#changed = true
    this.#wake()
    return true
  }
}
