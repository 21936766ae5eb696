/**
 * etcd/mvcc/ is the state machine: what the entries of the log do to keys, leases, alarms and members. Everything in it is
 * plain computing on memory, without clock, disk or network. Start with keyspace.ts (keys and their revisions), then txn.ts
 * (what a request does to them), watch.ts (who hears of it), lessor.ts, machine.ts (all of it under one `apply`).
 * It imports etcd/proto and etcd/errors.ts only.
 */
import BTreeModule from 'sorted-btree'
import { errors } from '../errors.ts'
import type { KeyValue } from '../proto/messages.ts'

/** One state of a key. Records never change, except that compaction cuts `older`. */
export interface Revision extends KeyValue {
  sub: number
  deleted: boolean
  older: Revision | undefined
}

// The package is CommonJS: Node hands over all of its exports as the default import.
const { default: BTree } = BTreeModule
type Tree = InstanceType<typeof BTree<string, Revision>>

const NO_BYTES: Uint8Array = Buffer.alloc(0)
/** The end of a range that has no end. */
const UNBOUNDED = '\0'
/** What a record weighs beside its key and value. */
const RECORD_BYTES = 64

const byBytes = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Is `key` in the range that a request names: one key, [key, end), or everything from the key on? */
export function inRange(key: string, start: string, end: string): boolean {
  if (end === '') return key === start
  return key >= start && (end === UNBOUNDED || key < end)
}

/** All keys, their newest record in a tree by key, older ones chained behind it; the records since compaction by revision. */
export class Keyspace {
  #tree: Tree = new BTree<string, Revision>([], byBytes)
  /** Records of revision `compacted` and later, in order of revision. */
  #history: Revision[] = []
  /** Main revision of the last change. An empty store stands at 1. */
  revision = 1
  /** Records at or before it that were not the newest of their key are gone. */
  compacted = -1
  /** Bytes held by all records. */
  size = 0

  get(key: string, revision = this.revision): Revision | undefined {
    const record = standingAt(this.#tree.get(key), revision)
    return record?.deleted ? undefined : record
  }

  /** Throws unless the past can be read at this revision. */
  checkRevision(revision: number): void {
    if (revision > this.revision) throw errors.futureRevision
    if (revision < this.compacted) throw errors.compacted
  }

  /** Calls `visit` with each key's record at a revision, in order of keys, until it answers false. */
  scan(start: string, end: string, revision: number, visit: (record: Revision) => boolean): void {
    if (end === '') {
      const only = this.get(start, revision)
      if (only) visit(only)
      return
    }
    const visitNewest = (_key: string, newest: Revision) => {
      const record = newest.modRevision <= revision ? newest : standingAt(newest, revision)
      if (record && !record.deleted && !visit(record)) return { break: true }
      return undefined
    }
    const high = end === UNBOUNDED ? this.#tree.maxKey() : end
    if (high !== undefined && high >= start) this.#tree.forRange(start, high, end === UNBOUNDED, visitNewest)
  }

  /** `main` is the revision of the whole transaction, `sub` counts its changes. */
  put(key: string, value: Uint8Array, lease: bigint, main: number, sub: number): Revision {
    const older = this.#tree.get(key)
    const alive = older !== undefined && !older.deleted
    const record = newRecord(older ? older.key : key, main, sub, older)
    record.createRevision = alive ? older.createRevision : main
    record.version = alive ? older.version + 1 : 1
    record.value = value
    record.lease = lease
    this.#add(record)
    return record
  }

  /** Puts a tombstone on a key that exists. */
  remove(key: string, main: number, sub: number): Revision {
    const older = this.#tree.get(key)!
    const record = newRecord(older.key, main, sub, older)
    record.deleted = true
    this.#add(record)
    return record
  }

  /** Up to `limit` records from a revision on; the last revision is always whole. */
  chunkSince(from: number, limit: number): readonly Revision[] {
    const start = firstAtOrAfter(this.#history, from)
    let end = Math.min(start + limit, this.#history.length)
    while (end > start && end < this.#history.length && sameMain(this.#history[end - 1]!, this.#history[end]!)) end++
    return this.#history.slice(start, end)
  }

  /**
   * Forgets every record before `revision` that is not what a key holds there. A deletion at that very revision stays until
   * the next compaction: whoever watches from there on has yet to hear of it.
   */
  compact(revision: number): void {
    const end = firstAtOrAfter(this.#history, revision + 1)
    const keys = new Set(this.#history.slice(0, end).map(record => record.key))
    for (const key of keys) this.#compactKey(key, revision)
    this.#history = this.#history.slice(firstAtOrAfter(this.#history, revision))
    this.compacted = revision
  }

  /** Every record, older ones of a key before newer ones: what `load` takes. */
  *records(): Iterable<Revision> {
    for (const newest of this.#tree.values()) {
      const base = standingAt(newest, this.compacted)
      if (base && !base.deleted && base.modRevision < this.compacted) yield base
    }
    yield* this.#history
  }

  /** Fills the keyspace with what `records` of another gave, in place of what it held. */
  load(records: Iterable<Revision>, revision: number, compacted: number): void {
    this.#tree = new BTree<string, Revision>([], byBytes)
    this.#history = []
    this.size = 0
    this.compacted = compacted
    for (const record of records) {
      record.older = this.#tree.get(record.key)
      this.#add(record)
    }
    this.revision = revision
  }

  /**
   * What etcd's HashKV covers, in order of revision: everything up to `revision`, but of what lies before compaction only what
   * still stands at that revision. A deletion there does not count: members of other versions have dropped it already.
   */
  recordsAt(revision: number): Revision[] {
    const counts = (record: Revision) =>
      record.modRevision <= revision &&
      (record.modRevision > this.compacted ||
        (!record.deleted && standingAt(this.#tree.get(record.key), revision) === record))
    return [...this.records()].filter(counts).sort((a, b) => a.modRevision - b.modRevision || a.sub - b.sub)
  }

  get keyCount(): number {
    return this.#tree.size
  }

  #add(record: Revision): void {
    this.#tree.set(record.key, record)
    if (record.modRevision >= this.compacted) this.#history.push(record)
    this.size += sizeOf(record)
  }

  #compactKey(key: string, revision: number): void {
    let newer: Revision | undefined
    let standing = this.#tree.get(key)
    for (; standing && standing.modRevision > revision; standing = standing.older) newer = standing
    if (!standing) return
    for (let older = standing.older; older; older = older.older) this.size -= sizeOf(older)
    standing.older = undefined
    if (!standing.deleted || standing.modRevision === revision) return
    this.size -= sizeOf(standing)
    if (newer) newer.older = undefined
    else this.#tree.delete(key)
  }
}

/** The one place where records are made, so that all have one shape: only then are they small and fast. */
export function newRecord(key: string, main: number, sub: number, older?: Revision): Revision {
  return {
    key,
    createRevision: 0,
    modRevision: main,
    version: 0,
    value: NO_BYTES,
    lease: 0n,
    sub,
    deleted: false,
    older,
  }
}

function standingAt(newest: Revision | undefined, revision: number): Revision | undefined {
  let record = newest
  while (record && record.modRevision > revision) record = record.older
  return record
}

function sizeOf(record: Revision): number {
  return RECORD_BYTES + record.key.length + record.value.length
}

function sameMain(a: Revision, b: Revision): boolean {
  return a.modRevision === b.modRevision
}

/** Index of the first record whose main revision is at least `main`. */
function firstAtOrAfter(history: readonly Revision[], main: number): number {
  let low = 0
  let high = history.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (history[middle]!.modRevision < main) low = middle + 1
    else high = middle
  }
  return low
}
