import * as fs from 'node:fs/promises'
import * as os from 'node:os'
import type { Duplex } from 'node:stream'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import type { Clock } from '../../platform/clock.ts'
import { isRunning, liveSandbox, newest } from '../pod/picture.ts'
import { podContainers } from '../pod/pod.ts'
import type { PodWorker } from '../pod/worker.ts'
import type { PodWorkers } from '../pod/workers.ts'
import type { ContainerRuntime, ContainerStats, ExecOptions, StreamSession } from '../runtime.ts'
import type { LogSource, NodeUsage, PodUsage, StreamBackend } from '../serve/backend.ts'
import type { PodDialer } from '../serve/netns.ts'
import { removeLocalVolume } from '../volume/reclaim.ts'
import { availableMemory, filesystem } from './machine.ts'

interface Parts {
  workers: PodWorkers
  runtime: ContainerRuntime
  dialer: PodDialer
  clock: Clock
  rootDirectory: string
  client: Client
  nodeName: string
}

/** What the agent's server shows and does: this node's pods as their workers know them, and the engine behind them. */
export class AgentBackend implements StreamBackend {
  readonly #parts: Parts
  readonly #startedAt: number

  constructor(parts: Parts) {
    this.#parts = parts
    this.#startedAt = parts.clock.now()
  }

  async pods(): Promise<Pod[]> {
    return this.#parts.workers.all().map(worker => ({ apiVersion: 'v1', kind: 'Pod', ...worker.pod }))
  }

  async pod(namespace: string, name: string): Promise<Pod | undefined> {
    return this.#parts.workers.find(namespace, name)?.pod
  }

  async logs(containerId: string): Promise<LogSource | undefined> {
    const detail = await this.#parts.runtime.inspect(bareId(containerId))
    return detail && { path: detail.logPath, running: detail.state === 'running' || detail.state === 'paused' }
  }

  exec(containerId: string, options: ExecOptions): Promise<StreamSession> {
    return this.#parts.runtime.exec(bareId(containerId), options)
  }

  attach(containerId: string, options: Omit<ExecOptions, 'command'>): Promise<StreamSession> {
    return this.#parts.runtime.attach(bareId(containerId), options)
  }

  async connect(pod: Pod, port: number): Promise<Duplex> {
    const worker = this.#parts.workers.get(pod.metadata?.uid ?? '')
    const sandbox = worker && liveSandbox(worker.picture)
    if (!sandbox) throw new Error(`pod ${pod.metadata?.name} has no running sandbox`)
    return this.#parts.dialer.connect(sandbox.pid, port)
  }

  async usage(): Promise<NodeUsage> {
    const pods = await Promise.all(this.#parts.workers.all().map(worker => this.#podUsage(worker)))
    return {
      startedAt: this.#startedAt,
      stats: await this.#nodeStats(),
      memoryAvailableBytes: await availableMemory(),
      filesystem: await filesystem(this.#parts.rootDirectory),
      pods: pods.filter(pod => pod !== undefined),
    }
  }

  removeLocalVolume(name: string): Promise<void> {
    return removeLocalVolume(this.#parts.client, this.#parts.nodeName, name)
  }

  async #podUsage({ pod, picture }: PodWorker): Promise<PodUsage | undefined> {
    const running = podContainers(pod).flatMap(({ spec }) => {
      const seen = newest(picture, spec.name)
      return isRunning(seen) ? [{ name: spec.name, seen }] : []
    })
    const containers = await Promise.all(
      running.map(async ({ name, seen }) => {
        const stats = await this.#parts.runtime.stats(seen.id)
        return stats && { name, startedAt: seen.startedAt ?? seen.createdAt, stats }
      }),
    )
    const { namespace, name, uid } = pod.metadata
    const startedAt = Date.parse(pod.status?.startTime ?? '') || this.#startedAt
    return { namespace, name, uid, startedAt, containers: containers.filter(one => one !== undefined) }
  }

  async #nodeStats(): Promise<ContainerStats> {
    const busyMs = os.cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
    const used = os.totalmem() - (await availableMemory())
    const pids = (await fs.readdir('/proc')).filter(name => /^\d+$/.test(name)).length
    const at = this.#parts.clock.now()
    return { at, cpuNanoseconds: busyMs * 1e6, memoryBytes: used, workingSetBytes: used, pids }
  }
}

/** `docker://ID`, as statuses show it, or the id alone. */
function bareId(containerId: string): string {
  return containerId.replace(/^docker:\/\//, '')
}
