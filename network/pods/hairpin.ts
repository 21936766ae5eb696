import { join } from 'node:path'
import { type Disk, ifPresent, readTextIfAny } from '../../platform/disk.ts'

/** An interface of this machine with an address of it: what `os.networkInterfaces` lists. */
export interface Interfaces {
  [name: string]: readonly { family: string; cidr: string | null }[] | undefined
}

/** The bridge of this node's pods: the interface whose network is their range. */
export function bridgeOf(range: string, interfaces: Interfaces): string | undefined {
  const [network = '', length] = range.split('/')
  const gateway = network.replace(/\d+$/, last => String(Number(last) + 1))
  const wanted = `${gateway}/${length}`
  return Object.keys(interfaces).find(name => interfaces[name]?.some(({ cidr }) => cidr === wanted))
}

/**
 * Lets a pod reach itself by a Service: its packets come back out of the port of the bridge that they came in by, which a
 * bridge does only where it is told to. Docker tells it so only without its proxy for published ports.
 */
export async function allowHairpins(bridge: string, disk: Disk): Promise<void> {
  const ports = `/sys/class/net/${bridge}/brif`
  for (const port of await disk.list(ports)) {
    const path = join(ports, port, 'hairpin_mode')
    if ((await readTextIfAny(disk, path))?.trim() === '0') await turnOn(path, disk)
  }
}

async function turnOn(path: string, disk: Disk): Promise<void> {
  const file = await ifPresent(disk.open(path))
  if (!file) return
  try {
    await file.write(0, [Buffer.from('1')])
  } finally {
    await file.close()
  }
}
