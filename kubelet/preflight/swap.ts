import * as fs from 'node:fs/promises'
import { type Disk, readTextIfAny } from '../../platform/disk.ts'
import { type Processes, runChecked } from '../../platform/processes.ts'

/** One thing that is wrong with this machine, and what to do about it. */
export interface Problem {
  problem: string
  remedy: string
}

export interface SwapDevice {
  path: string
  kind: string
  sizeKib: number
}

/** /proc/swaps: a header, then one line a device. */
export function parseSwaps(text: string): SwapDevice[] {
  const lines = text
    .split('\n')
    .slice(1)
    .filter(line => line.trim() !== '')
  return lines.map(line => {
    const [path = '', kind = '', size = '0'] = line.trim().split(/\s+/)
    return { path: path.replace(/\\040/g, ' '), kind, sizeKib: Number(size) }
  })
}

export interface SwapSources {
  /** /etc/fstab */
  fstab: string
  /** Swap units by their names, with their text. */
  units: Map<string, string>
  /** What a path is also called: UUID=..., LABEL=..., links to it. */
  aliases: Map<string, string[]>
}

interface Origin {
  /** In words that name the line or unit. */
  where: string
  /** The program and its words that keep the device from coming back. */
  undo: string[]
}

/** What would bring the device back after a reboot. */
function originOf(device: SwapDevice, sources: SwapSources): Origin | undefined {
  const names = [device.path, ...(sources.aliases.get(device.path) ?? [])]
  if (/^\/dev\/zram\d+$/.test(device.path)) {
    const undo = ['systemctl', 'mask', '--now', `systemd-zram-setup@${device.path.slice(5)}.service`]
    return { where: 'a zram device (zram-generator or zram-tools)', undo }
  }
  const line = sources.fstab.split('\n').findIndex(text => isSwapLine(text, names))
  if (line >= 0) {
    const written = sources.fstab.split('\n')[line]!.trim()
    return {
      where: `/etc/fstab line ${line + 1} ("${written}")`,
      undo: ['sed', '-i', `${line + 1} s/^/#/`, '/etc/fstab'],
    }
  }
  const unit = [...sources.units].find(([, text]) =>
    names.some(name => new RegExp(`^What=${escapePattern(name)}$`, 'm').test(text)),
  )
  return unit && { where: `systemd unit ${unit[0]}`, undo: ['systemctl', 'mask', unit[0]] }
}

function isSwapLine(text: string, names: string[]): boolean {
  if (text.trim().startsWith('#')) return false
  const [what = '', , type] = text.trim().split(/\s+/)
  return type === 'swap' && names.includes(what.replace(/"/g, ''))
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** One problem for each device that is in use, with both ways out. */
export function swapProblems(devices: readonly SwapDevice[], sources: SwapSources): Problem[] {
  return devices.map(device => {
    const origin = originOf(device, sources)
    const size = `${Math.round(device.sizeKib / 1024)} MiB`
    const back = origin ? `it comes back at boot by ${origin.where}` : 'nothing found that brings it back at boot'
    const forGood = offForGood(device, sources).map(asTyped).join(' && ')
    return {
      problem: `swap is on: ${device.path} (${device.kind}, ${size}); ${back}`,
      remedy: `turn it off for good with: ${forGood}; or let --fix-swap do so; or run with --fail-swap-on=false`,
    }
  })
}

/** The commands that turn a device off now, and keep it off after a reboot. */
export function offForGood(device: SwapDevice, sources: SwapSources): string[][] {
  const origin = originOf(device, sources)
  return [['swapoff', device.path], ...(origin ? [origin.undo] : [])]
}

/** A command as one types it into a shell. */
const asTyped = (words: readonly string[]): string =>
  words.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')

const UNIT_FOLDERS = ['/etc/systemd/system', '/run/systemd/generator', '/run/systemd/system', '/lib/systemd/system']

/** Looks at this machine. */
export async function checkSwap(disk: Disk): Promise<Problem[]> {
  const devices = await swapDevices(disk)
  return devices.length === 0 ? [] : swapProblems(devices, await readSources(devices, disk))
}

/** Turns swap off on this machine, for good; tells each command before it runs. */
export async function fixSwap(disk: Disk, processes: Processes, tell: (command: string) => void): Promise<void> {
  const devices = await swapDevices(disk)
  const sources = await readSources(devices, disk)
  for (const [command = '', ...words] of devices.flatMap(device => offForGood(device, sources))) {
    tell(asTyped([command, ...words]))
    await runChecked(processes, command, words)
  }
}

const swapDevices = async (disk: Disk): Promise<SwapDevice[]> =>
  parseSwaps((await readTextIfAny(disk, '/proc/swaps')) ?? '')

async function readSources(devices: readonly SwapDevice[], disk: Disk): Promise<SwapSources> {
  const aliases = await Promise.all(devices.map(async ({ path }) => [path, await aliasesOf(disk, path)] as const))
  const fstab = (await readTextIfAny(disk, '/etc/fstab')) ?? ''
  return { fstab, units: await readUnits(disk), aliases: new Map(aliases) }
}

async function readUnits(disk: Disk): Promise<Map<string, string>> {
  const units = new Map<string, string>()
  for (const folder of UNIT_FOLDERS) {
    for (const name of (await disk.list(folder)).filter(one => one.endsWith('.swap'))) {
      if (!units.has(name)) units.set(name, (await readTextIfAny(disk, `${folder}/${name}`)) ?? '')
    }
  }
  return units
}

const ALIAS_FOLDERS = { 'by-uuid': 'UUID', 'by-label': 'LABEL', 'by-partuuid': 'PARTUUID' }

/** Other names of a block device, from the links that udev makes. */
async function aliasesOf(disk: Disk, path: string): Promise<string[]> {
  const aliases: string[] = []
  for (const [folder, key] of Object.entries(ALIAS_FOLDERS)) {
    for (const name of await disk.list(`/dev/disk/${folder}`)) {
      const link = `/dev/disk/${folder}/${name}`
      if ((await fs.realpath(link)) === path) aliases.push(`${key}=${name}`, link)
    }
  }
  return aliases
}
