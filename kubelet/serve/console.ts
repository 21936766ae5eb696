import type { Readable, Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import type { Status } from '../../api/errors.ts'
import type { Log } from '../../platform/log.ts'
import type { StreamSession } from '../runtime.ts'

export interface TerminalSize {
  width: number
  height: number
}

/** The client's end of an exec or attach, whichever protocol carries it. Only what was asked for is there. */
export interface RemoteConsole {
  stdin?: Readable
  stdout?: Writable
  stderr?: Writable
  onResize(listener: (size: TerminalSize) => void): void
  /** Says how it ended and closes, after everything written before. */
  finish(status: CommandStatus): void
  /** Aborts when the client has gone. */
  gone: AbortSignal
}

/** Which channels a request asks for. */
export interface Wanted {
  stdin: boolean
  stdout: boolean
  stderr: boolean
  tty: boolean
}

export type CommandStatus = Omit<Status, 'kind' | 'apiVersion'>

/** Joins a client to a program until one of them ends: the program by itself, or the client by leaving. */
export async function runConsole(
  client: RemoteConsole,
  start: () => Promise<StreamSession>,
  verb: 'executing command in' | 'attaching to',
  log: Log,
): Promise<void> {
  let session: StreamSession
  try {
    session = await start()
  } catch (error) {
    log.warn(`${verb} container failed`, { error })
    return client.finish(failedStatus(`error ${verb} container: ${messageOf(error)}`))
  }
  try {
    client.finish(exitStatus(await converse(client, session, log)))
  } catch (error) {
    if (client.gone.aborted) log.debug('the client left before the program ended')
    else log.warn('a streaming session broke off', { error })
    if (!client.gone.aborted) client.finish(failedStatus(`error ${verb} container: ${messageOf(error)}`))
    await session.kill()
  }
}

async function converse(client: RemoteConsole, session: StreamSession, log: Log): Promise<number | undefined> {
  client.onResize(size => {
    // A program that has just ended has no terminal any more.
    session.resize(size).catch(error => log.debug('resizing the terminal failed', { error }))
  })
  if (client.stdin && session.stdin) {
    // Programs may end, or close their input, before they have read it all.
    session.stdin.on('error', error => log.debug('input was not read to its end', { error }))
    client.stdin.pipe(session.stdin)
  }
  const outputs = [carry(session.stdout, client.stdout), carry(session.stderr, client.stderr)]
  const ended = Promise.all([...outputs, session.exited]).then(([, , code]) => code as number | undefined)
  return await Promise.race([ended, leaving(client.gone)])
}

async function carry(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  if (from && to) return await pipeline(from, to)
  from?.resume()
  to?.end()
  if (from) await finished(from)
}

function leaving(gone: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const leave = () => reject(new Error('the client has gone'))
    if (gone.aborted) leave()
    else gone.addEventListener('abort', leave, { once: true })
  })
}

/** kubectl takes its own exit code from the cause named ExitCode. */
export function exitStatus(code: number | undefined): CommandStatus {
  if (!code) return { metadata: {}, status: 'Success' }
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  }
}

export function failedStatus(message: string): CommandStatus {
  return {
    metadata: {},
    status: 'Failure',
    reason: 'InternalError',
    message: `Internal error occurred: ${message}`,
    details: { causes: [{ message }] },
    code: 500,
  }
}

/** `{"Width":100,"Height":30}`, as clients send it whenever the terminal changes; undefined for anything else. */
export function parseSize(text: string): TerminalSize | undefined {
  try {
    const { Width: width, Height: height } = JSON.parse(text)
    return isDimension(width) && isDimension(height) ? { width, height } : undefined
  } catch {
    return undefined
  }
}

function isDimension(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 0xffff
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
