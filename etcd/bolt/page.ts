/**
 * etcd/bolt/ reads and writes etcd's own backup files: a database file of bbolt and its SHA-256. page.ts is how pages look,
 * writer.ts and reader.ts any database, snapshot.ts what etcd keeps in it. Start with snapshot.ts. It imports etcd/mvcc and
 * etcd/proto.
 */
export const PAGE_BYTES = 4096
/** id u64 | flags u16 | count u16 | overflow u32 */
export const PAGE_HEAD = 16
/** Of a leaf: flags u32 | where u32 | key size u32 | value size u32. Of a branch: where u32 | key size u32 | page u64 */
export const ELEMENT = 16
/** root page u64 | sequence u64 */
export const BUCKET_HEAD = 16

export const PageFlag = { branch: 1, leaf: 2, meta: 4, freelist: 16 } as const
export const ELEMENT_IS_BUCKET = 1

export const MAGIC = 0xed0cdaed
export const FORMAT_VERSION = 2
export const META_BYTES = 64

export class BoltError extends Error {
  override name = 'BoltError'
}

export function writePageHead(page: Buffer, id: number, flags: number, count: number, overflow: number): void {
  page.writeBigUInt64LE(BigInt(id), 0)
  page.writeUInt16LE(flags, 8)
  page.writeUInt16LE(count, 10)
  page.writeUInt32LE(overflow, 12)
}

const FNV_OFFSET = 0xcbf29ce484222325n
const FNV_PRIME = 0x100000001b3n

/** The checksum of a meta page: FNV-1a of 64 bits. */
export function fnv1a(bytes: Uint8Array): bigint {
  let hash = FNV_OFFSET
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME)
  return hash
}
