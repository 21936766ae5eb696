/**
 * etcd/wal/ is the log on disk: everything that a member has promised, in the order of its promising. Start here, then
 * record.ts for the format and replay.ts for what is read back. A write goes through `append`: one write, one sync for
 * any number of entries. Uses platform/disk only, so that the simulator can tear it.
 */
import type { Disk, DiskFile } from '../../platform/disk.ts'
import type { Log } from '../../platform/log.ts'
import { DiskFullError } from '../raft/errors.ts'
import type { Entry, HardState, SnapshotMeta } from '../raft/message.ts'
import { encodeRecords, FORMAT, type WalRecord } from './record.ts'
import { readSegments, replay, type SegmentReading, type WalContents } from './replay.ts'
import { isDiskFull, parseSegmentName, type SegmentName, SparePipe, segmentName } from './segment.ts'

export interface WalOptions {
  disk: Disk
  directory: string
  log: Log
  /** Size of a file; a batch that is larger makes it larger. */
  segmentBytes?: number
}

export interface WalBatch {
  hardState?: HardState
  snapshot?: SnapshotMeta
  entries: readonly Entry[]
}

/** The disk failed in a way that leaves open what is on it: the member must stop, and reads it anew when it starts. */
export class WalFailedError extends Error {
  override name = 'WalFailedError'
}

interface Segment {
  name: SegmentName
  /** No entry beyond it, and no marker at or beyond it, is in the segment. */
  lastIndex: number
}

const DEFAULT_SEGMENT_BYTES = 16 * 1024 * 1024

export class Wal {
  readonly #disk: Disk
  readonly #directory: string
  readonly #log: Log
  readonly #segmentBytes: number
  readonly #spares: SparePipe
  #segments: Segment[] = []
  #file!: DiskFile
  #position = 0
  #checksum = 0
  /** Bytes of a failed write may stand up to here. */
  #dirtyEnd = 0
  #metadata: Uint8Array
  #hardState: HardState
  #snapshot: SnapshotMeta | undefined
  #nextIndex = 1
  #queue: Promise<void> = Promise.resolve()
  #failure: WalFailedError | undefined

  private constructor(options: WalOptions, contents: Pick<WalContents, 'metadata' | 'hardState'>) {
    this.#disk = options.disk
    this.#directory = options.directory
    this.#log = options.log
    this.#segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES
    this.#spares = new SparePipe(options.disk, options.directory, this.#segmentBytes)
    this.#metadata = contents.metadata
    this.#hardState = contents.hardState
  }

  static async exists(disk: Disk, directory: string): Promise<boolean> {
    return (await disk.list(directory)).some(file => parseSegmentName(file))
  }

  /** Makes a new log in a folder that is there. `metadata` is the owner's: what tells this member and its cluster from others. */
  static async create(options: WalOptions, metadata: Uint8Array, first: WalBatch): Promise<Wal> {
    const hardState = first.hardState ?? { term: 0, vote: '', commit: 0 }
    const wal = new Wal(options, { metadata, hardState })
    // In the first segment before it has its name: a power cut leaves a whole log or none.
    await wal.#nextSegment(first)
    wal.#spares.prepare()
    return wal
  }

  /** Reads the log and makes it ready for more; a torn tail is cut, WalDamageError is anything worse. */
  static async open(options: WalOptions): Promise<{ wal: Wal; contents: WalContents }> {
    const readings = await readSegments(options.disk, options.directory)
    const contents = replay(readings)
    const wal = new Wal(options, contents)
    wal.#segments = readings.map(({ name, scan }) => ({
      name,
      lastIndex: highestIndex(scan.records.map(r => r.record)),
    }))
    wal.#snapshot = contents.snapshots.at(-1)
    wal.#nextIndex = (contents.entries.at(-1)?.index ?? wal.#snapshot?.index ?? 0) + 1
    await wal.#continue(readings.at(-1)!)
    wal.#spares.prepare()
    return { wal, contents }
  }

  /** There is no room for another segment: the current one should be left to what cannot wait. */
  get full(): boolean {
    return this.#spares.full
  }

  /** Tries again to get room; `full` tells the result. */
  makeRoom(): Promise<void> {
    return this.#spares.retry()
  }

  /**
   * Durable when it resolves. DiskFullError: nothing of it counts, and it may be tried again. WalFailedError: what is on
   * the disk is unknown, and the log takes nothing more.
   */
  append(batch: WalBatch): Promise<void> {
    return this.#inTurn(() => this.#append(batch))
  }

  /** Removes the segments that hold nothing beyond `index`. */
  release(index: number): Promise<void> {
    return this.#inTurn(() => this.#release(index))
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#queue.then(work)
    // Its failure is the caller's to hear; those behind it have their own turn.
    this.#queue = result.catch(() => {})
    return result
  }

  async close(): Promise<void> {
    await this.#queue
    await this.#spares.close()
    await this.#file.close()
  }

  async #append(batch: WalBatch): Promise<void> {
    if (this.#failure) throw this.#failure
    try {
      const records = recordsOf(batch)
      let encoded = encodeRecords(records, this.#position, this.#checksum)
      if (this.#position + encoded.bytes.length > this.#segmentBytes && this.#position > 0) {
        await this.#nextSegment()
        encoded = encodeRecords(records, this.#position, this.#checksum)
      }
      await this.#write(encoded)
      this.#remember(batch, records)
    } catch (error) {
      throw this.#classify(error)
    }
  }

  async #write({ bytes, checksum }: { bytes: Buffer; checksum: number }): Promise<void> {
    const end = this.#position + bytes.length
    const leftover = this.#dirtyEnd - end
    this.#dirtyEnd = Math.max(this.#dirtyEnd, end)
    await this.#file.write(this.#position, leftover > 0 ? [bytes, Buffer.alloc(leftover)] : [bytes])
    await this.#file.sync()
    this.#dirtyEnd = end
    this.#position = end
    this.#checksum = checksum
  }

  #remember(batch: WalBatch, records: WalRecord[]): void {
    this.#hardState = batch.hardState ?? this.#hardState
    this.#snapshot = batch.snapshot ?? this.#snapshot
    this.#nextIndex = (batch.entries.at(-1)?.index ?? Math.max(this.#nextIndex - 1, batch.snapshot?.index ?? 0)) + 1
    const current = this.#segments.at(-1)!
    current.lastIndex = Math.max(current.lastIndex, highestIndex(records))
  }

  /** After a full disk, what was written before still stands as it was. After any other error nobody knows. */
  #classify(error: unknown): Error {
    if (isDiskFull(error)) return new DiskFullError('there is no room on the disk for the log', { cause: error })
    this.#failure = new WalFailedError(`the log cannot be written: ${String(error)}`, { cause: error })
    return this.#failure
  }

  /** The head of a segment repeats what must outlive the segments before it. */
  async #nextSegment(extra: WalBatch = { entries: [] }): Promise<void> {
    const name = segmentName((this.#segments.at(-1)?.name.sequence ?? 0) + 1, this.#nextIndex)
    const records: WalRecord[] = [
      { type: 'head', format: FORMAT, sequence: name.sequence },
      { type: 'metadata', metadata: this.#metadata },
      ...recordsOf({ hardState: this.#hardState, snapshot: this.#snapshot, entries: [] }),
      ...recordsOf(extra),
    ]
    const head = encodeRecords(records, 0, this.#checksum)
    const file = await this.#spares.take()
    await file.write(0, [head.bytes])
    await file.sync()
    await this.#disk.rename(this.#spares.path, `${this.#directory}/${name.file}`)
    await this.#disk.syncDirectory(this.#directory)
    await this.#file?.close()
    this.#file = file
    this.#position = head.bytes.length
    this.#dirtyEnd = this.#position
    this.#checksum = head.checksum
    this.#segments.push({ name, lastIndex: 0 })
    this.#remember(extra, records)
    this.#spares.prepare()
  }

  /** Goes on where the last segment ends. */
  async #continue(last: SegmentReading): Promise<void> {
    const { scan, path, size } = last
    this.#file = await this.#disk.open(path)
    this.#position = scan.end
    this.#checksum = scan.checksum
    this.#dirtyEnd = scan.end
    if (scan.tail === 'torn') {
      this.#log.warn('the log ends in a write that was not finished; cut at the last good one', {
        file: path,
        offset: scan.end,
        bytes: size - scan.end,
      })
      await this.#blank(scan.end, size)
    }
    // The last write may be in the page cache only: written again and synced, it is on the disk.
    await this.#file.write(scan.lastBatch, [await this.#file.read(scan.lastBatch, scan.end - scan.lastBatch)])
    await this.#file.sync()
    // And so may the name of the segment, if the process that gave it was killed right then.
    await this.#disk.syncDirectory(this.#directory)
  }

  async #blank(from: number, to: number): Promise<void> {
    await this.#file.write(from, [Buffer.alloc(to - from)])
  }

  async #release(index: number): Promise<void> {
    const kept = this.#segments.findIndex(segment => segment.lastIndex > index)
    const count = kept === -1 ? this.#segments.length - 1 : Math.min(kept, this.#segments.length - 1)
    for (const { name } of this.#segments.splice(0, count)) {
      await this.#disk.remove(`${this.#directory}/${name.file}`)
      // One after the other, so that a power cut cannot leave a gap between those that are left.
      await this.#disk.syncDirectory(this.#directory)
    }
  }
}

function recordsOf({ hardState, snapshot, entries }: WalBatch): WalRecord[] {
  return [
    ...(hardState ? [{ type: 'hardState' as const, hardState }] : []),
    ...(snapshot ? [{ type: 'snapshot' as const, snapshot }] : []),
    ...entries.map(entry => ({ type: 'entry' as const, entry })),
  ]
}

/** A marker counts for more than its index, so that its segment stays as long as the snapshot is of use. */
function highestIndex(records: readonly WalRecord[]): number {
  return records.reduce((highest, record) => {
    if (record.type === 'entry') return Math.max(highest, record.entry.index)
    return record.type === 'snapshot' ? Math.max(highest, record.snapshot.index + 1) : highest
  }, 0)
}
