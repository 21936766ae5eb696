import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep, systemClock } from '../../platform/clock.ts'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { DockerRuntime } from '../docker/runtime.ts'

const READY_WITHIN_MS = 60_000

/** A Docker Engine of the test's own, to be killed, stopped and started; without a bridge: its pods use the node's network. */
export class OwnDocker {
  readonly folder: string
  readonly socket: string
  readonly #liveRestore: boolean
  #process: ChildProcess | undefined

  /** With `diskSize`, e.g. `64m`, its folder is a disk of its own that is no larger. */
  static async start(liveRestore: boolean, diskSize?: string): Promise<OwnDocker> {
    // Paths of sockets are short.
    const docker = new OwnDocker(await fs.mkdtemp(join(tmpdir(), 'kd-')), liveRestore)
    if (diskSize) await mountDisk(docker.folder, diskSize)
    await docker.start()
    return docker
  }

  private constructor(folder: string, liveRestore: boolean) {
    this.folder = folder
    this.socket = join(folder, 'd.sock')
    this.#liveRestore = liveRestore
  }

  async start(): Promise<void> {
    const at = (name: string) => join(this.folder, name)
    await fs.rm(at('pid'), { force: true })
    const args = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid')]
    const modes = ['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--cgroup-parent', '/kubelet-test']
    const log = await fs.open(at('log'), 'a')
    // In a network namespace of its own: a dockerd without a bridge removes docker0, which is the machine's.
    this.#process = spawn(
      'unshare',
      [
        '--net',
        'dockerd',
        ...args,
        ...modes,
        '--host',
        `unix://${this.socket}`,
        ...(this.#liveRestore ? ['--live-restore'] : []),
      ],
      { stdio: ['ignore', log.fd, log.fd] },
    )
    await log.close()
    await this.#answers()
  }

  async #answers(): Promise<void> {
    const runtime = new DockerRuntime(systemClock, { socketPath: this.socket })
    const end = systemClock.monotonic() + READY_WITHIN_MS
    for (;;) {
      try {
        await runtime.info()
        return
      } catch (error) {
        if (systemClock.monotonic() > end) throw error
      }
      await sleep(systemClock, 200)
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name)
  }

  /** As a crash does it. */
  async kill(): Promise<void> {
    if (!this.#process || this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
    await this.#endOfContainerd()
  }

  /** The containerd of an engine dies with it, a moment later; a new engine would wait for the old one in vain. */
  async #endOfContainerd(): Promise<void> {
    const file = join(this.folder, 'exec/containerd/containerd.pid')
    const pid = (await fs.readFile(file, 'utf8')).trim()
    const isAlive = async () => /^State:\s+[^Z]/m.test(await fs.readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))
    while (await isAlive()) await sleep(systemClock, 50)
    await fs.rm(file)
  }

  /** An engine that was killed leaves its mounts, the one it makes of its own folder among them. */
  async #unmount(): Promise<void> {
    const lines = (await fs.readFile('/proc/self/mountinfo', 'utf8')).split('\n')
    const points = lines
      .map(line => line.split(' ')[4] ?? '')
      .filter(point => `${point}/`.startsWith(`${this.folder}/`))
    for (const point of points.reverse()) await runChecked(systemProcesses, 'umount', [point])
  }

  /** Ends it with its containers, and removes what it made. */
  async remove(): Promise<void> {
    if (this.#process?.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit')
      this.#process.kill('SIGTERM')
      await ended
    }
    await this.#unmount()
    await fs.rm(this.folder, { recursive: true, force: true })
  }
}

async function mountDisk(folder: string, size: string): Promise<void> {
  await runChecked(systemProcesses, 'mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'kubelet-test', folder])
}
