/**
 * What a leader knows of one member's log, and how much it may send without an answer.
 *
 * - probe: where the logs part is unknown; one message at a time
 * - replicate: messages follow each other without waiting, up to a window
 * - snapshot: nothing is sent until the snapshot has arrived or failed
 */
export class Progress {
  state: 'probe' | 'replicate' | 'snapshot' = 'probe'
  /** The last entry known to be the same as the leader's, and durable there. */
  match = 0
  next: number
  /** Heard of since the last check of the quorum. */
  active = false
  /** The highest commit index sent to it. */
  sentCommit = 0
  pendingSnapshot = 0
  #probeSent = false
  #mustAsk = false
  /** Last index of each unanswered message with entries, in order. */
  #inflight: number[] = []
  readonly #window: number

  constructor(next: number, window: number) {
    this.next = next
    this.#window = window
  }

  get paused(): boolean {
    if (this.state === 'probe') return this.#probeSent
    return this.state === 'snapshot' || this.#inflight.length >= this.#window
  }

  /** A message is due even if it holds nothing new: its answer will. */
  get mustAsk(): boolean {
    return this.state === 'probe' || this.#mustAsk
  }

  sent(lastIndex: number, entries: number): void {
    this.#mustAsk = false
    if (this.state === 'probe') this.#probeSent = true
    else if (entries > 0) {
      this.next = lastIndex + 1
      this.#inflight.push(lastIndex)
    }
  }

  sentSnapshot(index: number): void {
    this.state = 'snapshot'
    this.pendingSnapshot = index
    this.#inflight = []
  }

  /** True where the answer told something new. */
  accepted(index: number): boolean {
    const news = index > this.match || this.state === 'probe'
    this.match = Math.max(this.match, index)
    this.next = Math.max(this.next, index + 1)
    const unanswered = this.#inflight.findIndex(last => last > index)
    this.#inflight = unanswered === -1 ? [] : this.#inflight.slice(unanswered)
    if (this.state === 'probe' || (this.state === 'snapshot' && this.match >= this.pendingSnapshot)) this.#replicate()
    return news
  }

  /** `index` did not match; `hint` is where it might. False where the answer is old news. */
  rejected(index: number, hint: number): boolean {
    const current = this.state === 'replicate' || (this.state === 'probe' && index === this.next - 1)
    if (!current || index <= this.match) return false
    const next = this.state === 'replicate' ? this.match + 1 : Math.max(Math.min(index, hint + 1), this.match + 1)
    this.probe(next)
    return true
  }

  /** A sign of life: where it lacks entries, an earlier message may have been lost, so one more is tried. */
  alive(lastIndex: number): void {
    this.active = true
    this.#mustAsk = this.match < lastIndex
    this.#probeSent = false
    if (this.state === 'replicate' && this.#inflight.length >= this.#window) this.#inflight.shift()
  }

  /** Sent messages may be lost: find out anew where it stands. */
  unreachable(): void {
    if (this.state === 'replicate') this.probe(this.match + 1)
  }

  snapshotEnded(arrived: boolean): void {
    if (this.state !== 'snapshot') return
    this.probe(Math.max(this.match, arrived ? this.pendingSnapshot : 0) + 1)
    // Either way its answer or its next sign of life comes first: no second snapshot right behind the first.
    this.#probeSent = true
  }

  probe(next: number): void {
    this.state = 'probe'
    this.next = next
    this.pendingSnapshot = 0
    this.#probeSent = false
    this.#inflight = []
  }

  #replicate(): void {
    this.state = 'replicate'
    this.next = this.match + 1
    this.pendingSnapshot = 0
    this.#probeSent = false
    this.#inflight = []
  }
}
