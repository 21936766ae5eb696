import type { Disk } from '../../platform/disk.ts'
import type { Entry, HardState, SnapshotMeta } from '../raft/message.ts'
import { FORMAT, type SegmentScan, scanSegment, type WalRecord } from './record.ts'
import { parseSegmentName, type SegmentName } from './segment.ts'

/** What had been durable is not readable any more: only a backup, or the other members, can help. */
export class WalDamageError extends Error {
  override name = 'WalDamageError'
  readonly file: string
  readonly offset: number
  constructor(file: string, offset: number, what: string) {
    super(
      `${file} is damaged at offset ${offset}: ${what}. Acknowledged writes are affected, so nothing is repaired ` +
        "silently. Restore this member from a backup with 'kubox etcd snapshot restore', or remove it and let it join anew.",
    )
    this.file = file
    this.offset = offset
  }
}

export interface WalContents {
  metadata: Uint8Array
  hardState: HardState
  /** All markers that are left, oldest first. */
  snapshots: SnapshotMeta[]
  /** What is left of the log, as the last writer left it. */
  entries: Entry[]
}

export interface SegmentReading {
  name: SegmentName
  path: string
  size: number
  scan: SegmentScan
}

/** Reads all segments, oldest first, and checks that they belong together; writes nothing. */
export async function readSegments(disk: Disk, directory: string): Promise<SegmentReading[]> {
  const names = (await disk.list(directory)).map(parseSegmentName).filter(name => name !== undefined)
  const readings: SegmentReading[] = []
  for (const name of names) {
    const path = `${directory}/${name.file}`
    const previous = readings.at(-1)
    if (previous) checkFollows(previous, name, path)
    const content = await disk.read(path)
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.length)
    const scan = scanSegment(bytes, previous ? previous.scan.checksum : firstChecksum(bytes))
    readings.push({ name, path, size: bytes.length, scan })
    checkSegment(readings.at(-1)!)
  }
  return readings
}

/** The chain of the oldest segment that is left begins with what it says itself. */
function firstChecksum(bytes: Buffer): number {
  return bytes.length >= 12 ? bytes.readUInt32LE(8) : 0
}

function checkFollows(previous: SegmentReading, name: SegmentName, path: string): void {
  if (previous.scan.tail !== 'clean') {
    throw new WalDamageError(
      previous.path,
      previous.scan.end,
      'a record in it cannot be read, and the log goes on after it',
    )
  }
  if (name.sequence !== previous.name.sequence + 1) {
    throw new WalDamageError(path, 0, `the segment before it, number ${name.sequence - 1}, is missing`)
  }
}

/** A segment gets its name only after its head is durable, so a bad head is damage even at the end of the log. */
function checkSegment({ path, scan, name }: SegmentReading): void {
  if (scan.tail === 'damaged') {
    throw new WalDamageError(path, scan.end, 'a record cannot be read, although later ones can')
  }
  const head = scan.records[0]?.record
  if (head?.type !== 'head') throw new WalDamageError(path, 0, 'it does not begin as a segment does')
  if (head.format !== FORMAT) throw new Error(`${path} has format ${head.format}; this version reads ${FORMAT}`)
  if (head.sequence !== name.sequence) throw new WalDamageError(path, 0, `it is segment ${head.sequence} by its head`)
}

export function replay(readings: readonly SegmentReading[]): WalContents {
  const contents: WalContents = {
    metadata: new Uint8Array(0),
    hardState: { term: 0, vote: '', commit: 0 },
    snapshots: [],
    entries: [],
  }
  for (const { path, scan } of readings) {
    for (const { offset, record } of scan.records) replayRecord(contents, record, path, offset)
  }
  return contents
}

function replayRecord(contents: WalContents, record: WalRecord, path: string, offset: number): void {
  if (record.type === 'metadata') contents.metadata = record.metadata
  if (record.type === 'hardState') contents.hardState = record.hardState
  if (record.type === 'snapshot') replaySnapshot(contents, record.snapshot)
  if (record.type !== 'entry') return
  const { entries } = contents
  const first = entries[0]?.index ?? record.entry.index
  // A later entry with the same index took the place of the one before it and of all that followed.
  entries.length = Math.max(0, Math.min(entries.length, record.entry.index - first))
  const expected = (entries.at(-1)?.index ?? record.entry.index - 1) + 1
  if (record.entry.index > expected) {
    throw new WalDamageError(path, offset, `entry ${record.entry.index} follows where ${expected} is due`)
  }
  entries.push(record.entry)
}

/** A marker within the log is the member's own; one that does not fit to it came from a leader and replaced it. */
function replaySnapshot(contents: WalContents, snapshot: SnapshotMeta): void {
  const { entries, snapshots } = contents
  if (snapshots.some(known => known.index >= snapshot.index)) return
  snapshots.push(snapshot)
  const first = entries[0]
  if (first && entries[snapshot.index - first.index]?.term !== snapshot.term) contents.entries = []
}
