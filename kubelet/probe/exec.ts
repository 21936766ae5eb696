import type { Readable } from 'node:stream'
import { type Clock, pause } from '../../platform/clock.ts'
import type { ContainerRuntime, StreamSession } from '../runtime.ts'

const KEPT_BYTES = 10 * 1024

export interface Limit {
  clock: Clock
  ms: number
}

/** A program that the engine does not get started is given up after this much more than its time. */
const START_PATIENCE_MS = 60_000
const LEAST_WAIT_MS = 50

/**
 * Aborts when a program has been running for longer than it may. The time that a busy engine takes to start it is not its
 * own: a slow machine must not make healthy containers look hung.
 */
async function watchLimit(session: StreamSession, limit: Limit, done: AbortSignal): Promise<boolean> {
  const { clock, ms } = limit
  const began = clock.monotonic()
  for (let wait = ms; ; ) {
    await pause(clock, wait, done)
    if (done.aborted) return false
    const ran = await session.runningForMs?.()
    if ((ran ?? 0) >= ms || clock.monotonic() - began >= ms + START_PATIENCE_MS) return true
    wait = Math.max(LEAST_WAIT_MS, ms - (ran ?? 0))
  }
}

/** Runs a command in a container to its end. When the signal aborts, it is killed with all that it started. */
export async function runExec(
  runtime: ContainerRuntime,
  id: string,
  command: string[],
  signal: AbortSignal,
): Promise<{ exitCode: number; output: string }> {
  return followExec(await openExec(runtime, id, command), signal)
}

/** The same for a command that may only take so long; undefined when it had to be cut. */
export async function runLimitedExec(
  runtime: ContainerRuntime,
  id: string,
  command: string[],
  limit: Limit,
  signal: AbortSignal,
): Promise<{ exitCode: number; output: string } | undefined> {
  const session = await openExec(runtime, id, command)
  const [done, late] = [new AbortController(), new AbortController()]
  const watch = watchLimit(session, limit, AbortSignal.any([done.signal, signal])).then(isLate => {
    if (isLate) late.abort()
  })
  try {
    return await followExec(session, AbortSignal.any([late.signal, signal]))
  } catch (error) {
    if (late.signal.aborted) return undefined
    throw error
  } finally {
    done.abort()
    await watch
  }
}

function openExec(runtime: ContainerRuntime, id: string, command: string[]): Promise<StreamSession> {
  return runtime.exec(id, { command, stdin: false, stdout: true, stderr: true, tty: false })
}

async function followExec(session: StreamSession, signal: AbortSignal): Promise<{ exitCode: number; output: string }> {
  // What cannot be killed has ended, or its container has: the exit tells.
  const stop = () => void session.kill().catch(() => {})
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const reading = Promise.all([read(session.stdout), read(session.stderr)])
    const exitCode = await Promise.race([session.exited, aborted(signal)])
    signal.throwIfAborted()
    const [stdout, stderr] = await reading
    return { exitCode: exitCode ?? -1, output: (stdout + stderr).trimEnd() }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function read(stream: Readable | undefined): Promise<string> {
  if (!stream) return ''
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of stream) {
      if (size < KEPT_BYTES) chunks.push(chunk as Buffer)
      size += (chunk as Buffer).length
    }
  } catch {
    // The stream of a command that was cut off breaks; what it had said until then is still worth showing.
  }
  return Buffer.concat(chunks).subarray(0, KEPT_BYTES).toString()
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
  })
}
