import type { Command } from 'commander'
import { DockerRuntime } from '../../kubelet/docker/runtime.ts'
import { RuntimeError } from '../../kubelet/runtime.ts'
import { readTextIfAny } from '../../platform/disk.ts'
import { readAgentConfig } from '../config.ts'
import { removeContainers } from '../remove.ts'
import { reset } from '../reset.ts'
import { systemTools, type Tools } from '../tools.ts'
import { until } from '../wait.ts'
import { runningUp } from './running.ts'

/** Where the bootstrap notes a dockerd that it started, on machines without systemd. */
const DOCKERD_PID_FILE = '/run/kubox-dockerd.pid'

export function downCommand(program: Command): void {
  program
    .command('down')
    .description('end the cluster of this machine and its pods; `npm start` brings them back')
    .option('--purge', 'remove everything that was made: cluster data, certificates, images')
    .action(async (given, command) => {
      const tools = systemTools(command.optsWithGlobals().root)
      await endForeground(tools)
      if (given.purge) await purge(tools)
      else await endPods(tools)
    })
}

async function endForeground(tools: Tools): Promise<void> {
  const pid = await runningUp(tools)
  if (pid === undefined) return
  await tools.output.step(`stopping the cluster (pid ${pid})`, async () => {
    process.kill(pid, 'SIGTERM')
    const what = `process ${pid} did not end`
    await until({ clock: tools.clock, deadlineMs: 30_000, what }, async () =>
      (await runningUp(tools)) === undefined ? true : undefined,
    )
  })
}

async function endPods(tools: Tools): Promise<void> {
  for (const name of ['kubox-agent', 'kubox-server'] as const) {
    if (await tools.daemons.stop(name)) tools.output.line(`  ${name} stopped`)
  }
  const { nodeName } = await readAgentConfig(tools.disk, tools.layout)
  const count = await tools.output.step('ending the pods', () =>
    removeContainers(new DockerRuntime(tools.clock), nodeName),
  )
  tools.output.line(
    `${count} containers ended; the cluster's data stays: 'npm start' brings all back, 'npm stop -- --purge' removes it.`,
  )
}

async function purge(tools: Tools): Promise<void> {
  await reset(tools)
  await tools.disk.remove(tools.layout.logs)
  await tools.output.step('removing images', () => removeImages(new DockerRuntime(tools.clock)))
  await endOwnDockerd(tools)
}

/** Images that were made here; one that a container of another cluster still needs stays. */
async function removeImages(runtime: DockerRuntime): Promise<void> {
  const tags = (await runtime.images()).flatMap(image => image.tags).filter(tag => tag.startsWith('kubox.io/'))
  for (const tag of tags) {
    try {
      await runtime.removeImage(tag)
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.reason !== 'Conflict') throw error
    }
  }
}

/** Docker that the bootstrap started goes as well; one that was there stays. */
async function endOwnDockerd(tools: Tools): Promise<void> {
  const pid = Number((await readTextIfAny(tools.disk, DOCKERD_PID_FILE)) ?? 0)
  if (!pid || tools.layout.root !== '/') return
  // It may have ended meanwhile, and its number be somebody else's.
  const program = await readTextIfAny(tools.disk, `/proc/${pid}/comm`)
  if (program?.trim() === 'dockerd') {
    await tools.output.step('stopping the Docker Engine that npm start had started', async () =>
      process.kill(pid, 'SIGTERM'),
    )
  }
  await tools.disk.remove(DOCKERD_PID_FILE)
}
