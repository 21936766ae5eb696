import type { Entry, SnapshotMeta } from './message.ts'

/** What an entry costs in a message besides its data. */
const ENTRY_OVERHEAD = 16

/**
 * The log as the core holds it in memory: the entries after `base` (what came before is in a snapshot), and how far they
 * have come on their way: handed out to be persisted, durable, known to be committed, handed out to be applied.
 */
export class RaftLog {
  #base: { index: number; term: number }
  #entries: Entry[]
  #commit: number
  #stable: number
  /** Last entry of the write that is under way; entries that were cut off meanwhile do not count. */
  #persisting: number
  #applying: number

  constructor(snapshot: SnapshotMeta, entries: Entry[], commit: number) {
    this.#base = { index: snapshot.index, term: snapshot.term }
    this.#entries = [...entries]
    this.#stable = this.lastIndex
    this.#persisting = this.lastIndex
    this.#applying = snapshot.index
    this.#commit = Math.min(Math.max(commit, snapshot.index), this.lastIndex)
  }

  get firstIndex(): number {
    return this.#base.index + 1
  }

  get lastIndex(): number {
    return this.#base.index + this.#entries.length
  }

  get lastTerm(): number {
    return this.#entries.at(-1)?.term ?? this.#base.term
  }

  /** All entries up to here are known to be in the log of a majority, for ever. */
  get commit(): number {
    return this.#commit
  }

  /** All entries up to here are durable on this member. */
  get stable(): number {
    return this.#stable
  }

  /** Term of the entry at `index`; undefined where it is compacted away or not there yet. */
  term(index: number): number | undefined {
    if (index === this.#base.index) return this.#base.term
    return this.#entries[index - this.firstIndex]?.term
  }

  matches(index: number, term: number): boolean {
    return this.term(index) === term
  }

  /** The rule of elections: whoever lacks a committed entry is not at least as up to date as a majority. */
  isUpToDate(lastIndex: number, lastTerm: number): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex)
  }

  /** Entries from `from` to `to`, as many as fit into `maxBytes`, but at least one. */
  slice(from: number, to: number, maxBytes = Number.POSITIVE_INFINITY): Entry[] {
    const entries = this.#entries.slice(from - this.firstIndex, to - this.firstIndex + 1)
    let bytes = 0
    const tooMany = entries.findIndex((entry, position) => {
      bytes += entry.data.length + ENTRY_OVERHEAD
      return position > 0 && bytes > maxBytes
    })
    return tooMany === -1 ? entries : entries.slice(0, tooMany)
  }

  /** The leader's own way: new entries at the end. */
  push(entry: Entry): void {
    this.#entries.push(entry)
  }

  /** The follower's way: takes over what differs, and only from the first difference on cuts off what stood there. */
  merge(entries: readonly Entry[]): void {
    const different = entries.findIndex(entry => !this.matches(entry.index, entry.term))
    if (different === -1) return
    const fresh = entries.slice(different)
    const from = fresh[0]!.index
    if (from <= this.#commit) throw new Error(`entry ${from} differs from the leader's, but is committed already`)
    this.cutFrom(from)
    this.#entries.push(...fresh)
  }

  cutFrom(index: number): void {
    this.#entries.length = index - this.firstIndex
    this.#stable = Math.min(this.#stable, index - 1)
    this.#persisting = Math.min(this.#persisting, index - 1)
  }

  /** Returns the entries that have thereby become committed. */
  commitTo(index: number): Entry[] {
    const before = this.#commit
    if (index <= before) return []
    if (index > this.lastIndex) throw new Error(`commit ${index} is beyond the end of the log at ${this.lastIndex}`)
    this.#commit = index
    return this.slice(before + 1, index)
  }

  /** Entries that no write has taken along yet; they count as taken from now on. */
  takeUnstable(): Entry[] {
    const entries = this.slice(this.#persisting + 1, this.lastIndex)
    this.#persisting = this.lastIndex
    return entries
  }

  get hasUnstable(): boolean {
    return this.#persisting < this.lastIndex
  }

  /** The write that was under way is durable. */
  persisted(): void {
    this.#stable = Math.max(this.#stable, this.#persisting)
  }

  /** Entries that are committed and durable here, up to `limit` at most, each handed out once. */
  takeCommitted(limit: number): Entry[] {
    const to = Math.min(this.#commit, this.#stable, limit)
    if (to <= this.#applying) return []
    const entries = this.slice(this.#applying + 1, to)
    this.#applying = to
    return entries
  }

  /** Where a leader whose entry at `index` has `term` should look for common ground: past our last entry of a term up to it. */
  lastIndexUpToTerm(index: number, term: number): number {
    let candidate = Math.min(index, this.lastIndex)
    while (candidate > this.#base.index && this.term(candidate)! > term) candidate--
    return candidate
  }

  /** Forgets the entries up to `index`, which a snapshot holds. */
  compact(index: number): void {
    if (index <= this.#base.index) return
    const term = this.term(index)
    if (term === undefined || index > this.#applying) throw new Error(`cannot compact the log up to ${index}`)
    this.#entries = this.#entries.slice(index - this.#base.index)
    this.#base = { index, term }
  }

  /** A snapshot from the leader takes the place of everything. */
  restore(snapshot: SnapshotMeta): void {
    this.#base = { index: snapshot.index, term: snapshot.term }
    this.#entries = []
    this.#commit = snapshot.index
    this.#stable = snapshot.index
    this.#persisting = snapshot.index
    this.#applying = snapshot.index
  }
}
