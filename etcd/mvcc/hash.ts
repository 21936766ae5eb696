import { errors } from '../errors.ts'
import { KeyValue } from '../proto/messages.ts'
import { Writer } from '../proto/wire.ts'
import { crc32c } from '../wal/crc32c.ts'
import type { Keyspace, Revision } from './keyspace.ts'

/** The name of etcd's bucket goes into the hash first. */
const BUCKET = Buffer.from('key')

/** The same number that etcd gives for the same keys and revisions; `revision` 0 is the present. */
export function hashKeys(keyspace: Keyspace, revision: number): number {
  if (revision > 0 && revision < keyspace.compacted) throw errors.compacted
  if (revision > keyspace.revision) throw errors.futureRevision
  const writer = new Writer()
  let hash = crc32c(BUCKET)
  for (const record of keyspace.recordsAt(revision || keyspace.revision)) {
    hash = crc32c(revisionKey(record), 0, undefined, hash)
    hash = crc32c(storedForm(record, writer), 0, undefined, hash)
  }
  return hash
}

/** How etcd names a record in its file: revision, an underscore, what number in it; a t marks a tombstone. */
export function revisionKey({ modRevision, sub, deleted }: Revision): Buffer {
  const key = Buffer.alloc(deleted ? 18 : 17)
  key.writeBigUInt64BE(BigInt(modRevision), 0)
  key.write('_', 8)
  key.writeBigUInt64BE(BigInt(sub), 9)
  if (deleted) key.write('t', 17)
  return key
}

/** What etcd's file holds under that name: of a tombstone the key only. */
export function storedForm(record: Revision, writer: Writer): Buffer {
  return KeyValue.encode(record.deleted ? { key: record.key } : record, writer)
}
