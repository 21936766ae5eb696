import { type Clock, sleep } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'

const FIRST_MS = 200
const LONGEST_MS = 5000

/** Tries until it works: after a reboot of everything, the machine that this one waits for may come up later. */
export async function persist<T>(what: string, clock: Clock, log: Log, work: () => Promise<T>): Promise<T> {
  for (let pause = FIRST_MS; ; pause = Math.min(pause * 2, LONGEST_MS)) {
    try {
      return await work()
    } catch (error) {
      log.warn(`Cannot ${what} yet`, { error: error instanceof Error ? error.message : error, nextTryMs: pause })
    }
    await sleep(clock, pause)
  }
}
