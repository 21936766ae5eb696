import { createHash } from 'node:crypto'
import { revisionKey, storedForm } from '../mvcc/hash.ts'
import { newRecord, type Revision } from '../mvcc/keyspace.ts'
import { AlarmMember } from '../proto/control-messages.ts'
import { KeyValue } from '../proto/messages.ts'
import { int, int64, type MessageOf, message } from '../proto/schema.ts'
import { Writer } from '../proto/wire.ts'
import { BoltError } from './page.ts'
import { Database } from './reader.ts'
import { type BucketContent, type Item, writeDatabase } from './writer.ts'

const LeaseImage = message({ id: int64.one(1), ttl: int.one(2), remaining: int.one(3) })
type LeaseImage = MessageOf<typeof LeaseImage>

/** Everything that a backup holds. */
export interface Backup {
  /** Records of a key from older to newer. */
  records: readonly Revision[]
  /** -1: never compacted. */
  compacted: number
  leases: readonly LeaseImage[]
  alarms: readonly AlarmMember[]
  /** As etcd writes them; a restore makes its own. */
  members: readonly { id: string; name: string; peerUrls: readonly string[]; clientUrls: readonly string[] }[]
  clusterVersion: string
  /** How far the log had come. */
  index: number
  term: number
}

const HASH_BYTES = 32
const CHUNK_BYTES = 64 * 1024

/** The file that `etcdctl snapshot save` makes. */
export function writeSnapshot(backup: Backup): { size: number; chunks: Iterable<Buffer> } {
  const { size, pages } = writeDatabase(bucketsOf(backup))
  return { size: size + HASH_BYTES, chunks: hashed(pages) }
}

function* hashed(pages: Iterable<Buffer>): Iterable<Buffer> {
  const hash = createHash('sha256')
  let parts: Buffer[] = []
  let size = 0
  for (const page of pages) {
    hash.update(page)
    parts.push(page)
    size += page.length
    if (size < CHUNK_BYTES) continue
    yield Buffer.concat(parts)
    parts = []
    size = 0
  }
  yield Buffer.concat([...parts, hash.digest()])
}

/** In order of names, as the file needs them. Those that stay empty must be there all the same. */
function bucketsOf(backup: Backup): BucketContent[] {
  return [
    { name: 'alarm', items: backup.alarms.map(alarm => item(AlarmMember.encode(alarm), Buffer.alloc(0))) },
    { name: 'auth', items: [] },
    { name: 'authRoles', items: [] },
    { name: 'authUsers', items: [] },
    { name: 'cluster', items: [item('clusterVersion', backup.clusterVersion)] },
    { name: 'key', items: recordItems(backup.records) },
    { name: 'lease', items: sorted(backup.leases.map(lease => item(int64Bytes(lease.id), LeaseImage.encode(lease)))) },
    { name: 'members', items: sorted(backup.members.map(memberItem)) },
    { name: 'members_removed', items: [] },
    { name: 'meta', items: metaItems(backup) },
  ]
}

function recordItems(records: readonly Revision[]): Item[] {
  const writer = new Writer()
  const inOrder = [...records].sort((a, b) => a.modRevision - b.modRevision || a.sub - b.sub)
  return inOrder.map(record => ({
    key: revisionKey(record),
    size: storedForm(record, writer).length,
    value: () => storedForm(record, writer),
  }))
}

function memberItem({ id, name, peerUrls, clientUrls }: Backup['members'][number]): Item {
  // The id is a 64-bit number, too large for JSON.stringify.
  const rest = JSON.stringify({ peerURLs: peerUrls, name, clientURLs: clientUrls }).slice(1)
  return item(id, `{"id":${BigInt(`0x${id}`)},${rest}`)
}

function metaItems({ index, term, compacted }: Backup): Item[] {
  const items = [item('consistent_index', int64Bytes(BigInt(index))), item('term', int64Bytes(BigInt(term)))]
  if (compacted >= 0) {
    const revision = revisionKey(newRecord('', compacted, 0))
    items.push(item('finishedCompactRev', revision), item('scheduledCompactRev', revision))
  }
  return sorted(items)
}

function item(key: string | Buffer, value: string | Buffer): Item {
  const bytes = Buffer.from(value)
  return { key: Buffer.from(key), size: bytes.length, value: () => bytes }
}

function sorted(items: Item[]): Item[] {
  return items.sort((a, b) => Buffer.compare(a.key, b.key))
}

function int64Bytes(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

export interface RestoreContent {
  records: Revision[]
  revision: number
  compacted: number
  leases: LeaseImage[]
  alarms: AlarmMember[]
}

/** What is in a backup of kubox or etcd; `skipHash` takes a database file copied from a data directory. */
export function readSnapshot(file: Buffer, skipHash = false): RestoreContent {
  const database = new Database(skipHash ? file : checked(file))
  const records: Revision[] = []
  database.forEach('key', (key, value) => records.push(readRecord(key, value)))
  const leases: LeaseImage[] = []
  database.forEach('lease', (_key, value) => leases.push(LeaseImage.decode(value)))
  const alarms: AlarmMember[] = []
  database.forEach('alarm', key => alarms.push(AlarmMember.decode(key)))
  const compacted = compactedRevision(database)
  const revision = Math.max(1, compacted, records.at(-1)?.modRevision ?? 1)
  return { records: dropForgotten(records, compacted), revision, compacted, leases, alarms }
}

function checked(file: Buffer): Buffer {
  const end = file.length - HASH_BYTES
  if (end < 0 || end % 512 !== 0) {
    throw new BoltError(
      'the file has no checksum at its end: is it a database copied from a data directory? (--skip-hash-check)',
    )
  }
  const hash = createHash('sha256').update(file.subarray(0, end)).digest()
  if (!hash.equals(file.subarray(end)))
    throw new BoltError('the checksum at the end of the file does not match its content')
  return file.subarray(0, end)
}

function readRecord(key: Buffer, value: Buffer): Revision {
  // A copy: views would keep the whole file in memory.
  const stored = KeyValue.decode(Buffer.from(value))
  const record = newRecord(stored.key, Number(key.readBigUInt64BE(0)), Number(key.readBigUInt64BE(9)))
  record.deleted = key.length === 18
  record.createRevision = stored.createRevision
  record.version = stored.version
  record.value = stored.value
  record.lease = stored.lease === 0n ? 0n : stored.lease
  return record
}

function compactedRevision(database: Database): number {
  const marks = ['scheduledCompactRev', 'finishedCompactRev'].map(name => database.get('meta', name))
  return Math.max(-1, ...marks.map(mark => (mark ? Number(mark.readBigUInt64BE(0)) : -1)))
}

/** A compaction that was under way when the backup was taken is brought to its end. */
function dropForgotten(records: readonly Revision[], compacted: number): Revision[] {
  const standing = new Map<string, Revision>()
  for (const record of records) if (record.modRevision <= compacted) standing.set(record.key, record)
  return records.filter(
    record => record.modRevision > compacted || (standing.get(record.key) === record && !record.deleted),
  )
}
