import { EtcdError } from '../../etcd/errors.ts'
import { Pending } from '../../etcd/member/pending.ts'
import { MemberStateMachine } from '../../etcd/member/state-machine.ts'
import type { Proposal } from '../../etcd/mvcc/command.ts'
import { LeaseClock } from '../../etcd/mvcc/lease-clock.ts'
import { type Applied, Machine } from '../../etcd/mvcc/machine.ts'
import {
  Compare,
  CompareTarget,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  type RangeResponse,
  RequestOp,
} from '../../etcd/proto/messages.ts'
import type { Message } from '../../etcd/proto/schema.ts'
import type { StateMachine } from '../../etcd/raft/applier.ts'
import type { Entry } from '../../etcd/raft/message.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import type { Operation, Outcome } from './model.ts'

const HEAD_BYTES = 10

/** The member's own state machine, with what the invariants need to know beside it: how far it is, by which entries. */
export class Store implements StateMachine {
  readonly machine = new Machine()
  index = 0
  digest = 0
  readonly leases: LeaseClock
  /** Takes an entry to the log; given when there is one. */
  submit: (entry: Uint8Array) => Promise<unknown> = () => Promise.reject(new Error('there is no log yet'))
  readonly #pending: Pending
  readonly #inner: MemberStateMachine
  readonly #onApply: (index: number, digest: number) => void

  constructor(random: Random, clock: Clock, onApply: (index: number, digest: number) => void) {
    this.#pending = new Pending(random, clock)
    this.#inner = new MemberStateMachine(this.machine, this.#pending)
    this.#onApply = onApply
    // Only the leader can, and it tries again: what fails here needs no more care.
    const revoke = (id: bigint) => this.#pending.propose({ leaseRevoke: { id } }, this.submit).catch(() => {})
    this.leases = new LeaseClock(this.machine, clock, id => void revoke(id))
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.index !== this.index + 1) throw new Error(`entry ${entry.index} applied after ${this.index}`)
      this.index = entry.index
      this.digest = digestOf(this.digest, entry)
      this.#onApply(this.index, this.digest)
      this.#inner.apply([entry])
    }
  }

  snapshot(): AsyncIterable<Uint8Array> {
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUIntLE(this.index, 0, 6)
    head.writeUInt32LE(this.digest, 6)
    return headed(head, this.#inner.snapshot())
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = []
    for await (const chunk of chunks) parts.push(chunk)
    const whole = Buffer.concat(parts)
    this.index = whole.readUIntLE(0, 6)
    this.digest = whole.readUInt32LE(6)
    await this.#inner.restore([whole.subarray(HEAD_BYTES)])
  }

  // ---- clients

  read(keys: readonly string[]): Outcome {
    const values = keys.map(key => [key, valueIn(this.machine.range(filled(RangeRequest, { key })))])
    return { values: Object.fromEntries(values), succeeded: true }
  }

  async propose(operation: Operation, submit: (entry: Uint8Array) => Promise<unknown>): Promise<Outcome> {
    return outcomeOf(operation, await this.#pending.propose(proposalFor(operation), submit))
  }

  async putWithLease(key: string, lease: bigint, ttl: number, submit: Store['submit']): Promise<void> {
    await this.#pending.propose({ leaseGrant: { id: lease, ttl } }, submit)
    const put = filled(PutRequest, { key, value: Buffer.from('leased'), lease })
    await this.#pending.propose({ put }, submit)
  }

  /** Forgets half of the history. That there is nothing to forget any more is an answer too. */
  compact(submit: (entry: Uint8Array) => Promise<unknown>): void {
    const { revision, compacted } = this.machine.keyspace
    const middle = Math.ceil((Math.max(1, compacted) + revision) / 2)
    this.#pending.propose({ compaction: { revision: middle, physical: false } }, submit).catch(error => {
      if (!(error instanceof EtcdError || error instanceof Error)) throw error
    })
  }
}

async function* headed(head: Buffer, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
  yield head
  yield* chunks
}

function proposalFor(operation: Operation): Proposal {
  switch (operation.type) {
    case 'put':
      return { put: putOf(operation.key, operation.value) }
    case 'delete':
      return { deleteRange: filled(DeleteRangeRequest, { key: operation.key }) }
    case 'txn': {
      const { key, expected } = operation
      const read = filled(RequestOp, { requestRange: filled(RangeRequest, { key }) })
      const puts = Object.entries(operation.puts).map(([each, value]) =>
        filled(RequestOp, { requestPut: putOf(each, value) }),
      )
      return { txn: { compare: [comparing(key, expected)], success: [read, ...puts], failure: [read] } }
    }
    case 'get':
      throw new Error('reads are not proposed')
  }
}

function putOf(key: string, value: string): PutRequest {
  return filled(PutRequest, { key, value: Buffer.from(value) })
}

/** A key that is not there has no value to compare, but its version is 0. */
function comparing(key: string, expected: string): Compare {
  if (expected === '') return filled(Compare, { key, target: CompareTarget.version, version: 0 })
  return filled(Compare, { key, target: CompareTarget.value, value: Buffer.from(expected) })
}

function outcomeOf(operation: Operation, { txn }: Applied): Outcome {
  if (operation.type !== 'txn') return { values: {}, succeeded: true }
  return { values: { [operation.key]: valueIn(txn!.responses[0]!.responseRange!) }, succeeded: txn!.succeeded }
}

function valueIn({ kvs }: RangeResponse): string {
  return Buffer.from(kvs[0]?.value ?? []).toString()
}

/** With its default in every field that is not given, as it would come from the wire. */
function filled<T extends object>(type: Message<T>, value: Partial<T>): T {
  return type.decode(type.encode(value))
}

function digestOf(before: number, entry: Entry): number {
  let digest = before
  for (const byte of [entry.term, entry.index, ...entry.data]) digest = (Math.imul(digest, 31) + byte) >>> 0
  return digest
}
