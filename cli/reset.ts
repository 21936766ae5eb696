import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { DockerRuntime } from '../kubelet/docker/runtime.ts'
import { type AgentConfig, readAgentConfig } from './config.ts'
import { UserError } from './output.ts'
import { removeContainers, removeTraces } from './remove.ts'
import { systemTools, type Tools } from './tools.ts'
import { runningUp } from './up/running.ts'
import { removeUserKubeconfig } from './user-kubeconfig.ts'

export function resetCommand(program: Command): void {
  program
    .command('reset')
    .description('remove everything that kubox made on this machine')
    .option('-f, --force', 'do not ask')
    .action(async (given, command) => {
      const tools = systemTools(command.optsWithGlobals().root)
      if (!given.force) await confirm(tools)
      await reset(tools)
    })
}

async function confirm(tools: Tools): Promise<void> {
  const dialogue = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await dialogue.question(
    `This removes all pods of this machine with their local volumes and, on a master, the cluster's data in ${tools.layout.etcd}. Go on? [y/N] `,
  )
  dialogue.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new UserError('nothing was removed')
}

export async function reset(tools: Tools): Promise<void> {
  const { output, daemons } = tools
  const up = await runningUp(tools)
  if (up !== undefined)
    throw new UserError(`a cluster is up in the foreground (pid ${up})`, 'stop it with Ctrl-C or npm stop first')
  for (const name of ['kubox-agent', 'kubox-server'] as const) {
    if (await daemons.stop(name)) output.line(`  ${name} stopped`)
  }
  const config = await knownAgent(tools)
  if (config) await removeNode(config, tools)
  if (tools.layout.root === '/') await removeUserKubeconfig(tools)
  await output.step('removing files', () => removeFiles(tools))
  output.line(await proof(config, tools))
}

/** A machine that never joined, or was reset before, has no agent to clean up after. */
async function knownAgent(tools: Tools): Promise<AgentConfig | undefined> {
  try {
    return await readAgentConfig(tools.disk, tools.layout)
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

async function removeNode(config: AgentConfig, tools: Tools): Promise<void> {
  const runtime = new DockerRuntime(tools.clock)
  await tools.output.step('removing containers', () => removeContainers(runtime, config.nodeName))
  await tools.output.step('removing networks, routes, rules and mounts', () => removeTraces(config, runtime, tools))
}

async function removeFiles({ disk, layout }: Tools): Promise<void> {
  const { kubelet, etcd, podLogs, volumes, run, kubernetes } = layout
  for (const folder of [kubelet, etcd, podLogs, volumes, run, kubernetes]) await disk.remove(folder)
}

/** What is left, looked up and not assumed. */
async function proof(config: AgentConfig | undefined, tools: Tools): Promise<string> {
  const containers = config ? await new DockerRuntime(tools.clock).list({ 'io.kubox.node': config.nodeName }) : []
  const folders = [tools.layout.kubelet, tools.layout.etcd, tools.layout.volumes, tools.layout.kubernetes]
  const files = (await Promise.all(folders.map(folder => tools.disk.list(folder)))).flat()
  if (containers.length > 0 || files.length > 0) {
    throw new UserError(`left behind: ${[...containers.map(({ name }) => `container ${name}`), ...files].join(', ')}`)
  }
  return 'Reset: no container, network, mount, rule or file of kubox is left on this machine.'
}
