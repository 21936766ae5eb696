import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { WatchCreateRequest } from './control-messages.ts'
import { Compare, KeyValue, PutRequest, RequestOp, ResponseHeader, TxnRequest } from './messages.ts'
import { Reader, WireError, Writer } from './wire.ts'

// The reference: protobufjs with the same tables.
const reference = protobuf.parse(`syntax = "proto3";
message KeyValue { bytes key = 1; int64 create_revision = 2; int64 mod_revision = 3; int64 version = 4; bytes value = 5; int64 lease = 6; }
message Header { uint64 cluster_id = 1; uint64 member_id = 2; int64 revision = 3; uint64 raft_term = 4; }
message Watch { bytes key = 1; bytes range_end = 2; int64 start_revision = 3; bool progress_notify = 4; repeated int32 filters = 5; bool prev_kv = 6; int64 watch_id = 7; bool fragment = 8; }
`).root

const revision = fc.oneof(fc.constantFrom(0, 1, 127, 128, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1), fc.maxSafeNat())
const keyText = fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes).toString('latin1'))

describe('messages', () => {
  it('are read by another library as they were written, and the other way round', () => {
    const theirs = reference.lookupType('KeyValue')
    const kv = fc.record({
      key: keyText,
      createRevision: revision,
      modRevision: revision,
      version: revision,
      value: fc.uint8Array({ maxLength: 300 }),
      lease: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    })
    fc.assert(
      fc.property(kv, value => {
        const bytes = KeyValue.encode(value)
        const read = theirs.toObject(theirs.decode(bytes), { longs: String, defaults: true })
        assert.equal(Buffer.from(read.key).toString('latin1'), value.key)
        assert.equal(read.modRevision, String(value.modRevision))
        assert.equal(read.lease, String(value.lease))
        assert.equal(Buffer.compare(read.value, value.value), 0)
        const back = KeyValue.decode(theirs.encode(theirs.decode(bytes)).finish())
        assert.deepEqual({ ...back, value: Buffer.from(back.value) }, { ...value, value: Buffer.from(value.value) })
      }),
    )
  })

  it('holds nothing of a message before it that could not be written to its end', () => {
    const broken = { key: 'k', value: Buffer.from('v'), lease: 'none' as unknown as bigint }
    const writer = new Writer()
    for (const encode of [KeyValue.encode.bind(KeyValue), (part: Partial<KeyValue>) => KeyValue.encode(part, writer)]) {
      assert.throws(() => encode(broken))
      assert.deepEqual(KeyValue.decode(encode({ key: 'next' })), KeyValue.of({ key: 'next' }))
    }
  })

  it('keeps all bits of ids, over and over', () => {
    const theirs = reference.lookupType('Header')
    const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
    fc.assert(
      fc.property(id, id, (clusterId, memberId) => {
        for (let i = 0; i < 2; i++) {
          const header = ResponseHeader.decode(ResponseHeader.encode({ clusterId, memberId, revision: 5, raftTerm: 2 }))
          assert.deepEqual(header, { clusterId, memberId, revision: 5, raftTerm: 2 })
        }
        const read = theirs.toObject(theirs.decode(ResponseHeader.encode({ clusterId })), { longs: String })
        assert.equal(read.clusterId ?? '0', String(clusterId))
      }),
    )
  })

  it('reads and writes packed numbers, and reads those that are not', () => {
    const theirs = reference.lookupType('Watch')
    assert.deepEqual(WatchCreateRequest.decode(WatchCreateRequest.encode({ filters: [1, 0] })).filters, [1, 0])
    assert.deepEqual([...WatchCreateRequest.decode(theirs.encode({ filters: [0, 1, 1] }).finish()).filters], [0, 1, 1])
    assert.deepEqual(WatchCreateRequest.decode(Buffer.from([0x28, 1, 0x28, 0])).filters, [1, 0])
  })

  it('nests, however deep', () => {
    const put = RequestOp.of({ requestPut: PutRequest.of({ key: 'k', value: Buffer.from('v'.repeat(1000)) }) })
    let txn: TxnRequest = { compare: [Compare.of({ key: 'k', version: 3 })], success: [put], failure: [] }
    for (let depth = 0; depth < 20; depth++)
      txn = { compare: [], success: [RequestOp.of({ requestTxn: txn })], failure: [put] }
    const bytes = TxnRequest.encode(txn)
    assert.deepEqual(TxnRequest.encode(TxnRequest.decode(bytes)), bytes)
  })

  it('says negative numbers in ten bytes, as protobuf does', () => {
    const writer = new Writer()
    writer.varint(-1)
    const bytes = writer.finish()
    assert.equal(bytes.length, 10)
    assert.equal(new Reader(bytes).varint(), -1)
  })

  it('passes over fields that it does not know', () => {
    const unknown = Buffer.from([0x7a, 2, 1, 2, 0x68, 0x85, 1, 0x65, 1, 2, 3, 4, 0x61, 1, 2, 3, 4, 5, 6, 7, 8])
    const bytes = Buffer.concat([unknown, PutRequest.encode({ key: 'k' }), unknown])
    assert.equal(PutRequest.decode(bytes).key, 'k')
  })

  const broken: [string, number[]][] = [
    ['a field that ends too early', [0x0a, 5, 1, 2]],
    ['a varint that never ends', [0x18, ...Array(11).fill(0x80)]],
    ['a varint that is cut', [0x18, 0x80]],
    ['an unknown wire type', [0x0b]],
  ]
  for (const [what, bytes] of broken) {
    it(`rejects ${what}`, () => assert.throws(() => PutRequest.decode(Buffer.from(bytes)), WireError))
  }

  it('never reads beyond its bytes, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        try {
          TxnRequest.decode(Buffer.from(bytes))
        } catch (error) {
          assert.ok(error instanceof WireError, String(error))
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('Writer', () => {
  it('keeps messages apart that share a slab, and outgrows it', () => {
    const writer = new Writer(64)
    const messages = Array.from({ length: 50 }, (_, i) =>
      PutRequest.encode({ key: `key${i}`, value: Buffer.alloc(i * 7, i) }, writer),
    )
    messages.forEach((bytes, i) => {
      const { key, value } = PutRequest.decode(bytes)
      assert.deepEqual([key, value.length, value.every(byte => byte === i)], [`key${i}`, i * 7, true])
    })
  })
})
