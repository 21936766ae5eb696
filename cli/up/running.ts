import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readTextIfAny } from '../../platform/disk.ts'
import type { Tools } from '../tools.ts'

export const upPidFile = (tools: Tools): string => join(tools.layout.run, 'kubox-up.pid')

/** The process of a cluster that is up in the foreground, if there is one. */
export async function runningUp(tools: Tools): Promise<number | undefined> {
  const pid = Number((await readTextIfAny(tools.disk, upPidFile(tools))) ?? 0)
  if (!pid || pid === process.pid) return undefined
  return / up( |$)/.test(commandLine(pid)) ? pid : undefined
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return '' // no such process
  }
}
