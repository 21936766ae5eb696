import { ApiError } from '../api/errors.ts'
import { TransportError } from '../client/transport.ts'
import { type Clock, sleep } from '../platform/clock.ts'
import { UserError } from './output.ts'

export interface Patience {
  clock: Clock
  deadlineMs: number
  /** Finishes the sentence "... within 60 s". */
  what: string
  /** What a person should look at when it did not happen. */
  remedy?: string
  signal?: AbortSignal
}

/**
 * Asks again and again until there is an answer. A server that is not there yet or says no for now is no reason to give
 * up; the last reason is told when patience runs out.
 */
export async function until<T>(patience: Patience, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = patience.clock.monotonic() + patience.deadlineMs
  let last = ''
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      if (!(error instanceof TransportError || error instanceof ApiError)) throw error
      last = ` (${error.message})`
    }
    if (patience.clock.monotonic() > deadline) {
      throw new UserError(`${patience.what} within ${patience.deadlineMs / 1000} s${last}`, patience.remedy)
    }
    await sleep(patience.clock, 50, patience.signal)
  }
}
