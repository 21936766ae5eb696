import type { Probe } from '../../api/types/core-v1.ts'
import type { Clock, Timer } from '../../platform/clock.ts'
import type { ContainerRuntime } from '../runtime.ts'
import { type ProbeTarget, runProbe } from './run.ts'
import { count, isFatal, newTally, nextRunAt, type ProbeKind, type Tally } from './tally.ts'

export interface ProberParts {
  runtime: ContainerRuntime
  clock: Clock
  kind: ProbeKind
  probe: Probe
  target: ProbeTarget
  /** Monotonic: when the container started. */
  startedAt: number
  /** What an earlier agent had found out. */
  wasReady: boolean
  /** One run failed. */
  failed(message: string): void
  /** One run came to nothing, and counts for nothing. */
  errored(message: string): void
  /** The result has turned, or has been found for the first time. */
  turned(result: boolean, fatal: boolean): void
}

/** One probe of one container, run on its own schedule until it is stopped. */
export class Prober {
  readonly #parts: ProberParts
  readonly #stopping = new AbortController()
  #tally: Tally
  #told = false
  #timer: Timer

  constructor(parts: ProberParts) {
    this.#parts = parts
    this.#tally = newTally(parts.kind, parts.wasReady)
    const now = parts.clock.monotonic()
    const first = Math.max(now, parts.startedAt + (parts.probe.initialDelaySeconds ?? 0) * 1000)
    this.#timer = parts.clock.after(first - now, () => void this.#run(first))
  }

  stop(): void {
    this.#stopping.abort()
    this.#timer.cancel()
  }

  async #run(at: number): Promise<void> {
    const { clock, probe, target } = this.#parts
    const { signal } = this.#stopping
    const outcome = await runProbe(this.#parts, probe, target, signal)
    if (signal.aborted) return
    if (outcome.succeeded === undefined) this.#parts.errored(outcome.message)
    else {
      if (!outcome.succeeded) this.#parts.failed(outcome.message)
      this.#count(outcome.succeeded)
    }
    if (signal.aborted) return
    const now = clock.monotonic()
    const next = nextRunAt(at, (probe.periodSeconds ?? 10) * 1000, now)
    this.#timer = clock.after(next - now, () => void this.#run(next))
  }

  #count(succeeded: boolean): void {
    const { kind, probe, turned } = this.#parts
    const before = this.#tally.result
    this.#tally = count(this.#tally, probe, succeeded)
    const fatal = isFatal(kind, this.#tally, probe)
    if (before !== this.#tally.result || !this.#told || fatal) turned(this.#tally.result, fatal)
    this.#told = true
    // There is nothing more to find out about a container that will be replaced, or has started.
    if (fatal || (kind === 'startup' && this.#tally.result)) this.stop()
  }
}
