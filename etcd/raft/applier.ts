import type { Chunks } from '../snapshot/store.ts'
import { isDiskFull } from '../wal/segment.ts'
import { DiskFullError } from './errors.ts'
import { Membership } from './membership.ts'
import type { Entry, SnapshotMeta } from './message.ts'
import type { RaftStorage, StartingPoint } from './storage.ts'

/** What the log is for. Calls never overlap, except that a snapshot is read while further entries are applied. */
export interface StateMachine {
  /** Entries in order, each exactly once since the start or the last `restore`: config entries and empty ones too. */
  apply(entries: readonly Entry[]): Promise<void> | void
  /** The content as it is now; entries applied while the chunks are being read must not show in them. */
  snapshot(): Chunks
  /** Takes the place of all content; where the chunks break off with an error, everything stays as it was. */
  restore(chunks: Chunks): Promise<void>
}

export interface ApplierEvents {
  applied(entries: readonly Entry[]): void
  /** A snapshot that this member made is durable. */
  snapshotTaken(snapshot: SnapshotMeta): void
  /** There was no room for it. */
  snapshotPutOff(error: unknown): void
  failed(error: unknown): void
}

/** Feeds the state machine, in order, and takes its snapshots when enough has been applied since the last one. */
export class Applier {
  index: number
  #term: number
  #membership: Membership
  #queue: ({ entries: Entry[] } | { snapshot: SnapshotMeta })[] = []
  #working: Promise<void> | undefined
  #stopped = false
  #bytesSinceSnapshot = 0
  #lastSnapshotBytes = 0
  #snapshotting: Promise<void> | undefined
  #latest: SnapshotMeta
  readonly #storage: RaftStorage
  readonly #machine: StateMachine
  readonly #events: ApplierEvents
  readonly #snapshotAfterBytes: number

  constructor(
    storage: RaftStorage,
    { snapshot, snapshotBytes }: StartingPoint,
    machine: StateMachine,
    events: ApplierEvents,
    snapshotAfterBytes: number,
  ) {
    this.#storage = storage
    this.#machine = machine
    this.#events = events
    this.#snapshotAfterBytes = snapshotAfterBytes
    this.#latest = snapshot
    this.#lastSnapshotBytes = snapshotBytes
    this.index = snapshot.index
    this.#term = snapshot.term
    this.#membership = new Membership(snapshot.members)
  }

  apply(entries: Entry[]): void {
    this.#queue.push({ entries })
    this.#working ??= this.#work()
  }

  restore(snapshot: SnapshotMeta): void {
    this.#queue.push({ snapshot })
    this.#working ??= this.#work()
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#queue = []
    await this.#working
    await this.#snapshotting
  }

  async #work(): Promise<void> {
    try {
      for (let next = this.#queue.shift(); next && !this.#stopped; next = this.#queue.shift()) {
        if ('snapshot' in next) await this.#restore(next.snapshot)
        else await this.#apply(next.entries)
      }
    } catch (error) {
      this.#events.failed(error)
    } finally {
      this.#working = undefined
    }
  }

  async #apply(entries: Entry[]): Promise<void> {
    const pending = this.#machine.apply(entries)
    if (pending) await pending
    for (const entry of entries) {
      this.#membership = this.#membership.afterEntry(entry)
      this.#bytesSinceSnapshot += entry.data.length + 64
    }
    const last = entries.at(-1)!
    this.index = last.index
    this.#term = last.term
    this.#events.applied(entries)
    this.#snapshotIfDue()
  }

  async #restore(snapshot: SnapshotMeta): Promise<void> {
    await this.#machine.restore(this.#storage.snapshots.read(snapshot))
    this.index = snapshot.index
    this.#term = snapshot.term
    this.#membership = new Membership(snapshot.members)
    this.#bytesSinceSnapshot = 0
    this.#latest = snapshot
    this.#events.applied([])
  }

  /** A snapshot costs as much as the state is large, so the larger it is, the longer the log may grow before. */
  #snapshotIfDue(): void {
    const due = this.#bytesSinceSnapshot >= Math.max(this.#snapshotAfterBytes, this.#lastSnapshotBytes)
    if (due) void this.takeSnapshot()
  }

  takeSnapshot(): Promise<void> {
    if (this.#snapshotting || this.#stopped || this.index === this.#latest.index) {
      return this.#snapshotting ?? Promise.resolve()
    }
    const snapshot = { index: this.index, term: this.#term, members: this.#membership.members }
    this.#bytesSinceSnapshot = 0
    this.#snapshotting = this.#write(snapshot)
      .catch(error => this.#snapshotFailed(error))
      .finally(() => {
        this.#snapshotting = undefined
      })
    return this.#snapshotting
  }

  /** Without room for a snapshot the log only grows longer: the next one is tried when it has grown as much again. */
  #snapshotFailed(error: unknown): void {
    if (error instanceof DiskFullError || isDiskFull(error)) this.#events.snapshotPutOff(error)
    else this.#events.failed(error)
  }

  /** The one before stays with its log, so that a bad block in the newest is no disaster. */
  async #write(snapshot: SnapshotMeta): Promise<void> {
    const { wal, snapshots } = this.#storage
    this.#lastSnapshotBytes = await snapshots.write(snapshot, this.#machine.snapshot())
    await wal.append({ snapshot, entries: [] })
    // Meanwhile the leader may have sent a newer one.
    if (this.#latest.index > snapshot.index) return
    const before = this.#latest
    this.#latest = snapshot
    this.#events.snapshotTaken(snapshot)
    await wal.release(before.index)
    await snapshots.removeOlderThan(before.index)
  }
}
