import type { Entry, HardState, SnapshotMeta } from '../raft/message.ts'
import { crc32c } from './crc32c.ts'

/**
 * One record of the log on disk, aligned to 8 bytes:
 *
 *     length u32 | type u32 | checksum of the record before u32 | batch u32 | checksum u32 | payload | zeros
 *
 * The checksum covers all of it, so records chain: none can be lost, swapped or left over unnoticed. `batch` is where in
 * the file the write began that the record was part of. Everything before that had been synced when it was written,
 * which is how a torn tail (an unsynced last write) is told from damage to what had been durable. The last record of a
 * write has LAST_OF_BATCH in its type: a write counts as a whole or not at all, so that no commit index survives without
 * the entries that it is about, nor the other way round.
 */
export type WalRecord =
  | { type: 'head'; format: number; sequence: number }
  | { type: 'metadata'; metadata: Uint8Array }
  | { type: 'hardState'; hardState: HardState }
  | { type: 'snapshot'; snapshot: SnapshotMeta }
  | { type: 'entry'; entry: Entry }

export const FORMAT = 1
const TYPES = ['head', 'metadata', 'hardState', 'snapshot', 'entry'] as const
const LAST_OF_BATCH = 0x80
const HEAD = 20
/** Of an entry's payload: its type, term and index. */
const ENTRY_HEAD = 13
const align = (size: number) => (size + 7) & ~7

/** The records as one buffer to be written at `position`, and the checksum that the next record chains to. */
export function encodeRecords(records: readonly WalRecord[], position: number, before: number) {
  const payloads = records.map(encodePayload)
  const bytes = Buffer.alloc(payloads.reduce((sum, payload) => sum + align(HEAD + size(payload)), 0))
  let at = 0
  let checksum = before
  payloads.forEach((payload, number) => {
    const length = size(payload)
    bytes.writeUInt32LE(length, at)
    const flag = number === records.length - 1 ? LAST_OF_BATCH : 0
    bytes.writeUInt32LE((TYPES.indexOf(records[number]!.type) + 1) | flag, at + 4)
    bytes.writeUInt32LE(checksum, at + 8)
    bytes.writeUInt32LE(position, at + 12)
    let to = at + HEAD
    for (const part of payload) {
      bytes.set(part, to)
      to += part.length
    }
    checksum = checksumOf(bytes, at, length)
    bytes.writeUInt32LE(checksum, at + 16)
    at += align(HEAD + length)
  })
  return { bytes, checksum }
}

function size(parts: Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}

function checksumOf(bytes: Uint8Array, at: number, length: number): number {
  return crc32c(bytes, at + HEAD, at + HEAD + length, crc32c(bytes, at, at + 16))
}

function encodePayload(record: WalRecord): Uint8Array[] {
  switch (record.type) {
    case 'head':
      return [Buffer.from(JSON.stringify({ format: record.format, sequence: record.sequence }))]
    case 'metadata':
      return [record.metadata]
    case 'hardState':
      return [Buffer.from(JSON.stringify(record.hardState))]
    case 'snapshot':
      return [Buffer.from(JSON.stringify(record.snapshot))]
    case 'entry':
      return [entryHead(record.entry), record.entry.data]
  }
}

function entryHead(entry: Entry): Uint8Array {
  const head = Buffer.allocUnsafe(ENTRY_HEAD)
  head[0] = entry.type === 'config' ? 1 : 0
  head.writeUIntLE(entry.term, 1, 6)
  head.writeUIntLE(entry.index, 7, 6)
  return head
}

function decodeRecord(bytes: Buffer, { type, start, stop }: Frame): WalRecord {
  // Nearly all records are entries: their payload is not made a buffer of its own only to be cut again.
  if (type === 'entry') return { type, entry: decodeEntry(bytes, start, stop) }
  const payload = bytes.subarray(start, stop)
  switch (type) {
    case 'head':
      return { type, ...JSON.parse(payload.toString()) }
    case 'metadata':
      return { type, metadata: payload }
    case 'hardState':
      return { type, hardState: JSON.parse(payload.toString()) }
    case 'snapshot':
      return { type, snapshot: JSON.parse(payload.toString()) }
  }
}

function decodeEntry(bytes: Buffer, start: number, stop: number): Entry {
  return {
    type: bytes[start] === 1 ? 'config' : 'normal',
    term: bytes.readUIntLE(start + 1, 6),
    index: bytes.readUIntLE(start + 7, 6),
    data: bytes.subarray(start + ENTRY_HEAD, stop),
  }
}

interface Frame {
  type: WalRecord['type']
  batch: number
  lastOfBatch: boolean
  before: number
  checksum: number
  /** Where the payload begins and ends. */
  start: number
  stop: number
  /** Where the next record begins. */
  end: number
}

/** The record at `at` if it is whole in itself, whatever stands before it. */
function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (at + HEAD > bytes.length) return undefined
  const length = bytes.readUInt32LE(at)
  const flags = bytes.readUInt32LE(at + 4)
  const type = TYPES[(flags & ~LAST_OF_BATCH) - 1]
  if (!type || at + HEAD + length > bytes.length) return undefined
  const checksum = bytes.readUInt32LE(at + 16)
  if (checksumOf(bytes, at, length) !== checksum) return undefined
  return {
    type,
    batch: bytes.readUInt32LE(at + 12),
    lastOfBatch: (flags & LAST_OF_BATCH) !== 0,
    before: bytes.readUInt32LE(at + 8),
    checksum,
    start: at + HEAD,
    stop: at + HEAD + length,
    end: at + align(HEAD + length),
  }
}

export interface SegmentScan {
  records: { offset: number; record: WalRecord }[]
  /** Where the next record belongs. */
  end: number
  checksum: number
  /** Where the last write began. */
  lastBatch: number
  /**
   * What stands at `end`: nothing (`clean`), the rest of a write that was never synced (`torn`), or something that takes
   * the place of records that had been durable (`damaged`).
   */
  tail: 'clean' | 'torn' | 'damaged'
}

export function scanSegment(bytes: Buffer, before: number): SegmentScan {
  const scan: SegmentScan = { records: [], end: 0, checksum: before, lastBatch: 0, tail: 'clean' }
  let batch: SegmentScan['records'] = []
  let at = 0
  let checksum = before
  for (let frame = frameAt(bytes, at); frame && frame.before === checksum; frame = frameAt(bytes, at)) {
    batch.push({ offset: at, record: decodeRecord(bytes, frame) })
    at = frame.end
    checksum = frame.checksum
    if (!frame.lastOfBatch) continue
    for (const record of batch) scan.records.push(record)
    Object.assign(scan, { end: at, checksum, lastBatch: frame.batch })
    batch = []
  }
  scan.tail = tailOf(bytes, scan.end)
  return scan
}

const BLANK = Buffer.alloc(64 * 1024)

function tailOf(bytes: Buffer, end: number): SegmentScan['tail'] {
  let blank = true
  for (let from = end; from < bytes.length; from += BLANK.length) {
    const to = Math.min(from + BLANK.length, bytes.length)
    if (bytes.compare(BLANK, 0, to - from, from, to) === 0) continue
    blank = false
    if (hasLaterWrite(bytes, from, to, end)) return 'damaged'
  }
  return blank ? 'clean' : 'torn'
}

/** Whether a record begins in [from, to) that was written when everything up to beyond `end` was durable already. */
function hasLaterWrite(bytes: Buffer, from: number, to: number, end: number): boolean {
  for (let at = from; at < to; at += 8) {
    const frame = frameAt(bytes, at)
    if (frame && frame.batch > end) return true
  }
  return false
}
