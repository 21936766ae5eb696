import * as fs from 'node:fs/promises'
import { type Disk, readTextIfAny } from '../../platform/disk.ts'

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

/** What would bring the device back after a reboot, in words that name the line or unit. */
function originOf(device: SwapDevice, sources: SwapSources): { where: string; undo: string } | undefined {
  const names = [device.path, ...(sources.aliases.get(device.path) ?? [])]
  if (/^\/dev\/zram\d+$/.test(device.path)) {
    const undo = `systemctl mask --now systemd-zram-setup@${device.path.slice(5)}.service`
    return { where: 'a zram device (zram-generator or zram-tools)', undo }
  }
  const line = sources.fstab.split('\n').findIndex(text => isSwapLine(text, names))
  if (line >= 0) {
    const written = sources.fstab.split('\n')[line]!.trim()
    return { where: `/etc/fstab line ${line + 1} ("${written}")`, undo: `sed -i '${line + 1} s/^/#/' /etc/fstab` }
  }
  const unit = [...sources.units].find(([, text]) =>
    names.some(name => new RegExp(`^What=${escapePattern(name)}$`, 'm').test(text)),
  )
  return unit && { where: `systemd unit ${unit[0]}`, undo: `systemctl mask ${unit[0]}` }
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
    const forGood = origin ? ` && ${origin.undo}` : ''
    return {
      problem: `swap is on: ${device.path} (${device.kind}, ${size}); ${back}`,
      remedy: `turn it off for good with: swapoff ${device.path}${forGood}; or run with --fail-swap-on=false`,
    }
  })
}

const UNIT_FOLDERS = ['/etc/systemd/system', '/run/systemd/generator', '/run/systemd/system', '/lib/systemd/system']

/** Looks at this machine. */
export async function checkSwap(disk: Disk): Promise<Problem[]> {
  const devices = parseSwaps((await readTextIfAny(disk, '/proc/swaps')) ?? '')
  if (devices.length === 0) return []
  const units = await readUnits(disk)
  const aliases = new Map(
    await Promise.all(devices.map(async ({ path }) => [path, await aliasesOf(disk, path)] as const)),
  )
  return swapProblems(devices, { fstab: (await readTextIfAny(disk, '/etc/fstab')) ?? '', units, aliases })
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
