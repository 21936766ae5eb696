import { AlarmMember } from '../proto/control-messages.ts'
import { bool, int, int64, message, nested } from '../proto/schema.ts'
import { newRecord, type Revision } from './keyspace.ts'
import type { Machine } from './machine.ts'

// The whole machine as bytes, made to be read fast: one block with what is not keys, then blocks of records. A block is its
// length and that many bytes; a record never straddles two blocks, so values can be views of the block they came in. Blocks
// are small because one value that lives on keeps its block in memory.

const BLOCK_BYTES = 16 * 1024
const BLOCK_HEAD = 4
const RECORD_HEADER = 49
/** A piece of up to this size may stay in memory whole for the sake of one value in it. */
const SMALL_PIECE = 2 * BLOCK_BYTES

const LeaseImage = message({ id: int64.one(1), ttl: int.one(2), remaining: int.one(3) })
const ImageHead = message({
  format: int.one(1),
  revision: int.one(2),
  compacted: int.one(3),
  neverCompacted: bool.one(4),
  leases: nested(() => LeaseImage).many(5),
  alarms: nested(() => AlarmMember).many(6),
})
const FORMAT = 1

/** The machine as it is at the time of the call: the blocks can be taken later, while it goes on. */
export function imageOf(machine: Machine): Iterable<Buffer> {
  const { keyspace, lessor } = machine
  const head = ImageHead.encode({
    format: FORMAT,
    revision: keyspace.revision,
    compacted: Math.max(0, keyspace.compacted),
    neverCompacted: keyspace.compacted < 0,
    leases: [...lessor.all()].map(({ id, ttl, remaining }) => ({ id, ttl, remaining })),
    alarms: machine.alarms(),
  })
  return blocks(head, [...keyspace.records()])
}

function* blocks(head: Buffer, records: readonly Revision[]): Iterable<Buffer> {
  const first = blockOf(head.length)
  first.set(head, BLOCK_HEAD)
  yield first
  for (let from = 0; from < records.length; ) {
    let size = recordBytes(records[from]!)
    let to = from + 1
    while (to < records.length && size + recordBytes(records[to]!) <= BLOCK_BYTES) size += recordBytes(records[to++]!)
    const block = blockOf(size)
    for (let at = BLOCK_HEAD; from < to; from++) at = writeRecord(block, at, records[from]!)
    yield block
  }
}

function blockOf(size: number): Buffer {
  const block = Buffer.allocUnsafeSlow(BLOCK_HEAD + size)
  block.writeUInt32LE(size)
  return block
}

function recordBytes({ key, value }: Revision): number {
  return RECORD_HEADER + key.length + value.length
}

/** Where the next record begins. */
function writeRecord(block: Buffer, at: number, record: Revision): number {
  block.writeUInt32LE(record.key.length, at)
  block.writeUInt32LE(record.value.length, at + 4)
  block.writeDoubleLE(record.createRevision, at + 8)
  block.writeDoubleLE(record.modRevision, at + 16)
  block.writeDoubleLE(record.version, at + 24)
  block.writeBigInt64LE(record.lease, at + 32)
  block.writeDoubleLE(record.sub, at + 40)
  block[at + 48] = record.deleted ? 1 : 0
  block.write(record.key, at + RECORD_HEADER, 'latin1')
  block.set(record.value, at + RECORD_HEADER + record.key.length)
  return at + recordBytes(record)
}

/** Puts an image, in pieces of any size, back into a machine. */
export class ImageLoader {
  readonly #machine: Machine
  #rest: Buffer = Buffer.alloc(0)
  #head: ReturnType<typeof ImageHead.decode> | undefined
  readonly #records: Revision[] = []

  constructor(machine: Machine) {
    this.#machine = machine
  }

  push(piece: Uint8Array): void {
    let bytes =
      this.#rest.length === 0
        ? Buffer.from(piece.buffer, piece.byteOffset, piece.length)
        : Buffer.concat([this.#rest, piece])
    const small = bytes.length <= SMALL_PIECE
    while (bytes.length >= BLOCK_HEAD) {
      const end = BLOCK_HEAD + bytes.readUInt32LE(0)
      if (bytes.length < end) break
      const content = bytes.subarray(BLOCK_HEAD, end)
      this.#take(small ? content : copyOf(content))
      bytes = bytes.subarray(end)
    }
    this.#rest = bytes
  }

  finish(): void {
    if (!this.#head || this.#rest.length > 0) throw new Error('the image of the store ends too early')
    const { revision, compacted, neverCompacted, leases, alarms } = this.#head
    this.#machine.keyspace.load(this.#records, revision, neverCompacted ? -1 : compacted)
    this.#machine.load(leases, alarms)
  }

  #take(content: Buffer): void {
    if (this.#head) {
      for (let at = 0; at < content.length; ) at = this.#takeRecord(content, at)
      return
    }
    this.#head = ImageHead.decode(content)
    if (this.#head.format !== FORMAT) throw new Error(`images of format ${this.#head.format} are not known here`)
  }

  #takeRecord(bytes: Buffer, at: number): number {
    const keyEnd = at + RECORD_HEADER + bytes.readUInt32LE(at)
    const valueEnd = keyEnd + bytes.readUInt32LE(at + 4)
    const key = bytes.toString('latin1', at + RECORD_HEADER, keyEnd)
    const record = newRecord(key, bytes.readDoubleLE(at + 16), bytes.readDoubleLE(at + 40))
    record.createRevision = bytes.readDoubleLE(at + 8)
    record.version = bytes.readDoubleLE(at + 24)
    record.lease = leaseAt(bytes, at + 32)
    record.deleted = bytes.readUInt8(at + 48) === 1
    if (valueEnd > keyEnd) record.value = bytes.subarray(keyEnd, valueEnd)
    this.#records.push(record)
    return valueEnd
  }
}

/** By itself, so that it keeps nothing else in memory. */
function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}

/** Nearly no key has a lease, and every bigint is an object: 0 is one and the same. */
function leaseAt(bytes: Buffer, at: number): bigint {
  const lease = bytes.readBigInt64LE(at)
  return lease === 0n ? 0n : lease
}
