import * as fs from 'node:fs/promises'
import * as os from 'node:os'
import { join } from 'node:path'
import type { Volume } from '../../api/types/core-v1.ts'
import { type Clock, pause } from '../../platform/clock.ts'
import { ifPresent } from '../../platform/disk.ts'
import type { Log } from '../../platform/log.ts'
import { amountOf } from '../amount.ts'
import type { EvictionThresholds } from '../options.ts'
import { type Paths, podDirectory } from '../paths.ts'
import { isRunning, newest } from '../pod/picture.ts'
import { podContainers } from '../pod/pod.ts'
import type { PodServices } from '../pod/services.ts'
import { podTeller } from '../pod/tell.ts'
import type { PodWorker } from '../pod/worker.ts'
import type { PodWorkers } from '../pod/workers.ts'
import { availableMemory, filesystem } from './machine.ts'
import type { Pressure } from './object.ts'
import {
  chooseVictim,
  evictionMessage,
  type PodUse,
  pressureOf,
  type Shortage,
  type Supplies,
  shortages,
} from './pressure.ts'

interface Parts {
  services: PodServices
  workers: PodWorkers
  thresholds: EvictionThresholds
  settleMs: number
  rootDirectory: string
  paths: Paths
  clock: Clock
  log: Log
  /** Makes room on the disk without touching a pod; true if it found something. */
  collect(): Promise<boolean>
  /** The node's conditions are other than they were. */
  changed(): void
  supplies?(): Promise<Supplies>
}

const LOOK_MS = 10_000
const NO_PRESSURE: Pressure = { memory: false, disk: false, pids: false }

/** Keeps the node alive: looks at what is left of memory, disk and processes, and ends pods when it is too little. */
export class Evictor {
  readonly #parts: Parts
  #pressure = NO_PRESSURE
  #shortUntil = Number.NEGATIVE_INFINITY

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get pressure(): Pressure {
    return this.#pressure
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts
    while (!signal.aborted) {
      await this.look().catch(error => log.warn('The node could not be looked at', { error }))
      await pause(clock, LOOK_MS, signal)
    }
  }

  async look(): Promise<void> {
    const {
      supplies = () => measureSupplies(this.#parts.rootDirectory),
      thresholds,
      settleMs,
      clock,
      changed,
    } = this.#parts
    await this.#checkSizeLimits()
    let found = shortages(await supplies(), thresholds)
    const disk = found.find(one => one.resource === 'ephemeral-storage' || one.resource === 'inodes')
    if (disk && (await this.#parts.collect())) found = shortages(await supplies(), thresholds)
    if (found.length > 0) this.#shortUntil = clock.monotonic() + settleMs
    const settled = found.length === 0 && clock.monotonic() >= this.#shortUntil
    const before = this.#pressure
    if (found.length > 0 || settled) this.#pressure = pressureOf(found)
    if (JSON.stringify(before) !== JSON.stringify(this.#pressure)) changed()
    if (found[0]) await this.#evictFor(found[0])
  }

  /** One pod at a time: whether that was enough the next look will tell. */
  async #evictFor(shortage: Shortage): Promise<void> {
    const { workers, log } = this.#parts
    const running = workers.all().filter(worker => !worker.memory.ending && hasRunning(worker))
    const uses = await Promise.all(running.map(worker => this.#useOf(worker)))
    const victim = chooseVictim(shortage, uses)
    if (!victim) return log.warn('The node is short, and no pod can be ended', { signal: shortage.signal })
    this.#evict(workers.get(victim.pod.metadata.uid)!, evictionMessage(shortage, victim), 0)
  }

  #evict(worker: PodWorker, message: string, graceSeconds: number): void {
    const { services, log } = this.#parts
    log.warn('Evicting a pod', { pod: worker.pod.metadata.name, why: message })
    podTeller(services.events, worker.pod)('Warning', 'Evicted', message)
    worker.end({ why: 'evicted', reason: 'Evicted', message, graceSeconds })
  }

  async #useOf({ pod, picture }: PodWorker): Promise<PodUse> {
    const { services, paths } = this.#parts
    const seen = podContainers(pod).map(one => newest(picture, one.spec.name))
    const stats = await Promise.all(seen.filter(isRunning).map(one => services.runtime.stats(one.id)))
    const sum = (read: (one: NonNullable<(typeof stats)[number]>) => number) =>
      stats.reduce((total, one) => total + (one ? read(one) : 0), 0)
    const diskBytes = await sizeOf(podDirectory(paths, pod.metadata.uid))
    return { pod, memoryBytes: sum(one => one.workingSetBytes), pids: sum(one => one.pids), diskBytes }
  }

  /** A volume that has outgrown its own limit ends its pod, whatever the disk has left. */
  async #checkSizeLimits(): Promise<void> {
    for (const worker of this.#parts.workers.all().filter(one => !one.memory.ending && hasRunning(one))) {
      for (const volume of worker.pod.spec.volumes ?? []) {
        if (await this.#isTooBig(worker, volume)) {
          const limit = volume.emptyDir?.sizeLimit
          this.#evict(worker, `Usage of EmptyDir volume "${volume.name}" exceeds the limit "${limit}". `, 0)
        }
      }
    }
  }

  async #isTooBig({ pod }: PodWorker, { name, emptyDir }: Volume): Promise<boolean> {
    const limit = amountOf(emptyDir?.sizeLimit)
    if (!limit || emptyDir?.medium) return false
    const directory = join(
      podDirectory(this.#parts.paths, pod.metadata.uid),
      'volumes',
      'kubernetes.io~empty-dir',
      name,
    )
    return (await sizeOf(directory)) > limit
  }
}

function hasRunning({ picture }: PodWorker): boolean {
  return [...picture.containers.values()].some(attempts => attempts.some(isRunning))
}

/** Bytes on disk below a folder; what vanishes meanwhile counts nothing. */
async function sizeOf(directory: string): Promise<number> {
  const entries = (await ifPresent(fs.readdir(directory, { recursive: true, withFileTypes: true }))) ?? []
  const files = entries.filter(entry => entry.isFile())
  const sizes = await Promise.all(files.map(entry => blocksOf(join(entry.parentPath, entry.name))))
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function blocksOf(path: string): Promise<number> {
  const stats = await ifPresent(fs.lstat(path))
  return stats ? stats.blocks * 512 : 0
}

/** What is left on this machine. */
async function measureSupplies(rootDirectory: string): Promise<Supplies> {
  const disk = await filesystem(rootDirectory)
  const [running = 0, most = 0] = await countProcesses()
  return {
    memory: { available: await availableMemory(), capacity: os.totalmem() },
    disk: { available: disk.availableBytes, capacity: disk.capacityBytes },
    inodes: { available: disk.inodesFree, capacity: disk.inodes },
    pids: { available: most - running, capacity: most },
  }
}

/** Threads there are, from /proc/loadavg's "running/all", and how many there may be. */
async function countProcesses(): Promise<number[]> {
  const load = await fs.readFile('/proc/loadavg', 'utf8')
  const most = await fs.readFile('/proc/sys/kernel/pid_max', 'utf8')
  return [Number(/\d+\/(\d+)/.exec(load)?.[1] ?? 0), Number(most)]
}
