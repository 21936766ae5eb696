import { dirname } from 'node:path'
import type { Disk } from '../../platform/disk.ts'
import type { Log } from '../../platform/log.ts'
import { type Chunks, SnapshotDamageError, SnapshotStore } from '../snapshot/store.ts'
import type { WalContents } from '../wal/replay.ts'
import { Wal } from '../wal/wal.ts'
import { encodeChange } from './membership.ts'
import { type Entry, type HardState, type Member, NO_SNAPSHOT, type SnapshotMeta } from './message.ts'

/** Where a member keeps what it must not forget: `DIRECTORY/wal` and `DIRECTORY/snap`, as etcd names them. */
export interface StorageOptions {
  disk: Disk
  directory: string
  log: Log
  segmentBytes?: number
}

export interface RaftStorage {
  wal: Wal
  snapshots: SnapshotStore
  metadata: Uint8Array
  hardState: HardState
  /** What the state machine starts from: a snapshot that has been read to its end, or NO_SNAPSHOT. */
  snapshot: SnapshotMeta
  /** Everything after it. */
  entries: Entry[]
}

export function storageExists({ disk, directory }: Pick<StorageOptions, 'disk' | 'directory'>): Promise<boolean> {
  return Wal.exists(disk, `${directory}/wal`)
}

/**
 * A new member. All founders of a cluster are given the same `founders`, and so begin with the same log. A member that
 * joins a running cluster is given none: it hears everything from the leader.
 */
export async function createStorage(
  options: StorageOptions,
  metadata: Uint8Array,
  founders: readonly Member[],
): Promise<RaftStorage> {
  const sorted = [...founders].sort((a, b) => (a.id < b.id ? -1 : 1))
  const entries = sorted.map((member, position): Entry => {
    const data = encodeChange({ type: member.learner ? 'addLearner' : 'add', id: member.id, context: member.context })
    return { term: 1, index: position + 1, type: 'config', data }
  })
  const hardState = { term: entries.length > 0 ? 1 : 0, vote: '', commit: entries.length }
  await makeDirectories(options)
  const wal = await Wal.create(walOptions(options), metadata, { hardState, entries })
  return { wal, snapshots: snapshotStore(options), metadata, hardState, snapshot: NO_SNAPSHOT, entries }
}

/** A new member whose state machine starts with a given content: how a backup is restored. */
export async function createStorageFromSnapshot(
  options: StorageOptions,
  metadata: Uint8Array,
  snapshot: SnapshotMeta,
  content: Chunks,
): Promise<RaftStorage> {
  await makeDirectories(options)
  const snapshots = snapshotStore(options)
  await snapshots.write(snapshot, content)
  const hardState = { term: snapshot.term, vote: '', commit: snapshot.index }
  const wal = await Wal.create(walOptions(options), metadata, { hardState, snapshot, entries: [] })
  return { wal, snapshots, metadata, hardState, snapshot, entries: [] }
}

export async function openStorage(options: StorageOptions): Promise<RaftStorage> {
  const { wal, contents } = await Wal.open(walOptions(options))
  const snapshots = snapshotStore(options)
  try {
    await snapshots.removeLeftovers()
    const snapshot = await chooseSnapshot(contents, snapshots, options.log)
    const entries = contents.entries.filter(entry => entry.index > snapshot.index)
    return { wal, snapshots, metadata: contents.metadata, hardState: contents.hardState, snapshot, entries }
  } catch (error) {
    await wal.close()
    throw error
  }
}

/** A folder's name is durable when the folder around it has been synced. */
async function makeDirectories({ disk, directory }: StorageOptions): Promise<void> {
  await disk.makeDirectory(`${directory}/wal`)
  await disk.makeDirectory(`${directory}/snap`)
  await disk.syncDirectory(directory)
  await disk.syncDirectory(dirname(directory))
}

function walOptions({ disk, directory, log, segmentBytes }: StorageOptions) {
  return { disk, directory: `${directory}/wal`, log, segmentBytes }
}

function snapshotStore({ disk, directory }: StorageOptions): SnapshotStore {
  return new SnapshotStore(disk, `${directory}/snap`)
}

/** The newest that can be read and that the log goes on from. An older one costs nothing but time. */
async function chooseSnapshot(contents: WalContents, store: SnapshotStore, log: Log): Promise<SnapshotMeta> {
  const firstIndex = contents.entries[0]?.index
  const lastIndex = contents.entries.at(-1)?.index ?? 0
  const newest = contents.snapshots.at(-1)
  const problems: string[] = []
  for (const snapshot of [...contents.snapshots].reverse()) {
    const goesOn = firstIndex === undefined || firstIndex <= snapshot.index + 1
    const complete = snapshot === newest || lastIndex >= newest!.index
    if (!goesOn || !complete) break
    const problem = await store.problem(snapshot)
    if (problem === undefined) return snapshot
    problems.push(problem)
    log.warn('a snapshot cannot be read; trying the one before it', { index: snapshot.index, problem })
  }
  const wholeLog = firstIndex === 1 ? lastIndex >= (newest?.index ?? 0) : !firstIndex && !newest
  if (wholeLog) return NO_SNAPSHOT
  throw new SnapshotDamageError(
    `no readable snapshot fits the log (${problems.join('; ') || 'none is left'}). ` +
      "Restore this member from a backup with 'kubox etcd snapshot restore', or remove it and let it join anew.",
  )
}
