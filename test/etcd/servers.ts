/**
 * test/etcd/ is what the store's end-to-end tests and its benchmark share: members of kubox and of the real etcd as processes
 * (servers.ts), and their tools' output without what differs from run to run (normal.ts).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { freePorts } from '../support/ports.ts'

export interface ServerSpec {
  /** Program and first arguments: kubox's `etcd` command or the real etcd. */
  command: readonly string[]
  name?: string
  /** More flags, such as those of a cluster. */
  flags?: readonly string[]
  directory?: string
  clientPort?: number
  peerPort?: number
}

export const KUBOX_ETCD: readonly string[] = [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, '../../cli/main.ts'),
  'etcd',
]

/** Booting takes a second of processor time, which a busy machine may give it little by little. */
const BOOT_MS = 120_000

/** A member as a process of its own. */
export class EtcdProcess {
  readonly spec: Required<ServerSpec>
  child: ChildProcess
  readonly #own: boolean

  private constructor(spec: Required<ServerSpec>, child: ChildProcess, own: boolean) {
    this.spec = spec
    this.child = child
    this.#own = own
  }

  static async start(spec: ServerSpec): Promise<EtcdProcess> {
    const server = await EtcdProcess.launch(spec)
    await server.ready()
    return server
  }

  /** Does not wait until it serves. */
  static async launch(spec: ServerSpec): Promise<EtcdProcess> {
    const [clientPort = 0, peerPort = 0] = await freePorts(2)
    const directory = spec.directory ?? (await mkdtemp(join(tmpdir(), 'kubox-etcd-')))
    const whole = { name: 'default', flags: [], directory, clientPort, peerPort, ...spec }
    return new EtcdProcess(whole, await run(whole), spec.directory === undefined)
  }

  get endpoint(): string {
    return `127.0.0.1:${this.spec.clientPort}`
  }

  get pid(): number {
    return this.child.pid!
  }

  /** Waits until it serves; whoever has ended meanwhile never will. */
  async ready(): Promise<void> {
    const { name } = this.spec
    await eventually({ what: `${name} serves`, deadlineMs: BOOT_MS, evidence: () => this.#evidence() }, async () => {
      if (this.#end !== null) return true
      const answer = await fetch(`http://${this.endpoint}/health`).catch(() => undefined)
      return answer?.status === 200
    })
    if (this.#end !== null) throw new Error(`${name} ended with ${this.#end}: ${await this.log()}`)
  }

  /** The power cut of a process. */
  async kill(): Promise<void> {
    await ended(this.child, 'SIGKILL')
  }

  async restart(): Promise<void> {
    this.child = await run(this.spec)
  }

  /** The exit code or the signal that ended it; null while it lives. */
  get #end(): number | NodeJS.Signals | null {
    return this.child.exitCode ?? this.child.signalCode
  }

  /** A member that is stuck and one that gets no processor look alike in the log. */
  async #evidence(): Promise<string> {
    const stat = await readFile(`/proc/${this.pid}/stat`, 'utf8')
    const [, state, user, system] = /\) (\S)(?: \S+){10} (\d+) (\d+)/.exec(stat) ?? []
    const processorMs = (Number(user) + Number(system)) * 10
    return `its process is in state ${state} and had ${processorMs} ms of processor time\n${await this.log()}`
  }

  /** The end of its log. */
  async log(): Promise<string> {
    return (await this.#lines()).slice(-30).join('\n')
  }

  /** How many lines of its log match. */
  async logged(pattern: RegExp): Promise<number> {
    return (await this.#lines()).filter(line => pattern.test(line)).length
  }

  async #lines(): Promise<string[]> {
    return (await readFile(join(this.spec.directory, 'log'), 'utf8')).split('\n')
  }

  async stop(): Promise<void> {
    await ended(this.child, 'SIGTERM')
    if (this.#own) await rm(this.spec.directory, { recursive: true })
  }
}

async function run({
  command,
  name,
  flags,
  directory,
  clientPort,
  peerPort,
}: Required<ServerSpec>): Promise<ChildProcess> {
  const log = await open(join(directory, 'log'), 'a')
  const clientUrl = `http://127.0.0.1:${clientPort}`
  const peerUrl = `http://127.0.0.1:${peerPort}`
  const args = [
    ...command.slice(1),
    ...['--name', name, '--data-dir', join(directory, 'data')],
    ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ...(flags.includes('--initial-cluster') ? [] : ['--initial-cluster', `${name}=${peerUrl}`]),
    ...flags,
  ]
  const child = spawn(command[0]!, args, { stdio: ['ignore', log.fd, log.fd] })
  await log.close()
  return child
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const over = new Promise<void>(resolve => child.once('exit', () => resolve()))
  child.kill(signal)
  await over
}
