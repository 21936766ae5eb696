import {
  BoltError,
  BUCKET_HEAD,
  ELEMENT,
  ELEMENT_IS_BUCKET,
  FORMAT_VERSION,
  fnv1a,
  MAGIC,
  META_BYTES,
  PAGE_BYTES,
  PAGE_HEAD,
  PageFlag,
} from './page.ts'

interface Meta {
  pageBytes: number
  root: number
  transaction: bigint
}

type Visit = (key: Buffer, value: Buffer, isBucket: boolean) => void

/** A database file, read only. */
export class Database {
  readonly #bytes: Buffer
  readonly #meta: Meta
  readonly #buckets = new Map<string, Buffer>()

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#meta = newestMeta(bytes)
    this.#walk(this.#meta.root, (key, value, isBucket) => {
      if (isBucket) this.#buckets.set(key.toString(), value)
    })
  }

  /** Everything in a bucket, in order of keys; nothing where there is no such bucket. */
  forEach(bucket: string, visit: (key: Buffer, value: Buffer) => void): void {
    const found = this.#buckets.get(bucket)
    if (!found) return
    const root = Number(found.readBigUInt64LE(0))
    // A small bucket is a page within its element.
    if (root === 0) this.#walkPage(found.subarray(BUCKET_HEAD), visit)
    else this.#walk(root, visit)
  }

  get(bucket: string, wanted: string): Buffer | undefined {
    let found: Buffer | undefined
    this.forEach(bucket, (key, value) => {
      if (key.toString() === wanted) found = value
    })
    return found
  }

  #walk(id: number, visit: Visit): void {
    const start = id * this.#meta.pageBytes
    if (start + PAGE_HEAD > this.#bytes.length) throw new BoltError(`page ${id} lies beyond the end of the file`)
    const overflow = this.#bytes.readUInt32LE(start + 12)
    this.#walkPage(this.#bytes.subarray(start, start + (overflow + 1) * this.#meta.pageBytes), visit)
  }

  #walkPage(page: Buffer, visit: Visit): void {
    const flags = page.readUInt16LE(8)
    const count = page.readUInt16LE(10)
    for (let i = 0; i < count; i++) {
      const element = PAGE_HEAD + i * ELEMENT
      if (flags & PageFlag.leaf) visitElement(page, element, visit)
      else if (flags & PageFlag.branch) this.#walk(Number(page.readBigUInt64LE(element + 8)), visit)
      else throw new BoltError(`a page of the tree is neither branch nor leaf (flags ${flags})`)
    }
  }
}

function visitElement(page: Buffer, element: number, visit: Visit): void {
  const flags = page.readUInt32LE(element)
  const key = element + page.readUInt32LE(element + 4)
  const value = key + page.readUInt32LE(element + 8)
  const end = value + page.readUInt32LE(element + 12)
  if (end > page.length) throw new BoltError('an item is longer than its page')
  visit(page.subarray(key, value), page.subarray(value, end), (flags & ELEMENT_IS_BUCKET) !== 0)
}

function newestMeta(bytes: Buffer): Meta {
  const first = readMeta(bytes, 0)
  const second = readMeta(bytes, first?.pageBytes ?? PAGE_BYTES)
  if (first && second) return first.transaction > second.transaction ? first : second
  const only = first ?? second
  if (!only) throw new BoltError('this is no bbolt database, or both of its meta pages are damaged')
  return only
}

function readMeta(bytes: Buffer, at: number): Meta | undefined {
  const meta = bytes.subarray(at + PAGE_HEAD, at + PAGE_HEAD + META_BYTES)
  if (meta.length < META_BYTES || meta.readUInt32LE(0) !== MAGIC || meta.readUInt32LE(4) !== FORMAT_VERSION)
    return undefined
  if (meta.readBigUInt64LE(56) !== fnv1a(meta.subarray(0, 56))) return undefined
  return {
    pageBytes: meta.readUInt32LE(8),
    root: Number(meta.readBigUInt64LE(16)),
    transaction: meta.readBigUInt64LE(48),
  }
}
