import { AlarmMember } from '../proto/control-messages.ts'
import { bool, int, int64, message, nested } from '../proto/schema.ts'
import { newRecord, type Revision } from './keyspace.ts'
import type { Machine } from './machine.ts'

// The whole machine as bytes, made to be read fast: one block with what is not keys, then blocks of records. A block is its
// length and that many bytes; a record never straddles two blocks, so values can be views of the block they came in. Blocks
// are small because one value that lives on keeps its block in memory.

const BLOCK_BYTES = 16 * 1024
const RECORD_HEADER = 49

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
  yield block([head])
  let parts: Buffer[] = []
  let size = 0
  for (const record of records) {
    const part = encodeRecord(record)
    if (size > 0 && size + part.length > BLOCK_BYTES) {
      yield block(parts)
      parts = []
      size = 0
    }
    parts.push(part)
    size += part.length
  }
  if (size > 0) yield block(parts)
}

function block(parts: readonly Buffer[]): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0))
  return Buffer.concat([length, ...parts])
}

function encodeRecord(record: Revision): Buffer {
  const bytes = Buffer.allocUnsafe(RECORD_HEADER + record.key.length + record.value.length)
  bytes.writeUInt32LE(record.key.length, 0)
  bytes.writeUInt32LE(record.value.length, 4)
  bytes.writeDoubleLE(record.createRevision, 8)
  bytes.writeDoubleLE(record.modRevision, 16)
  bytes.writeDoubleLE(record.version, 24)
  bytes.writeBigInt64LE(record.lease, 32)
  bytes.writeDoubleLE(record.sub, 40)
  bytes.writeUInt8(record.deleted ? 1 : 0, 48)
  bytes.write(record.key, RECORD_HEADER, 'latin1')
  bytes.set(record.value, RECORD_HEADER + record.key.length)
  return bytes
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
    while (bytes.length >= 4) {
      const end = 4 + bytes.readUInt32LE(0)
      if (bytes.length < end) break
      // A copy, for the piece may be large, and values must not keep all of it in memory.
      this.#take(Buffer.from(new Uint8Array(bytes.subarray(4, end))))
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

/** Nearly no key has a lease, and every bigint is an object: 0 is one and the same. */
function leaseAt(bytes: Buffer, at: number): bigint {
  const lease = bytes.readBigInt64LE(at)
  return lease === 0n ? 0n : lease
}
