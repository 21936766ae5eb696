import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newRecord, type Revision } from '../mvcc/keyspace.ts'
import { type Backup, readSnapshot, writeSnapshot } from './snapshot.ts'

function record(key: string, main: number, value: Buffer, more: Partial<Revision> = {}): Revision {
  return Object.assign(newRecord(key, main, 0), { createRevision: main, version: 1, value, ...more })
}

function backup(records: Revision[], more: Partial<Backup> = {}): Backup {
  const members = [{ id: '8e9e05c52164694d', name: 'default', peerUrls: ['http://localhost:2380'], clientUrls: [] }]
  return {
    records,
    compacted: -1,
    leases: [],
    alarms: [],
    members,
    clusterVersion: '3.5.0',
    index: 9,
    term: 2,
    ...more,
  }
}

function written(content: Backup): Buffer {
  const { size, chunks } = writeSnapshot(content)
  const file = Buffer.concat([...chunks])
  assert.equal(file.length, size)
  return file
}

const plain = ({ key, modRevision, sub, createRevision, version, value, lease, deleted }: Revision) => {
  return { key, modRevision, sub, createRevision, version, value: Buffer.from(value), lease, deleted }
}

describe("backups in etcd's format", () => {
  const cases: [string, Revision[]][] = [
    ['nothing', []],
    ['one key', [record('a', 2, Buffer.from('1'))]],
    [
      'as many keys as need branches over branches',
      Array.from({ length: 40_000 }, (_, i) => record(`k${i}`, i + 2, Buffer.alloc(50, i))),
    ],
    [
      'values larger than a page',
      [1, 4000, 4096, 100_000].map((size, i) => record(`k${i}`, i + 2, Buffer.alloc(size, 'x'))),
    ],
    ['keys of any bytes', [record('\0\xff', 2, Buffer.alloc(0)), record('\xff', 3, Buffer.from([0, 255]))]],
    [
      'a tombstone',
      [
        record('a', 2, Buffer.from('1')),
        record('a', 3, Buffer.alloc(0), { deleted: true, createRevision: 0, version: 0 }),
      ],
    ],
    ['a lease', [record('a', 2, Buffer.from('1'), { lease: 77n })]],
  ]
  for (const [what, records] of cases) {
    it(`are read as they were written: ${what}`, () => {
      const read = readSnapshot(written(backup(records)))
      assert.deepEqual(read.records.map(plain), records.map(plain))
      assert.equal(read.revision, records.at(-1)?.modRevision ?? 1)
      assert.equal(read.compacted, -1)
    })
  }

  it('keep leases, alarms and how far compaction has come', () => {
    const leases = [
      { id: 5n, ttl: 60, remaining: 30 },
      { id: 9n, ttl: 10, remaining: 0 },
    ]
    const alarms = [{ memberId: 3n, alarm: 1 }]
    const read = readSnapshot(written(backup([record('a', 2, Buffer.from('1'))], { compacted: 7, leases, alarms })))
    assert.deepEqual([read.leases, read.alarms, read.compacted, read.revision], [leases, alarms, 7, 7])
  })

  it('bring to its end a compaction that was under way', () => {
    const tomb = record('gone', 4, Buffer.alloc(0), { deleted: true })
    const records = [
      record('a', 2, Buffer.from('old')),
      record('a', 3, Buffer.from('new')),
      record('gone', 3, Buffer.from('1'), { sub: 1 }),
      tomb,
    ]
    const read = readSnapshot(written(backup(records, { compacted: 4 })))
    assert.deepEqual(
      read.records.map(each => [each.key, each.modRevision]),
      [['a', 3]],
    )
  })

  const whole = written(backup([record('a', 2, Buffer.from('1'))]))
  const damaged = (at: number) => {
    const copy = Buffer.from(whole)
    copy[at]! ^= 1
    return copy
  }
  const broken: [string, Buffer, boolean, RegExp][] = [
    ['a flipped bit', damaged(9000), false, /does not match its content/],
    ['a missing end', whole.subarray(0, -32), false, /does not match|no checksum/],
    ['half a file', whole.subarray(0, 5000), false, /no checksum at its end/],
    ['something else', Buffer.alloc(8192), true, /no bbolt database/],
  ]
  for (const [what, file, skip, message] of broken) {
    it(`are refused with a reason: ${what}`, () => assert.throws(() => readSnapshot(file, skip), message))
  }

  it('are read without their checksum where that is asked for', () => {
    assert.equal(readSnapshot(whole.subarray(0, -32), true).records.length, 1)
  })

  it('survive one damaged meta page', () => {
    assert.equal(readSnapshot(damaged(4096 + 20), true).records.length, 1)
  })
})
