import { dirname } from 'node:path'
import type { Disk } from '../../platform/disk.ts'
import type { Log } from '../../platform/log.ts'
import { type Chunks, SnapshotDamageError, SnapshotStore } from '../snapshot/store.ts'
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
  /** What the log says of snapshots, oldest first. */
  markers: readonly SnapshotMeta[]
  /** All that is left of the log. */
  entries: readonly Entry[]
}

/** Where a member goes on. */
export interface StartingPoint {
  /** What the state machine holds, or NO_SNAPSHOT. */
  snapshot: SnapshotMeta
  snapshotBytes: number
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
  return { wal, snapshots: snapshotStore(options), metadata, hardState, markers: [], entries }
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
  return { wal, snapshots, metadata, hardState, markers: [snapshot], entries: [] }
}

export async function openStorage(options: StorageOptions): Promise<RaftStorage> {
  const { wal, contents } = await Wal.open(walOptions(options))
  const snapshots = snapshotStore(options)
  try {
    await snapshots.removeLeftovers()
  } catch (error) {
    await wal.close()
    throw error
  }
  const { metadata, hardState, snapshots: markers, entries } = contents
  return { wal, snapshots, metadata, hardState, markers, entries }
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

/**
 * Fills the state machine from the newest snapshot that can be read and that the log goes on from. An older one costs nothing
 * but time. `restore` must leave everything as it was when the content breaks off with an error.
 */
export async function restoreNewest(
  storage: RaftStorage,
  restore: (content: Chunks) => Promise<void>,
  log: Log,
): Promise<StartingPoint> {
  const problems: string[] = []
  for (const snapshot of usable(storage)) {
    let bytes = 0
    const problem = await storage.snapshots.problem(snapshot, content => restore(measured(content, n => (bytes += n))))
    if (problem === undefined) return startAt(storage, snapshot, bytes)
    problems.push(problem)
    log.warn('a snapshot cannot be read; trying the one before it', { index: snapshot.index, problem })
  }
  if (isWhole(storage)) return startAt(storage, NO_SNAPSHOT, 0)
  throw new SnapshotDamageError(
    `no readable snapshot fits the log (${problems.join('; ') || 'none is left'}). ` +
      "Restore this member from a backup with 'kubox etcd snapshot restore', or remove it and let it join anew.",
  )
}

/** Newest first. */
function usable({ markers, entries }: RaftStorage): SnapshotMeta[] {
  const newest = markers.at(-1)
  const firstIndex = entries[0]?.index
  const lastIndex = entries.at(-1)?.index ?? 0
  return [...markers].reverse().filter(snapshot => {
    const goesOn = firstIndex === undefined || firstIndex <= snapshot.index + 1
    const complete = snapshot === newest || lastIndex >= newest!.index
    return goesOn && complete
  })
}

/** Can the state be had from the log alone? */
function isWhole({ markers, entries }: RaftStorage): boolean {
  const newest = markers.at(-1)
  if (entries.length === 0) return newest === undefined
  return entries[0]!.index === 1 && entries.at(-1)!.index >= (newest?.index ?? 0)
}

function startAt({ entries }: RaftStorage, snapshot: SnapshotMeta, snapshotBytes: number): StartingPoint {
  return { snapshot, snapshotBytes, entries: entries.filter(entry => entry.index > snapshot.index) }
}

async function* measured(content: AsyncIterable<Uint8Array>, add: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    add(chunk.length)
    yield chunk
  }
}
