import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareMaster } from '../../cli/init/prepare.ts'
import { type Component, manifestPath, readManifestFlags, writeManifest } from '../../cli/manifests.ts'
import { systemTools, type Tools } from '../../cli/tools.ts'
import { VERSION } from '../../cli/version.ts'
import { type Client, createClient, readBody } from '../../client/client.ts'
import { httpTransport } from '../../client/http.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import { systemClock as clock } from '../../platform/clock.ts'
import { systemDisk as disk } from '../../platform/disk.ts'
import { freePorts } from '../support/ports.ts'
import { releasedKubox } from '../support/release.ts'
import { collect, until } from '../support/running.ts'

/** Processor seconds since the start, and memory now and at most, in MB: of the whole control plane, which is one process. */
export interface Usage {
  cpu: number
  memory: number
  peak: number
}

/**
 * A control plane exactly as users have it: the release executable's `kubox server` in a process of its own, with its store on disk, spoken to over
 * TLS. What plays users and nodes is the benchmark's own process.
 */
export interface Master {
  client: Client
  usage(): Usage
  /** Requests served so far, watches and all. */
  calls(): Promise<number>
  stop(): Promise<void>
}

export interface MasterOptions {
  /** Without them there are no service accounts either: pods are then admitted without. */
  controllers: boolean
  /** Flags beside those that `kubox init` writes. */
  flags?: Partial<Record<Component, Record<string, string>>>
}

export async function startMaster({ controllers, flags = {} }: MasterOptions): Promise<Master> {
  const root = await mkdtemp(join(tmpdir(), 'kubox-bench-'))
  const tools: Tools = { ...systemTools(root), output: SILENT }
  await prepare(tools)
  if (!controllers) {
    await disk.remove(manifestPath(tools.layout.manifests, 'kube-controller-manager'))
    await setFlags(tools, 'kube-apiserver', { 'disable-admission-plugins': 'ServiceAccount' })
  }
  for (const [component, own] of Object.entries(flags)) await setFlags(tools, component as Component, own)
  const child = spawn(await releasedKubox(), ['--root', root, 'server'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = collect(child)
  const { server, credentials } = await readKubeconfig(disk, join(tools.layout.kubernetes, 'super-admin.conf'))
  const transport = httpTransport({ server, credentials, clock })
  const client = createClient(transport)
  await untilReady(client, child, said)
  return {
    client,
    usage: () => usageOf(child.pid!),
    calls: () => countCalls(client),
    async stop() {
      await transport.close()
      child.kill('SIGTERM')
      await until(() => child.exitCode !== null || child.signalCode !== null, said.text)
      await rm(root, { recursive: true, force: true })
    },
  }
}

const SILENT: Tools['output'] = { line: () => {}, step: (_, work) => work(() => {}) }

async function prepare(tools: Tools): Promise<void> {
  const [bindPort = 0, kubeletPort = 0, etcdClientPort = 0, etcdPeerPort = 0] = await freePorts(4)
  await prepareMaster(
    {
      ...{ bindPort, kubeletPort, etcdClientPort, etcdPeerPort, nodeName: 'bench-master' },
      ...{ podNetworkCidr: '10.0.0.0/8', serviceCidr: '172.20.0.0/16', dnsDomain: 'cluster.local' },
      ...{ extraNames: [], failSwapOn: false, fixSwap: false, podNetwork: 'kubox-bench' },
    },
    tools,
  )
}

async function setFlags({ layout }: Tools, component: Component, own: Record<string, string>): Promise<void> {
  const present = await readManifestFlags(disk, layout.manifests, component)
  await writeManifest(disk, layout.manifests, component, new Map([...present!, ...Object.entries(own)]), VERSION)
}

async function untilReady(client: Client, child: ChildProcess, said: { text(): string }): Promise<void> {
  let ready = false
  const ask = async () => {
    while (!ready && child.exitCode === null) {
      const answer = await client.transport.request({ method: 'GET', path: '/readyz' }).catch(() => undefined)
      if (answer) await readBody(answer)
      ready = answer?.status === 200
      if (!ready) await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
  void ask()
  await until(() => ready, said.text)
}

const TICKS_A_SECOND = 100

function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND,
    memory: megabytes('VmRSS'),
    peak: megabytes('VmHWM'),
  }
}

async function countCalls(client: Client): Promise<number> {
  const text = await readBody(await client.transport.request({ method: 'GET', path: '/metrics' }))
  const counts = [...text.matchAll(/^apiserver_request_total\{.*\} (\d+)$/gm)]
  return counts.reduce((sum, [, count]) => sum + Number(count), 0)
}
