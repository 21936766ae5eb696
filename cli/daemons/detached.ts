import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, sleep } from '../../platform/clock.ts'
import { type Disk, readTextIfAny, writeFileAtomic } from '../../platform/disk.ts'
import type { Layout } from '../layout.ts'
import { UserError } from '../output.ts'
import type { Daemons } from './daemons.ts'

const STOP_DEADLINE_MS = 20_000

/** Where no systemd runs: a process of its own session, with its pid in a file. Gone after a reboot. */
export function detachedDaemons(layout: Layout, disk: Disk, clock: Clock): Daemons {
  const pidFile = (name: string) => join(layout.run, `${name}.pid`)
  const logFile = (name: string) => join(layout.logs, `${name}.log`)

  /** The pid in the file, if that process is still the one we started and not a stranger with its number. */
  const livePid = async (name: string): Promise<number | undefined> => {
    const [pid, start] = ((await readTextIfAny(disk, pidFile(name))) ?? '').split(' ')
    return pid && startTime(Number(pid)) === start ? Number(pid) : undefined
  }

  const stop = async (name: string): Promise<boolean> => {
    const pid = await livePid(name)
    await disk.remove(pidFile(name))
    if (pid === undefined) return false
    process.kill(pid, 'SIGTERM')
    await untilGone(pid, clock)
    return true
  }

  return {
    async start({ name, command }) {
      await stop(name)
      await disk.makeDirectory(layout.run)
      await disk.makeDirectory(layout.logs)
      const log = openSync(logFile(name), 'a', 0o600)
      const [program = '', ...args] = command
      const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log] })
      closeSync(log)
      child.unref()
      if (child.pid === undefined) throw new UserError(`cannot start ${name}: ${program} does not run`)
      await writeFileAtomic(disk, pidFile(name), `${child.pid} ${startTime(child.pid)}`)
    },
    async stop(name) {
      return stop(name)
    },
    async isRunning(name) {
      return (await livePid(name)) !== undefined
    },
    logCommand: name => `tail -f ${logFile(name)}`,
  }
}

/** When a process began, in ticks since boot: with its pid that names it for good. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined // no such process
  }
}

async function untilGone(pid: number, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + STOP_DEADLINE_MS
  while (startTime(pid) !== undefined) {
    if (clock.monotonic() > deadline) return void process.kill(pid, 'SIGKILL')
    await sleep(clock, 50)
  }
}
