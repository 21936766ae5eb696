import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { type Chunks, SnapshotDamageError } from '../snapshot/store.ts'
import { Membership } from './membership.ts'
import type { Entry, SnapshotMeta } from './message.ts'
import {
  createStorage,
  createStorageFromSnapshot,
  openStorage,
  type RaftStorage,
  restoreNewest,
  storageExists,
} from './storage.ts'

let directory: string
let log: MemoryLog

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubox-storage-'))
  log = new MemoryLog()
})
afterEach(() => rm(directory, { recursive: true }))

const options = () => ({ disk: systemDisk, directory: join(directory, 'member'), log, segmentBytes: 4096 })
const founders = ['b', 'a'].map(id => ({ id, learner: false, context: `at ${id}` }))
const entry = (index: number, term = 1): Entry => ({ index, term, type: 'normal', data: Buffer.from(`${index}`) })
const snapshotAt = (index: number, term = 1): SnapshotMeta => ({ index, term, members: founders })

async function addSnapshot({ wal, snapshots }: RaftStorage, snapshot: SnapshotMeta): Promise<void> {
  await snapshots.write(snapshot, [Buffer.from(`state at ${snapshot.index}`)])
  await wal.append({ snapshot, entries: [] })
}

async function spoil({ snapshots }: RaftStorage, snapshot: SnapshotMeta): Promise<void> {
  const file = await systemDisk.open(snapshots.path(snapshot))
  await file.write(20, [Buffer.from('spoilt')])
  await file.close()
}

async function read(content: Chunks): Promise<void> {
  for await (const chunk of content) assert.match(Buffer.from(chunk).toString(), /^state at/)
}

/** What a start finds: the snapshot's index, then the entries'. */
async function reopen(): Promise<number[]> {
  const storage = await openStorage(options())
  const { snapshot, entries } = await restoreNewest(storage, read, log).finally(() => storage.wal.close())
  return [snapshot.index, ...entries.map(({ index }) => index)]
}

describe('founding', () => {
  it('gives all founders the same log, whatever order they were named in', async () => {
    const { wal, entries, hardState } = await createStorage(options(), Buffer.from('a'), founders)
    await wal.close()
    const members = entries.reduce((membership, each) => membership.afterEntry(each), new Membership([])).members
    assert.deepEqual(
      members.map(({ id, context }) => [id, context]),
      [
        ['a', 'at a'],
        ['b', 'at b'],
      ],
    )
    assert.deepEqual(hardState, { term: 1, vote: '', commit: 2 })
    assert.deepEqual(await reopen(), [0, 1, 2])
  })

  it('of a member that joins leaves everything to the leader', async () => {
    assert.equal(await storageExists(options()), false)
    const { wal } = await createStorage(options(), Buffer.from('c'), [])
    await wal.close()
    assert.equal(await storageExists(options()), true)
    assert.deepEqual(await reopen(), [0])
  })

  it('from a backup starts with its content', async () => {
    const content = [Buffer.from('all keys')]
    const { wal } = await createStorageFromSnapshot(options(), Buffer.from('a'), snapshotAt(9, 3), content)
    await wal.close()
    const storage = await openStorage(options())
    let restored = ''
    const restore = async (chunks: Chunks) => {
      for await (const chunk of chunks) restored += Buffer.from(chunk)
    }
    const { snapshot, snapshotBytes } = await restoreNewest(storage, restore, log)
    await storage.wal.close()
    assert.deepEqual(snapshot, snapshotAt(9, 3))
    assert.equal(snapshotBytes, 8)
    assert.deepEqual(storage.hardState, { term: 3, vote: '', commit: 9 })
    assert.equal(restored, 'all keys')
  })
})

describe('the snapshot that a start takes', () => {
  /** Entries 1 to 8, snapshots at 4 and 6. */
  async function prepared(): Promise<RaftStorage> {
    const storage = await createStorage(options(), Buffer.from('a'), founders)
    await storage.wal.append({ entries: [3, 4, 5, 6, 7, 8].map(index => entry(index)) })
    for (const index of [4, 6]) await addSnapshot(storage, snapshotAt(index))
    return storage
  }

  it('is the newest, with what came after it', async () => {
    const { wal } = await prepared()
    await wal.close()
    assert.deepEqual(await reopen(), [6, 7, 8])
  })

  it('is the one before where the newest cannot be read, and says so', async () => {
    const storage = await prepared()
    await spoil(storage, snapshotAt(6))
    await storage.wal.close()
    assert.deepEqual(await reopen(), [4, 5, 6, 7, 8])
    assert.ok(log.entries.some(({ level, fields }) => level === 'warn' && fields.index === 6))
  })

  it('is none where the whole log is there', async () => {
    const storage = await prepared()
    for (const index of [4, 6]) await spoil(storage, snapshotAt(index))
    await storage.wal.close()
    assert.deepEqual(await reopen(), [0, 1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('is never one without a marker in the log', async () => {
    const storage = await prepared()
    await storage.snapshots.write(snapshotAt(20, 5), [])
    await storage.wal.close()
    assert.deepEqual(await reopen(), [6, 7, 8])
  })

  it('is never an older one when the log does not reach what the member had promised since', async () => {
    const storage = await prepared()
    await addSnapshot(storage, snapshotAt(30, 2))
    await spoil(storage, snapshotAt(30, 2))
    await storage.wal.close()
    await assert.rejects(reopen(), (error: unknown) => {
      assert.ok(error instanceof SnapshotDamageError)
      assert.match(error.message, /kubox etcd snapshot restore/)
      return true
    })
  })
})
