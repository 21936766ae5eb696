import * as fs from 'node:fs/promises'
import * as os from 'node:os'
import { type Disk, ifPresent, readTextIfAny } from '../../platform/disk.ts'
import type { RuntimeInfo } from '../runtime.ts'

/** What this machine is: read once at the start, as it does not change while it runs. */
export interface MachineFacts {
  hostname: string
  machineId: string
  systemUuid: string
  bootId: string
  kernelVersion: string
  osImage: string
  /** As Go and images say it: amd64, arm64. */
  architecture: string
  cpus: number
  memoryBytes: number
  storageBytes: number
  engineVersion: string
  rootDirectory: string
}

export async function readMachine(disk: Disk, engine: RuntimeInfo): Promise<MachineFacts> {
  const text = async (path: string) => ((await readTextIfAny(disk, path)) ?? '').trim()
  const storage = (await ifPresent(fs.statfs(engine.rootDirectory))) ?? (await fs.statfs('/'))
  return {
    hostname: os.hostname(),
    machineId: await text('/etc/machine-id'),
    // The kernel shows it to root alone.
    systemUuid: (await text('/sys/class/dmi/id/product_uuid').catch(() => '')) || (await text('/etc/machine-id')),
    bootId: await text('/proc/sys/kernel/random/boot_id'),
    kernelVersion: engine.kernelVersion,
    osImage: engine.operatingSystem,
    architecture: engine.architecture,
    cpus: engine.cpus,
    memoryBytes: engine.memoryBytes,
    storageBytes: storage.blocks * storage.bsize,
    engineVersion: engine.version,
    rootDirectory: engine.rootDirectory,
  }
}
