import { type Clock, sleep, systemClock } from '../../platform/clock.ts'

export interface Eventually {
  /** Completes "did not happen within N s: ...". */
  what: string
  deadlineMs?: number
  everyMs?: number
  clock?: Clock
  /** Asked once patience has run out, for the error message. */
  evidence?: () => Promise<string> | string
}

/** Waits for a condition: asks until there is an answer that is not undefined or false. */
export async function eventually<T>(options: Eventually, ask: () => Promise<T | undefined | false>): Promise<T> {
  const { what, deadlineMs = 120_000, everyMs = 100, clock = systemClock } = options
  const deadline = clock.monotonic() + deadlineMs
  let last: unknown
  while (clock.monotonic() < deadline) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
      last = undefined
    } catch (error) {
      last = error
    }
    // The test process itself must stay alive while it waits.
    const alive = setInterval(() => {}, 1000)
    await sleep(clock, everyMs).finally(() => clearInterval(alive))
  }
  const evidence = (await options.evidence?.()) ?? ''
  throw new Error(`did not happen within ${deadlineMs / 1000} s: ${what}${last ? ` (${last})` : ''}\n${evidence}`)
}
