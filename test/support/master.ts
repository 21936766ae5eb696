import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteStore } from '../../apiserver/storage/remote.ts'
import type { Store } from '../../apiserver/storage/store.ts'
import type { Master } from '../../cli/init/master.ts'
import { prepareMaster } from '../../cli/init/prepare.ts'
import { settleCluster } from '../../cli/init/settle.ts'
import { systemTools } from '../../cli/tools.ts'
import { type Client, createClient } from '../../client/client.ts'
import { type HttpTransport, httpTransport } from '../../client/http.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import { systemClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { eventually } from './eventually.ts'
import { freePorts } from './ports.ts'

const KUBOX = [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, '../../cli/main.ts'),
]

/** The control plane of a master as `kubox server` runs it, in a process of its own that may be killed; no agent, no Docker. */
export class MasterProcess {
  readonly root: string
  readonly #master: Master
  readonly #etcdPort: number
  readonly #transports: HttpTransport[] = []
  #child: ChildProcess | undefined
  #asking: Client | undefined

  private constructor(root: string, master: Master, etcdPort: number) {
    this.root = root
    this.#master = master
    this.#etcdPort = etcdPort
  }

  /** Made, started and set up as by `init`. */
  static async make(): Promise<MasterProcess> {
    const root = await mkdtemp(join(tmpdir(), 'kubox-master-'))
    const [bindPort = 0, kubeletPort = 0, etcdClientPort = 0, etcdPeerPort = 0] = await freePorts(4)
    const quiet = { line() {}, step: <T>(_: string, work: (tell: () => void) => Promise<T>) => work(() => {}) }
    const tools = { ...systemTools(root), output: quiet }
    const options = {
      ...{
        advertiseAddress: '127.0.0.1',
        nodeName: 'master',
        podNetwork: 'none',
        failSwapOn: false,
        fixSwap: false,
        extraNames: [],
      },
      ...{ bindPort, kubeletPort, etcdClientPort, etcdPeerPort },
      ...{ podNetworkCidr: '10.244.0.0/16', serviceCidr: '10.96.0.0/16', dnsDomain: 'cluster.local' },
    }
    const made = new MasterProcess(root, await prepareMaster(options, tools), etcdClientPort)
    made.start()
    try {
      await settleCluster(made.#master, tools)
      return made
    } catch (cause) {
      const said = await made.log()
      await made.remove()
      throw new Error(`the control plane did not come up: ${said}`, { cause })
    }
  }

  start(): void {
    const log = openSync(this.#logPath, 'a', 0o600)
    const [program = '', ...first] = KUBOX
    this.#child = spawn(program, [...first, '--root', this.root, 'server'], { stdio: ['ignore', log, log] })
    closeSync(log)
  }

  /** The power cut of a process. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async ready(): Promise<void> {
    this.#asking ??= await this.client()
    const { transport } = this.#asking
    await eventually(
      { what: 'the API server is ready', deadlineMs: 180_000, everyMs: 50, evidence: () => this.log() },
      async () => (await transport.request({ method: 'GET', path: '/readyz' })).status === 200,
    )
  }

  /** As the cluster's administrator. */
  async client(): Promise<Client> {
    const { server, credentials } = await readKubeconfig(systemDisk, join(this.root, 'etc/kubernetes/super-admin.conf'))
    const transport = httpTransport({ server, credentials, clock: systemClock })
    this.#transports.push(transport)
    return createClient(transport)
  }

  /** The store behind the API server, with all that it remembers. */
  openStore(): Store {
    const { certificate, key } = this.#master.pki.apiserverEtcdClient
    const tls = { ca: this.#master.pki.etcdAuthority.certificatePem, cert: certificate, key }
    return createRemoteStore({ endpoints: [`https://127.0.0.1:${this.#etcdPort}`], tls, clock: systemClock })
  }

  async log(): Promise<string> {
    return (await readFile(this.#logPath, 'utf8')).split('\n').slice(-80).join('\n')
  }

  async remove(): Promise<void> {
    await Promise.all(this.#transports.map(transport => transport.close()))
    await this.#end('SIGTERM')
    await rm(this.root, { recursive: true, force: true })
  }

  get #logPath(): string {
    return join(this.root, 'kubox-server.log')
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
  }
}
