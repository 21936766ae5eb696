import * as fs from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import type Docker from 'dockerode'
import { type Clock, pause } from '../../platform/clock.ts'
import type { ExecOptions, StreamSession } from '../runtime.ts'
import { demultiplex } from './multiplexed.ts'

/** Starts a program inside a running container, with its streams. */
export async function openExec(docker: Docker, id: string, options: ExecOptions, clock: Clock): Promise<StreamSession> {
  const exec = await docker.getContainer(id).exec({
    Cmd: options.command,
    AttachStdin: options.stdin,
    AttachStdout: options.stdout,
    AttachStderr: options.stderr,
    Tty: options.tty,
  })
  const killed = new AbortController()
  const stream = await exec.start({ hijack: true, stdin: options.stdin, Tty: options.tty })
  return {
    ...splitStreams(stream, options),
    resize: size => exec.resize({ w: size.width, h: size.height }),
    exited: ended(stream).then(() => exitCodeOf(exec, clock, killed.signal)),
    async kill() {
      killed.abort()
      const { Running, Pid } = await exec.inspect()
      if (Running && Pid) await killSession(Pid)
      stream.destroy()
    },
    async runningForMs() {
      const { Pid } = await exec.inspect()
      return Pid ? ageOf(Pid) : undefined
    },
  }
}

const ASK_FIRST_MS = 5
const ASK_LAST_MS = 200

/** The streams of a program end before the engine has noticed that the program has: on a busy machine long before. */
export async function exitCodeOf(
  exec: Pick<Docker.Exec, 'inspect'>,
  clock: Clock,
  killed: AbortSignal,
): Promise<number | undefined> {
  for (let waitMs = ASK_FIRST_MS; ; waitMs = Math.min(ASK_LAST_MS, waitMs * 2)) {
    const { Running, ExitCode } = await exec.inspect()
    if (!Running) return ExitCode ?? undefined
    if (killed.aborted) return undefined
    await pause(clock, waitMs, killed)
  }
}

/** Of one that has ended already, nothing is known and nothing is needed. */
async function ageOf(pid: number): Promise<number | undefined> {
  try {
    const [stat, uptime] = await Promise.all([
      fs.readFile(`/proc/${pid}/stat`, 'utf8'),
      fs.readFile('/proc/uptime', 'utf8'),
    ])
    return ageFromStat(stat, uptime)
  } catch {
    // It has ended.
    return undefined
  }
}

/** The kernel counts the start of a process in hundredths of a second since it booted. */
export function ageFromStat(stat: string, uptime: string): number {
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(uptime.split(' ')[0]) * 1000 - Number(afterName[19]) * 10
}

/** Joins the streams of a container's own program. */
export async function openAttach(
  docker: Docker,
  id: string,
  options: Omit<ExecOptions, 'command'>,
): Promise<StreamSession> {
  const container = docker.getContainer(id)
  const stream = (await container.attach({
    stream: true,
    hijack: true,
    stdin: options.stdin,
    stdout: options.stdout,
    stderr: options.stderr,
  })) as Duplex
  return {
    ...splitStreams(stream, options),
    resize: size => container.resize({ w: size.width, h: size.height }),
    exited: ended(stream).then(() => undefined),
    async kill() {
      stream.destroy()
    },
  }
}

function splitStreams(stream: Duplex, options: Omit<ExecOptions, 'command'>) {
  const stdin = options.stdin ? stream : undefined
  // A terminal knows only one output, unframed.
  if (options.tty) return { stdin, stdout: options.stdout ? stream : undefined }
  const { stdout, stderr } = demultiplex(stream)
  if (!options.stdout) stdout.resume()
  if (!options.stderr) stderr.resume()
  return { stdin, stdout: options.stdout ? stdout : undefined, stderr: options.stderr ? stderr : undefined }
}

function ended(stream: Duplex): Promise<void> {
  return new Promise(resolve => {
    stream.once('end', resolve)
    stream.once('close', resolve)
    // A broken connection ends the session as well; whoever reads the streams sees the error there.
    stream.once('error', () => resolve())
  })
}

/**
 * Kills a program and what it started. The engine makes every exec the leader of a session of its own, so its session
 * is exactly what belongs to it, children of dead parents included.
 */
async function killSession(leader: number): Promise<void> {
  const members = await Promise.all((await fs.readdir('/proc')).filter(name => /^\d+$/.test(name)).map(sessionOf))
  for (const { pid, session } of members) {
    if (session === leader) endProcess(pid)
  }
}

async function sessionOf(pid: string): Promise<{ pid: number; session: number }> {
  try {
    const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8')
    return { pid: Number(pid), session: sessionFromStat(stat) }
  } catch {
    // It ended between the listing and the reading: nothing to kill.
    return { pid: Number(pid), session: -1 }
  }
}

/** The sixth field; the second is a name in brackets that may itself hold spaces and brackets. */
export function sessionFromStat(stat: string): number {
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(afterName[3])
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
