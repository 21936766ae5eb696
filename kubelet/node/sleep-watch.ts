import type { KubeObject } from '../../api/objects.ts'
import type { EventRecorder } from '../../client/events.ts'
import { type Clock, pause } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'

interface Parts {
  clock: Clock
  log: Log
  events: EventRecorder
  node(): KubeObject
  /** The machine has slept: what others think of it may be old. */
  woke(): void
}

const LOOK_MS = 5000
/** A clock that was only set right does not differ by more; a lid that was shut does. */
const LEAST_SLEEP_MS = 60_000

/**
 * How long a machine slept between two looks, if it did: the wall clock went on, the one that counts running time did not.
 * A step of the wall clock looks the same, and has the same consequences.
 */
export function sleptFor(wallMs: number, runningMs: number): number | undefined {
  const slept = wallMs - runningMs
  return slept >= LEAST_SLEEP_MS ? slept : undefined
}

/** `9 h 5 min`, `3 min`. */
export function describeSleep(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  const hours = Math.floor(minutes / 60)
  return hours === 0 ? `${minutes} min` : `${hours} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`
}

/** Tells of a VM that was suspended, so that nobody takes it for one that died. */
export async function watchForSleep(parts: Parts, signal: AbortSignal): Promise<void> {
  const { clock, log, events, node, woke } = parts
  while (!signal.aborted) {
    const [wall, running] = [clock.now(), clock.monotonic()]
    await pause(clock, LOOK_MS, signal)
    const slept = sleptFor(clock.now() - wall, clock.monotonic() - running)
    if (slept === undefined || signal.aborted) continue
    log.warn('The machine slept', { ms: slept })
    woke()
    events.event(node(), 'Normal', 'NodeSlept', `This machine slept ${describeSleep(slept)}`)
  }
}
