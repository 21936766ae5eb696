import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Pod } from '../../api/types/core-v1.ts'
import type { ExecOptions, StreamSession } from '../runtime.ts'
import type { LogSource, NodeUsage, StreamBackend } from './backend.ts'

/**
 * Pods that are nothing but processes of this machine: exec runs a command here, a port is a port of the loopback, logs
 * are files that the test writes. No Docker, no root.
 */
export class FakeStreamBackend implements StreamBackend {
  readonly list: Pod[] = []
  readonly logSources = new Map<string, LogSource>()
  /** What each exec and attach was started with. */
  readonly started: { containerId: string; options: Omit<ExecOptions, 'command'> & { command?: string[] } }[] = []
  /** Sessions that were cut because their client had gone. */
  killed = 0
  /** Where a pod's port really is: the present run of its server, also after a restart. */
  readonly ports = new Map<number, number>()
  usageNow: NodeUsage | undefined
  readonly removedVolumes: string[] = []
  /** What attach joins; by default a program that says back what it is told. */
  attachCommand = ['cat']

  async pods(): Promise<Pod[]> {
    return this.list
  }

  async pod(namespace: string, name: string): Promise<Pod | undefined> {
    return this.list.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name)
  }

  async logs(containerId: string): Promise<LogSource | undefined> {
    return this.logSources.get(containerId)
  }

  async exec(containerId: string, options: ExecOptions): Promise<StreamSession> {
    this.started.push({ containerId, options })
    return await this.#run(options.command, options)
  }

  async attach(containerId: string, options: Omit<ExecOptions, 'command'>): Promise<StreamSession> {
    this.started.push({ containerId, options })
    const session = await this.#run(this.attachCommand, options)
    return { ...session, exited: session.exited.then(() => undefined) }
  }

  async connect(_pod: Pod, port: number): Promise<Duplex> {
    const socket = connect({
      host: '127.0.0.1',
      port: this.ports.get(port) ?? port,
      allowHalfOpen: true,
      noDelay: true,
    })
    await once(socket, 'connect')
    return socket
  }

  async removeLocalVolume(name: string): Promise<void> {
    this.removedVolumes.push(name)
  }

  async usage(): Promise<NodeUsage> {
    if (!this.usageNow) throw new Error('the test has set no usage')
    return this.usageNow
  }

  async #run(command: string[], options: Omit<ExecOptions, 'command'>): Promise<StreamSession> {
    const [program = '', ...args] = command
    const child = spawn(program, args, { stdio: 'pipe' })
    await once(child, 'spawn')
    if (!options.stdin && !options.tty) child.stdin.end()
    if (!options.stdout) child.stdout.resume()
    if (!options.stderr) child.stderr.resume()
    const exited = once(child, 'close').then(([code]) => (code as number | null) ?? 137)
    return {
      stdin: options.stdin ? child.stdin : undefined,
      stdout: options.stdout ? child.stdout : undefined,
      stderr: options.stderr ? child.stderr : undefined,
      exited,
      async resize({ width, height }) {
        // A process without a terminal cannot be told; the size is said to it instead, for tests to see.
        child.stdin.write(`size ${width}x${height}\n`)
      },
      kill: async () => {
        this.killed++
        child.kill('SIGKILL')
        await exited
      },
    }
  }
}

/** A pod whose containers all run, with ids made from their names. */
export function runningPod(name: string, containers: string[] = ['main'], namespace = 'default'): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid: `uid-${name}` },
    spec: { nodeName: 'node1', containers: containers.map(each => ({ name: each, image: 'none' })) },
    status: {
      phase: 'Running',
      containerStatuses: containers.map(each => ({
        name: each,
        image: 'none',
        imageID: '',
        ready: true,
        restartCount: 0,
        containerID: `docker://${name}-${each}`,
        state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
      })),
    },
  }
}
