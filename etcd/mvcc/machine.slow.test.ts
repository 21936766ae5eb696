import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AlarmAction, AlarmType } from '../proto/control-messages.ts'
import {
  Compare,
  CompareResult,
  CompareTarget,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  SortOrder,
  SortTarget,
  type TxnRequest,
} from '../proto/messages.ts'
import { Command, type Proposal } from './command.ts'
import { hashKeys } from './hash.ts'
import { Machine } from './machine.ts'

const put = (key: string, value: string, more: Partial<PutRequest> = {}) =>
  PutRequest.of({ key, value: Buffer.from(value), ...more })
const putOp = (key: string, value: string, more: Partial<PutRequest> = {}) =>
  RequestOp.of({ requestPut: put(key, value, more) })
const rangeOp = (key: string, more: Partial<RangeRequest> = {}) =>
  RequestOp.of({ requestRange: RangeRequest.of({ key, ...more }) })
const deleteOp = (key: string) => RequestOp.of({ requestDeleteRange: DeleteRangeRequest.of({ key, prevKv: true }) })
const txnOp = (requestTxn: TxnRequest) => RequestOp.of({ requestTxn })

function machineWith(...proposals: Proposal[]): Machine {
  const machine = new Machine()
  for (const proposal of proposals) machine.apply(Command.of(proposal))
  return machine
}

const apply = (machine: Machine, proposal: Proposal) => machine.apply(Command.of(proposal))
const textOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString()

describe('Machine: comparisons of a transaction', () => {
  const { equal, greater, less, notEqual } = CompareResult
  const { version, create, mod, value, lease } = CompareTarget
  // The key `k` was made at 2 and changed at 3; `other` does not exist.
  const cases: [string, Partial<Compare>, boolean][] = [
    ['version is 2', { key: 'k', target: version, result: equal, version: 2 }, true],
    ['version is not 2', { key: 'k', target: version, result: notEqual, version: 2 }, false],
    ['create revision is 2', { key: 'k', target: create, result: equal, createRevision: 2 }, true],
    ['create revision is above 1', { key: 'k', target: create, result: greater, createRevision: 1 }, true],
    ['create revision is above 2', { key: 'k', target: create, result: greater, createRevision: 2 }, false],
    ['mod revision is below 4', { key: 'k', target: mod, result: less, modRevision: 4 }, true],
    ['mod revision is below 3', { key: 'k', target: mod, result: less, modRevision: 3 }, false],
    ['value is v2', { key: 'k', target: value, result: equal, value: Buffer.from('v2') }, true],
    ['value is above v1', { key: 'k', target: value, result: greater, value: Buffer.from('v1') }, true],
    ['lease is none', { key: 'k', target: lease, result: equal, lease: 0n }, true],
    ['lease is above none', { key: 'k', target: lease, result: greater, lease: 0n }, false],
    ['a missing key has create revision 0', { key: 'other', target: create, result: equal }, true],
    ['a missing key has version 0', { key: 'other', target: version, result: equal }, true],
    ['a missing value equals nothing', { key: 'other', target: value, result: equal }, false],
    ['a missing value differs from nothing either', { key: 'other', target: value, result: notEqual }, false],
    [
      'all keys of a range were made after 1',
      { key: 'k', rangeEnd: 'l', target: create, result: greater, createRevision: 1 },
      true,
    ],
    ['one of a range fails', { key: 'k', rangeEnd: 'l', target: version, result: equal, version: 2 }, false],
  ]
  for (const [what, compare, expected] of cases) {
    it(`${what}: ${expected}`, () => {
      const machine = machineWith({ put: put('k', 'v1') }, { put: put('k', 'v2') }, { put: put('k2', 'x') })
      const { txn } = apply(machine, { txn: { compare: [Compare.of(compare)], success: [], failure: [] } })
      assert.equal(txn!.succeeded, expected)
      assert.equal(machine.keyspace.revision, 4, 'comparing changes nothing')
    })
  }
})

describe('Machine: transactions', () => {
  it('gives all changes one revision, and reads see the writes before them', () => {
    const machine = machineWith({ put: put('a', '1') })
    const { txn } = apply(machine, {
      txn: {
        compare: [],
        success: [putOp('b', '2'), rangeOp('b'), deleteOp('a'), rangeOp('a'), putOp('c', '3')],
        failure: [],
      },
    })
    const [first, seen, removed, gone] = txn!.responses
    assert.equal(first!.responsePut!.header!.revision, 3)
    assert.equal(textOf(seen!.responseRange!.kvs[0]!.value), '2')
    assert.equal(textOf(removed!.responseDeleteRange!.prevKvs[0]!.value), '1')
    assert.deepEqual(gone!.responseRange!.kvs, [])
    assert.equal(txn!.header!.revision, 3)
    assert.deepEqual(
      machine.keyspace.chunkSince(3, 9).map(({ key, sub, deleted }) => [key, sub, deleted]),
      [
        ['b', 0, false],
        ['a', 1, true],
        ['c', 2, false],
      ],
    )
  })

  it('decides nested comparisons before anything is changed', () => {
    const machine = machineWith({ put: put('a', 'old') })
    const isOld = Compare.of({ key: 'a', target: CompareTarget.value, value: Buffer.from('old') })
    const inner = { compare: [isOld], success: [putOp('b', 'was old')], failure: [putOp('b', 'was new')] }
    apply(machine, { txn: { compare: [], success: [putOp('a', 'new'), txnOp(inner)], failure: [] } })
    assert.equal(textOf(machine.keyspace.get('b')!.value), 'was old')
  })

  const refused: [string, TxnRequest['success'], RegExp][] = [
    ['a lease that does not exist', [putOp('a', '1'), putOp('b', '2', { lease: 7n })], /requested lease not found/],
    [
      'the old value of a key that does not exist',
      [putOp('a', '1'), putOp('b', '', { ignoreValue: true })],
      /key not found/,
    ],
    ['a revision to come', [putOp('a', '1'), rangeOp('b', { revision: 99 })], /future/],
    ['a revision that is gone', [putOp('a', '1'), rangeOp('b', { revision: 1 })], /compacted/],
  ]
  for (const [what, success, message] of refused) {
    it(`does nothing at all where one operation asks for ${what}`, () => {
      const machine = machineWith({ put: put('z', '1') }, { compaction: { revision: 2, physical: false } })
      assert.throws(() => apply(machine, { txn: { compare: [], success, failure: [] } }), message)
      assert.equal(machine.keyspace.revision, 2)
      assert.equal(machine.keyspace.get('a'), undefined)
    })
  }

  it('makes no revision where it changes nothing', () => {
    const machine = machineWith({ put: put('a', '1') })
    assert.equal(apply(machine, { txn: { compare: [], success: [deleteOp('nothing')], failure: [] } }).revision, 2)
  })
})

describe('Machine: ranges', () => {
  const machine = machineWith(
    { put: put('a', '3') },
    { put: put('b', '1') },
    { put: put('c', '2') },
    { put: put('a', '3') },
    { put: put('d', '0') },
  )
  const all = { key: '\0', rangeEnd: '\0' }
  const { ascend, descend } = SortOrder
  const cases: [string, Partial<RangeRequest>, string, { more?: boolean; count?: number }][] = [
    ['in order of keys', {}, 'a b c d', { count: 4 }],
    ['backwards', { sortOrder: descend }, 'd c b a', {}],
    ['by value', { sortTarget: SortTarget.value, sortOrder: ascend }, 'd b c a', {}],
    ['by value, no order given', { sortTarget: SortTarget.value }, 'd b c a', {}],
    ['by version, backwards', { sortTarget: SortTarget.version, sortOrder: descend, limit: 1 }, 'a', { more: true }],
    ['by creation', { sortTarget: SortTarget.create, sortOrder: descend }, 'd c b a', {}],
    ['by modification', { sortTarget: SortTarget.mod, sortOrder: ascend }, 'b c a d', {}],
    ['limited', { limit: 2 }, 'a b', { more: true, count: 4 }],
    ['limited to as many as there are', { limit: 4 }, 'a b c d', { more: false }],
    ['counted', { countOnly: true }, '', { count: 4, more: false }],
    ['modified at 4 and later', { minModRevision: 4 }, 'a c d', { count: 4 }],
    ['modified up to 4', { maxModRevision: 4 }, 'b c', {}],
    ['created from 3 to 4', { minCreateRevision: 3, maxCreateRevision: 4 }, 'b c', {}],
    ['at an old revision', { revision: 3 }, 'a b', { count: 2 }],
    ['one key', { key: 'b', rangeEnd: '' }, 'b', { count: 1 }],
    ['from a key on', { key: 'c' }, 'c d', {}],
  ]
  for (const [what, request, keys, { more = false, count }] of cases) {
    it(what, () => {
      const response = machine.range(RangeRequest.of({ ...all, ...request }))
      assert.equal(response.kvs.map(kv => kv.key).join(' '), keys)
      assert.equal(response.more, more)
      if (count !== undefined) assert.equal(response.count, count)
    })
  }

  it('leaves the values out where only keys are wanted', () => {
    const { kvs } = machine.range(RangeRequest.of({ ...all, keysOnly: true }))
    assert.ok(kvs.every(kv => kv.value.length === 0 && kv.modRevision > 0))
  })
})

describe('Machine: leases', () => {
  it('takes the keys of a lease away with it, in one revision, and only those that it still has', () => {
    const machine = machineWith(
      { leaseGrant: { id: 1n, ttl: 10 } },
      { leaseGrant: { id: 2n, ttl: 10 } },
      { put: put('b', '1', { lease: 1n }) },
      { put: put('a', '1', { lease: 1n }) },
      { put: put('moved', '1', { lease: 1n }) },
      { put: put('moved', '1', { lease: 2n }) },
      { put: put('freed', '1', { lease: 1n }) },
      { put: put('freed', '2') },
      { leaseRevoke: { id: 1n } },
    )
    assert.equal(machine.keyspace.revision, 8)
    assert.deepEqual(
      machine.keyspace.chunkSince(8, 9).map(record => record.key),
      ['a', 'b'],
    )
    assert.ok(machine.keyspace.get('moved') && machine.keyspace.get('freed'))
  })

  const refused: [string, Proposal, RegExp][] = [
    ['a second grant', { leaseGrant: { id: 1n, ttl: 10 } }, /lease already exists/],
    ['a lease that is too long', { leaseGrant: { id: 2n, ttl: 9_000_000_001 } }, /too large lease TTL/],
    ['the end of one that is not there', { leaseRevoke: { id: 3n } }, /requested lease not found/],
    ['a key for one that is not there', { put: put('a', '1', { lease: 3n }) }, /requested lease not found/],
  ]
  for (const [what, proposal, message] of refused) {
    it(`refuses ${what}`, () => {
      const machine = machineWith({ leaseGrant: { id: 1n, ttl: 10 } })
      assert.throws(() => apply(machine, proposal), message)
      assert.equal(machine.keyspace.revision, 1)
    })
  }
})

describe('Machine: alarms', () => {
  it('refuses what adds data while the store is full, and nothing else', () => {
    const alarm = { memberId: 5n, alarm: AlarmType.noSpace }
    const machine = machineWith({ put: put('a', '1') }, { alarm: { ...alarm, action: AlarmAction.activate } })
    for (const proposal of [
      { put: put('b', '1') },
      { leaseGrant: { id: 1n, ttl: 1 } },
      { txn: { compare: [], success: [], failure: [txnOp({ compare: [], success: [putOp('c', '1')], failure: [] })] } },
    ]) {
      assert.throws(() => apply(machine, proposal), /database space exceeded/)
    }
    apply(machine, { deleteRange: DeleteRangeRequest.of({ key: 'a' }) })
    apply(machine, { compaction: { revision: 3, physical: false } })
    assert.deepEqual(apply(machine, { alarm: { ...alarm, action: AlarmAction.deactivate } }).alarms, [alarm])
    apply(machine, { put: put('b', '1') })
  })

  it('changes nothing while members differ, until somebody lifts the alarm', () => {
    const alarm = { memberId: 5n, alarm: AlarmType.corrupt }
    const machine = machineWith({ put: put('a', '1') }, { alarm: { ...alarm, action: AlarmAction.activate } })
    for (const proposal of [
      { put: put('b', '1') },
      { deleteRange: DeleteRangeRequest.of({ key: 'a' }) },
      { compaction: { revision: 2, physical: false } },
      { leaseGrant: { id: 1n, ttl: 1 } },
      { leaseRevoke: { id: 1n } },
    ]) {
      assert.throws(() => apply(machine, proposal), /corrupt cluster/)
    }
    assert.equal(machine.range(RangeRequest.of({ key: 'a' })).count, 1)
    apply(machine, { alarm: { ...alarm, action: AlarmAction.deactivate } })
    apply(machine, { put: put('b', '1') })
  })
})

describe('hashKeys', () => {
  it('is equal for equal stores, and tells them apart otherwise', () => {
    const story: Proposal[] = [
      { put: put('a', '1') },
      { put: put('b', '2') },
      { deleteRange: DeleteRangeRequest.of({ key: 'a' }) },
    ]
    const hash = hashKeys(machineWith(...story).keyspace, 0)
    assert.equal(hashKeys(machineWith(...story).keyspace, 0), hash)
    assert.notEqual(hashKeys(machineWith(...story, { put: put('c', '') }).keyspace, 0), hash)
    assert.equal(hashKeys(machineWith(...story, { put: put('c', '') }).keyspace, 4), hash)
  })
})
