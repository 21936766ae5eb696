import { existsSync } from 'node:fs'
import { type Clock, systemClock } from '../platform/clock.ts'
import { type Disk, systemDisk } from '../platform/disk.ts'
import { type Processes, systemProcesses } from '../platform/processes.ts'
import { type Random, systemRandom } from '../platform/random.ts'
import type { Daemons } from './daemons/daemons.ts'
import { detachedDaemons } from './daemons/detached.ts'
import { systemdDaemons } from './daemons/systemd.ts'
import { type Layout, layoutUnder } from './layout.ts'
import { type Output, terminalOutput } from './output.ts'

/** What every command works with: the machine, the tree of files, the person in front. */
export interface Tools {
  clock: Clock
  random: Random
  disk: Disk
  processes: Processes
  layout: Layout
  output: Output
  daemons: Daemons
}

export function systemTools(root = '/'): Tools {
  const layout = layoutUnder(root)
  const hasSystemd = root === '/' && existsSync('/run/systemd/system')
  return {
    clock: systemClock,
    random: systemRandom,
    disk: systemDisk,
    processes: systemProcesses,
    layout,
    output: terminalOutput(process.stdout, systemClock),
    daemons: hasSystemd
      ? systemdDaemons(systemDisk, systemProcesses)
      : detachedDaemons(layout, systemDisk, systemClock),
  }
}

/** Words that start this very program again: the release file alone, or the sources on the project's Node. */
export function selfCommand(...args: string[]): string[] {
  const main = process.argv[1]
  const isRelease = main === undefined || main === process.execPath || !/\.(ts|mjs|js|cjs)$/.test(main)
  return isRelease
    ? [process.execPath, ...args]
    : [process.execPath, '--disable-warning=ExperimentalWarning', main, ...args]
}
