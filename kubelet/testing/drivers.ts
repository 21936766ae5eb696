import assert from 'node:assert/strict'
import { type FakeClock, sleep, systemClock } from '../../platform/clock.ts'
import type { TestNode } from './node.ts'

/** Waits for conditions on a node: by moving a fake clock, or by waiting for the real one. */
export interface Driver {
  until(what: string, condition: () => unknown, withinMs?: number): Promise<void>
  /** Lets time pass while nothing in particular is expected. */
  pass(ms: number): Promise<void>
  /** Waits for something the test itself does. */
  finish<T>(work: Promise<T>): Promise<T>
}

/** Files are real also under a fake clock: they get this long however fast that one moves. */
const REAL_MS = 30_000

const TURNS_PER_STEP = 12

/** Moves time until something that needs it is done. */
export async function pumped<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let done = false
  const mark = () => {
    done = true
  }
  work.then(mark, mark)
  while (!done) {
    await turns(2)
    if (!done) clock.advance(10)
  }
  return work
}

/** What the agent asked of the real machine: files and programs. A fake clock must not outrun them. */
const REAL_WORK = /^(FSReq|Process)/

/** So many turns of the event loop, and as many more as real work that was begun in them takes. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count || isBusy(); turn++) await new Promise(resolve => setImmediate(resolve))
}

function isBusy(): boolean {
  return process.getActiveResourcesInfo().some(name => REAL_WORK.test(name))
}

/** Time moves only here, in steps; between them whatever was woken runs, real files included. */
export function fakeDriver(clock: FakeClock, node: () => TestNode): Driver {
  const pass = async (ms: number) => {
    for (let gone = 0; gone < ms; gone += 50) {
      clock.advance(50)
      await turns(TURNS_PER_STEP)
    }
  }
  return {
    pass,
    finish: work => pumped(clock, work),
    async until(what, condition, withinMs = 30_000) {
      const end = clock.monotonic() + withinMs
      const realEnd = systemClock.monotonic() + REAL_MS
      await turns(TURNS_PER_STEP)
      while (!condition()) {
        const late = clock.monotonic() > end
        if (late && systemClock.monotonic() > realEnd)
          assert.fail(`${what}: not in ${withinMs} ms\n${evidence(node())}`)
        await (late ? turns(TURNS_PER_STEP) : pass(50))
      }
    },
  }
}

export function realDriver(node: () => TestNode): Driver {
  const pass = (ms: number) => sleep(systemClock, ms)
  return {
    pass,
    finish: work => work,
    async until(what, condition, withinMs = 30_000) {
      const end = systemClock.monotonic() + withinMs
      while (!condition()) {
        if (systemClock.monotonic() > end) assert.fail(`${what}: not in ${withinMs} ms\n${evidence(node())}`)
        await pass(20)
      }
    },
  }
}

/** What a failed test leaves behind: pods, events, the agent's log. */
function evidence(node: TestNode): string {
  const pods = [...node.api.objects].filter(([path]) => path.includes('/pods/')).map(([, pod]) => JSON.stringify(pod))
  const log = node.log.entries
    .slice(-25)
    .map(entry => `${entry.level} ${entry.name} ${entry.message} ${show(entry.fields)}`)
  return [...pods, ...log].join('\n')
}

function show(fields: object): string {
  return JSON.stringify(fields, (_, value) => (value instanceof Error ? value.stack : value))
}
