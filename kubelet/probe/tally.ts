import type { Probe } from '../../api/types/core-v1.ts'

export type ProbeKind = 'startup' | 'liveness' | 'readiness'

/** How often in a row a probe has gone the same way, and what has come of it. */
export interface Tally {
  successes: number
  failures: number
  result: boolean
}

/** Until the first threshold is reached, a container counts as alive, but neither as started nor (unless it was before) as ready. */
export function newTally(kind: ProbeKind, wasReady = false): Tally {
  return { successes: 0, failures: 0, result: kind === 'liveness' || (kind === 'readiness' && wasReady) }
}

/** Counts one outcome; the result turns only when a threshold is reached. */
export function count(tally: Tally, probe: Probe, succeeded: boolean): Tally {
  const successes = succeeded ? tally.successes + 1 : 0
  const failures = succeeded ? 0 : tally.failures + 1
  const turnsGood = successes >= (probe.successThreshold ?? 1)
  const turnsBad = failures >= (probe.failureThreshold ?? 3)
  return { successes, failures, result: turnsGood || (!turnsBad && tally.result) }
}

/** Whether a container has to be replaced: enough failures in a row, of a probe that decides over its life. */
export function isFatal(kind: ProbeKind, tally: Tally, probe: Probe): boolean {
  return kind !== 'readiness' && tally.failures >= (probe.failureThreshold ?? 3)
}

/**
 * When the next run begins: on a grid from the first one on, so that slow runs do not add up to a drift. A run that took
 * longer than the period skips what it overran.
 */
export function nextRunAt(previousAt: number, periodMs: number, now: number): number {
  const next = previousAt + periodMs
  if (next >= now) return next
  return next + Math.ceil((now - next) / periodMs) * periodMs
}
