import {
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
  writePageHead,
} from './page.ts'

export interface Item {
  key: Buffer
  /** Size of the value, known before the value is made. */
  size: number
  value(): Buffer
  isBucket?: boolean
}

/** A bucket's name and its items, in order of their keys. */
export interface BucketContent {
  name: string
  items: readonly Item[]
}

/** A page that has its number, and can be made when its turn comes. */
interface Planned {
  id: number
  pages: number
  firstKey: Buffer
  make(): Buffer
}

const META_PAGES = 2
const MAX_COUNT = 0xffff

/** A whole database, made page by page: its size is known at once. Buckets must come in order of their names. */
export function writeDatabase(buckets: readonly BucketContent[]): { size: number; pages: Iterable<Buffer> } {
  const plan = new Plan()
  const freelist = plan.add(1, Buffer.alloc(0), id => {
    const page = Buffer.alloc(PAGE_BYTES)
    writePageHead(page, id, PageFlag.freelist, 0, 0)
    return page
  })
  const roots = buckets.map(({ name, items }): Item => {
    const value = items.length === 0 ? emptyBucket() : bucketHead(plan.tree(items).id)
    return { key: Buffer.from(name), size: value.length, value: () => value, isBucket: true }
  })
  const root = plan.tree(roots).id
  return { size: plan.end * PAGE_BYTES, pages: inOrder(plan, root, freelist.id) }
}

function* inOrder(plan: Plan, root: number, freelist: number): Iterable<Buffer> {
  for (let id = 0; id < META_PAGES; id++) yield metaPage(id, root, freelist, plan.end)
  for (const page of plan.planned) yield page.make()
}

class Plan {
  readonly planned: Planned[] = []
  /** The first page number that is not taken. */
  end = META_PAGES

  add(pages: number, firstKey: Buffer, make: (id: number) => Buffer): Planned {
    const id = this.end
    const planned = { id, pages, firstKey, make: () => make(id) }
    this.planned.push(planned)
    this.end += pages
    return planned
  }

  /** Leaves, and branches over them until one page is left: the root. */
  tree(items: readonly Item[]): Planned {
    let level = groups(items, item => item.key.length + item.size).map(group => this.#leaf(group))
    while (level.length > 1) level = groups(level, page => page.firstKey.length).map(group => this.#branch(group))
    return level[0]!
  }

  #leaf(items: readonly Item[]): Planned {
    const bytes = items.reduce((sum, item) => sum + ELEMENT + item.key.length + item.size, PAGE_HEAD)
    const pages = Math.ceil(bytes / PAGE_BYTES)
    return this.add(pages, items[0]!.key, id => leafPage(id, pages, items))
  }

  #branch(children: readonly Planned[]): Planned {
    return this.add(1, children[0]!.firstKey, id => branchPage(id, children))
  }
}

/** As many neighbours together as a page holds; one that is larger than a page stands alone. */
function groups<T>(items: readonly T[], sizeOf: (item: T) => number): T[][] {
  const result: T[][] = []
  let group: T[] = []
  let size = PAGE_HEAD
  for (const item of items) {
    const more = ELEMENT + sizeOf(item)
    if (group.length > 0 && (size + more > PAGE_BYTES || group.length === MAX_COUNT)) {
      result.push(group)
      group = []
      size = PAGE_HEAD
    }
    group.push(item)
    size += more
  }
  result.push(group)
  return result
}

function leafPage(id: number, pages: number, items: readonly Item[]): Buffer {
  const page = Buffer.alloc(pages * PAGE_BYTES)
  writePageHead(page, id, PageFlag.leaf, items.length, pages - 1)
  let at = PAGE_HEAD + items.length * ELEMENT
  items.forEach((item, i) => {
    const element = PAGE_HEAD + i * ELEMENT
    const value = item.value()
    page.writeUInt32LE(item.isBucket ? ELEMENT_IS_BUCKET : 0, element)
    page.writeUInt32LE(at - element, element + 4)
    page.writeUInt32LE(item.key.length, element + 8)
    page.writeUInt32LE(value.length, element + 12)
    page.set(item.key, at)
    page.set(value, at + item.key.length)
    at += item.key.length + value.length
  })
  return page
}

function branchPage(id: number, children: readonly Planned[]): Buffer {
  const page = Buffer.alloc(PAGE_BYTES)
  writePageHead(page, id, PageFlag.branch, children.length, 0)
  let at = PAGE_HEAD + children.length * ELEMENT
  children.forEach((child, i) => {
    const element = PAGE_HEAD + i * ELEMENT
    page.writeUInt32LE(at - element, element)
    page.writeUInt32LE(child.firstKey.length, element + 4)
    page.writeBigUInt64LE(BigInt(child.id), element + 8)
    page.set(child.firstKey, at)
    at += child.firstKey.length
  })
  return page
}

function bucketHead(root: number): Buffer {
  const head = Buffer.alloc(BUCKET_HEAD)
  head.writeBigUInt64LE(BigInt(root), 0)
  return head
}

/** A bucket with nothing in it carries its one empty page with it. */
function emptyBucket(): Buffer {
  const bucket = Buffer.alloc(BUCKET_HEAD + PAGE_HEAD)
  writePageHead(bucket.subarray(BUCKET_HEAD), 0, PageFlag.leaf, 0, 0)
  return bucket
}

/** Two alike but for their number: the one with the higher transaction counts. */
function metaPage(id: number, root: number, freelist: number, end: number): Buffer {
  const page = Buffer.alloc(PAGE_BYTES)
  writePageHead(page, id, PageFlag.meta, 0, 0)
  const meta = page.subarray(PAGE_HEAD, PAGE_HEAD + META_BYTES)
  meta.writeUInt32LE(MAGIC, 0)
  meta.writeUInt32LE(FORMAT_VERSION, 4)
  meta.writeUInt32LE(PAGE_BYTES, 8)
  meta.writeBigUInt64LE(BigInt(root), 16)
  meta.writeBigUInt64LE(BigInt(freelist), 32)
  meta.writeBigUInt64LE(BigInt(end), 40)
  meta.writeBigUInt64LE(BigInt(id), 48)
  meta.writeBigUInt64LE(fnv1a(meta.subarray(0, 56)), 56)
  return page
}
