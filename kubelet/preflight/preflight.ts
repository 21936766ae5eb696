import * as fs from 'node:fs/promises'
import { createServer } from 'node:net'
import { type Disk, ifPresent, readTextIfAny } from '../../platform/disk.ts'
import { type ContainerRuntime, RuntimeError, type RuntimeInfo } from '../runtime.ts'
import { clockProblems } from './clock.ts'
import { checkSwap, type Problem } from './swap.ts'

export type { Problem } from './swap.ts'

export interface PreflightOptions {
  disk: Disk
  runtime: ContainerRuntime
  failSwapOn: boolean
  /** Ports that the agent is going to listen on. */
  ports: number[]
  rootDirectory: string
  /** How far the master's clock is ahead of this machine's; undefined if it does not say. A new master has no other. */
  clockOffset?(): Promise<number | undefined>
}

const OLDEST_API = [1, 41] as const
const LEAST_DISK_BYTES = 500 * 1024 * 1024

/** Everything that would keep the agent from working on this machine, all at once; [] when nothing would. */
export async function preflight(options: PreflightOptions): Promise<Problem[]> {
  const checks = [
    options.failSwapOn ? checkSwap(options.disk) : [],
    checkEngine(options.runtime),
    checkKernelSettings(options.disk),
    checkCgroups(options.disk),
    checkDisk(options.rootDirectory),
    checkRoot(),
    checkClock(options),
    ...options.ports.map(checkPort),
  ]
  return (await Promise.all(checks)).flat()
}

async function checkEngine(runtime: ContainerRuntime): Promise<Problem[]> {
  try {
    return engineProblems(await runtime.info())
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    const temporary = error instanceof RuntimeError && error.reason === 'Unavailable'
    const remedy = temporary
      ? 'start it with: systemctl start docker (or install it: apt-get install docker.io)'
      : 'see: docker info'
    return [{ problem, remedy }]
  }
}

export function engineProblems(info: RuntimeInfo): Problem[] {
  const [major = 0, minor = 0] = info.apiVersion.split('.').map(Number)
  if (major > OLDEST_API[0] || (major === OLDEST_API[0] && minor >= OLDEST_API[1])) return []
  const needed = `API ${OLDEST_API.join('.')}`
  return [
    {
      problem: `Docker ${info.version} speaks API ${info.apiVersion}, ${needed} is needed`,
      remedy: 'install Docker 20.10 or later: apt-get install docker.io',
    },
  ]
}

/** Settings without which packets of pods go nowhere. */
const KERNEL_SETTINGS: [string, string][] = [['net.ipv4.ip_forward', '1']]

async function checkKernelSettings(disk: Disk): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const [name, wanted] of KERNEL_SETTINGS) {
    const value = (await readTextIfAny(disk, `/proc/sys/${name.replaceAll('.', '/')}`))?.trim()
    if (value === wanted) continue
    const remedy = `sysctl -w ${name}=${wanted} && echo '${name} = ${wanted}' > /etc/sysctl.d/90-kubox.conf`
    problems.push({ problem: `kernel setting ${name} is ${value ?? 'missing'}, ${wanted} is needed`, remedy })
  }
  return problems
}

const NEEDED_CONTROLLERS = ['cpu', 'memory', 'pids']

async function checkCgroups(disk: Disk): Promise<Problem[]> {
  const unified = await readTextIfAny(disk, '/sys/fs/cgroup/cgroup.controllers')
  const classic = (await readTextIfAny(disk, '/proc/cgroups')) ?? ''
  const present = unified?.trim().split(' ') ?? enabledControllers(classic)
  return missingControllers(present)
}

/** /proc/cgroups: name, hierarchy, number of cgroups, enabled. */
export function enabledControllers(text: string): string[] {
  const rows = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return rows.map(line => line.split(/\s+/)).flatMap(([name = '', , , enabled]) => (enabled === '1' ? [name] : []))
}

export function missingControllers(present: readonly string[]): Problem[] {
  const missing = NEEDED_CONTROLLERS.filter(name => !present.includes(name))
  if (missing.length === 0) return []
  const remedy =
    'add "cgroup_enable=memory cgroup_memory=1" to the kernel command line in /etc/default/grub, run update-grub, reboot'
  return [{ problem: `the kernel has no cgroup controller for ${missing.join(', ')}`, remedy }]
}

async function checkDisk(directory: string): Promise<Problem[]> {
  const { bavail, bsize } = (await ifPresent(fs.statfs(directory))) ?? (await fs.statfs('/'))
  const free = bavail * bsize
  if (free >= LEAST_DISK_BYTES) return []
  const problem = `only ${Math.floor(free / 2 ** 20)} MiB are free below ${directory}, 500 MiB are needed`
  return [{ problem, remedy: 'free some, e.g. with: docker image prune --all' }]
}

async function checkClock({ clockOffset }: PreflightOptions): Promise<Problem[]> {
  return clockProblems((await clockOffset?.()) ?? 0)
}

function checkRoot(): Problem[] {
  if (process.getuid?.() === 0) return []
  return [{ problem: 'the agent does not run as root', remedy: 'run it with sudo' }]
}

function checkPort(port: number): Promise<Problem[]> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      const remedy = `find who has it with: ss -ltnp 'sport = :${port}', and stop it`
      resolve([{ problem: `port ${port} cannot be used: ${error.code ?? error.message}`, remedy }])
    })
    server.listen(port, () => server.close(() => resolve([])))
  })
}

/** One line for each, as a person reads them. */
export function describeProblems(problems: readonly Problem[]): string {
  return problems.map(({ problem, remedy }) => `${problem}. To fix it, ${remedy}`).join('\n')
}
