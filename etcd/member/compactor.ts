import type { Clock, Timer } from '../../platform/clock.ts'

export type AutoCompaction =
  /** Keeps the revisions of this much time. */
  | { mode: 'periodic'; retentionMs: number }
  /** Keeps this many revisions. */
  | { mode: 'revision'; retention: number }
  | { mode: 'off' }

const REVISION_CHECK_MS = 5 * 60_000
const LONGEST_PERIOD_MS = 3_600_000
const SAMPLES_PER_PERIOD = 10

/** How often to look, and up to which revision everything older may go: 0 for none. */
export class CompactionPlan {
  readonly #policy: AutoCompaction
  readonly #samples: { at: number; revision: number }[] = []
  #done = 0

  constructor(policy: AutoCompaction) {
    this.#policy = policy
  }

  get intervalMs(): number {
    if (this.#policy.mode !== 'periodic') return REVISION_CHECK_MS
    return Math.min(this.#policy.retentionMs, LONGEST_PERIOD_MS) / SAMPLES_PER_PERIOD
  }

  decide(revision: number, now: number): number {
    const target = this.#target(revision, now)
    if (target <= this.#done) return 0
    this.#done = target
    return target
  }

  #target(revision: number, now: number): number {
    const policy = this.#policy
    if (policy.mode === 'off') return 0
    if (policy.mode === 'revision') return Math.max(0, revision - policy.retention)
    this.#samples.push({ at: now, revision })
    while (this.#samples[1] && this.#samples[1].at <= now - policy.retentionMs) this.#samples.shift()
    const oldest = this.#samples[0]!
    return oldest.at <= now - policy.retentionMs ? oldest.revision : 0
  }
}

/** Compacts by the plan for as long as `leads` says that it is this member's duty. */
export function startCompactor(
  policy: AutoCompaction,
  clock: Clock,
  leads: () => boolean,
  revision: () => number,
  compact: (revision: number) => void,
): { stop(): void } {
  if (policy.mode === 'off') return { stop: () => {} }
  const plan = new CompactionPlan(policy)
  let timer: Timer
  const look = () => {
    const target = plan.decide(revision(), clock.monotonic())
    if (target > 0 && leads()) compact(target)
    timer = clock.after(plan.intervalMs, look)
  }
  timer = clock.after(plan.intervalMs, look)
  return { stop: () => timer.cancel() }
}
