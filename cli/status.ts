import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Node } from '../api/types/core-v1.ts'
import { createClient } from '../client/client.ts'
import { httpTransport } from '../client/http.ts'
import { readKubeconfig } from '../client/kubeconfig.ts'
import { NODES } from '../client/resources.ts'
import { DockerRuntime } from '../kubelet/docker/runtime.ts'
import { readTextIfAny } from '../platform/disk.ts'
import { type AgentConfig, readAgentConfig } from './config.ts'
import type { DaemonName } from './daemons/daemons.ts'
import { IdentityFile, JOIN_AGAIN, ranOutAt } from './identity.ts'
import { COMPONENTS, manifestPath } from './manifests.ts'
import { table, UserError } from './output.ts'
import { systemTools, type Tools } from './tools.ts'
import { runningUp } from './up/running.ts'

/** One thing that has to be right for this machine to work, in the order in which they need each other. */
interface Stage {
  name: string
  /** What is well, in a few words; throws with what is wrong. */
  look(): Promise<string>
}

export function statusCommand(program: Command): void {
  program
    .command('status')
    .description('look at every stage of this machine, and name the first that fails')
    .action(async (_, command) => status(systemTools(command.optsWithGlobals().root)))
}

async function status(tools: Tools): Promise<void> {
  const config = await readAgentConfig(tools.disk, tools.layout)
  const rows: string[][] = [['STAGE', 'STATE', 'DETAIL']]
  let broken: string | undefined
  for (const stage of await stagesOf(config, tools)) {
    try {
      rows.push([stage.name, 'ok', await stage.look()])
    } catch (error) {
      broken ??= stage.name
      rows.push([stage.name, 'FAILED', error instanceof Error ? error.message : String(error)])
    }
  }
  tools.output.line(table(rows))
  if (broken) throw new UserError(`${broken} fails`, 'what stands below it may only fail along with it')
}

async function stagesOf(config: AgentConfig, tools: Tools): Promise<Stage[]> {
  const isMaster = await hasManifests(tools)
  const server: Stage[] = isMaster ? [{ name: 'control plane', look: () => daemon('kubox-server', tools) }] : []
  return [
    { name: 'docker', look: () => docker(tools) },
    ...server,
    { name: 'API server', look: () => apiserver(tools) },
    { name: 'agent', look: () => daemon('kubox-agent', tools) },
    { name: 'certificate', look: () => certificate(tools) },
    { name: 'node', look: () => node(config.nodeName, tools) },
  ]
}

async function hasManifests({ disk, layout }: Tools): Promise<boolean> {
  const texts = await Promise.all(COMPONENTS.map(name => readTextIfAny(disk, manifestPath(layout.manifests, name))))
  return texts.some(text => text !== undefined)
}

async function docker({ clock }: Tools): Promise<string> {
  const { version, cgroupDriver } = await new DockerRuntime(clock).info()
  return `${version}, cgroup driver ${cgroupDriver}`
}

async function daemon(name: DaemonName, tools: Tools): Promise<string> {
  const foreground = await runningUp(tools)
  if (foreground !== undefined) return `in the foreground, pid ${foreground}`
  if (await tools.daemons.isRunning(name)) return 'runs'
  throw new Error(`${name} does not run; see ${tools.daemons.logCommand(name)}`)
}

async function asNode<T>(
  tools: Tools,
  work: (client: ReturnType<typeof createClient>, server: string) => Promise<T>,
): Promise<T> {
  const { server, credentials } = await readKubeconfig(tools.disk, join(tools.layout.kubernetes, 'kubelet.conf'))
  const transport = httpTransport({ server, credentials, clock: tools.clock })
  try {
    return await work(createClient(transport), server)
  } finally {
    await transport.close()
  }
}

function apiserver(tools: Tools): Promise<string> {
  return asNode(tools, async (client, server) => {
    const answer = await client.transport.request({ method: 'GET', path: '/readyz?verbose' })
    if (answer.status !== 200) throw new Error(`${server} is not ready (${answer.status})`)
    return `${server} is ready`
  })
}

async function certificate({ disk, layout, clock }: Tools): Promise<string> {
  const pair = await new IdentityFile(layout.kubelet, 'kubelet-client-current', disk).read()
  if (!pair) throw new Error(`this node has none; ${JOIN_AGAIN}`)
  const since = ranOutAt(pair, clock.now())
  if (since) throw new Error(`it ran out on ${since.toISOString()}; ${JOIN_AGAIN}`)
  return `valid until ${new X509Certificate(pair.certificate).validToDate.toISOString()}`
}

function node(name: string, tools: Tools): Promise<string> {
  return asNode(tools, async client => {
    const found = await client.resource<Node>(NODES).get(name)
    const ready = found.status?.conditions?.find(({ type }) => type === 'Ready')
    if (ready?.status !== 'True') throw new Error(`${name} is not Ready: ${ready?.message ?? 'it has never reported'}`)
    return `${name} is Ready`
  })
}
