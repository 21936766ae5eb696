import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunOptions, type RunResult, systemProcesses } from '../../platform/processes.ts'
import { randomBelow, systemRandom } from '../../platform/random.ts'
import { freePorts } from './ports.ts'

const SOURCES = [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, '../../cli/main.ts'),
]

export interface ClusterOptions {
  /** Program and first arguments; the sources by default, the release bundle for tests of that. */
  kubox?: readonly string[]
  initFlags?: readonly string[]
}

/** A real cluster on this machine: files under a folder of its own, free ports, a pod network of its own. */
export interface TestCluster {
  root: string
  kubeconfig: string
  apiserverPort: number
  etcdPort: number
  nodeName: string
  /** What `init` printed. */
  said: string
  kubox(...args: string[]): Promise<RunResult>
  kubectl(path: string, args: readonly string[], options?: RunOptions): Promise<RunResult>
  /** The last lines of the components' logs, for a test that failed. */
  evidence(): Promise<string>
  stop(): Promise<void>
}

export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const root = await mkdtemp(join(tmpdir(), 'kubox-test-'))
  const [apiserverPort = 0, kubeletPort = 0, etcdPort = 0] = await freePorts(3)
  const place = randomBelow(systemRandom, 50)
  const name = root.slice(root.lastIndexOf('-') + 1).toLowerCase()
  const cluster = handle(root, options.kubox ?? SOURCES, { apiserverPort, etcdPort, nodeName: `test-${name}` })
  const flags = {
    'apiserver-bind-port': apiserverPort,
    'kubelet-port': kubeletPort,
    'etcd-port': etcdPort,
    'node-name': `test-${name}`,
    'pod-network': `kubox-test-${name}`,
    // Clusters beside each other on one machine must not answer for each other.
    'pod-network-cidr': `10.${200 + place}.0.0/16`,
    'service-cidr': `10.${140 + place}.0.0/16`,
  }
  const words = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
  const result = await cluster.kubox('init', ...words, ...(options.initFlags ?? []))
  if (result.code === 0) return { ...cluster, said: result.stdout }
  const evidence = await cluster.evidence()
  await cluster.stop()
  throw new Error(`kubox init ended with code ${result.code}\n${result.stdout}${result.stderr}\n${evidence}`)
}

type Facts = Pick<TestCluster, 'apiserverPort' | 'etcdPort' | 'nodeName'>

function handle(root: string, program: readonly string[], facts: Facts): TestCluster {
  const [command = '', ...first] = program
  const kubeconfig = join(root, 'etc/kubernetes/admin.conf')
  const kubox = (...args: string[]) =>
    systemProcesses.run(command, [...first, '--root', root, ...args], { timeoutMs: 300_000 })
  return {
    ...facts,
    root,
    kubeconfig,
    said: '',
    kubox,
    kubectl: (path, args, options = {}) =>
      systemProcesses.run(path, args, {
        timeoutMs: 300_000,
        ...options,
        env: { KUBECONFIG: kubeconfig, HOME: root, ...options.env },
      }),
    evidence: () => tails(join(root, 'var/log/kubox'), ['kubox-server.log', 'kubox-agent.log']),
    async stop() {
      const result = await kubox('reset', '--force')
      await rm(root, { recursive: true, force: true })
      if (result.code !== 0) throw new Error(`kubox reset failed: ${result.stdout}${result.stderr}`)
    },
  }
}

async function tails(folder: string, names: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    names.map(async name => {
      const text = await readFile(join(folder, name), 'utf8').catch(error => `(no log: ${error.message})`)
      return `--- ${name}\n${text.split('\n').slice(-60).join('\n')}`
    }),
  )
  return parts.join('\n')
}
