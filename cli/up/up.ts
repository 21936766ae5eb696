import { join } from 'node:path'
import type { Command } from 'commander'
import type { Clock } from '../../platform/clock.ts'
import { readTextIfAny, writeFileAtomic } from '../../platform/disk.ts'
import { openLog } from '../../platform/log.ts'
import { startAgent } from '../agent/agent.ts'
import { rangesOf, readInitOptions, withInitOptions } from '../init/init.ts'
import type { InitOptions, Master } from '../init/master.ts'
import { prepareMaster } from '../init/prepare.ts'
import { awaitNode, settleCluster, withSuperAdmin } from '../init/settle.ts'
import { table, UserError } from '../output.ts'
import { checkMachine } from '../preflight.ts'
import type { Running } from '../server/control-plane.ts'
import { startControlPlane } from '../server/server.ts'
import { systemTools, type Tools } from '../tools.ts'
import { writeUserKubeconfig } from '../user-kubeconfig.ts'
import { ensureHelloImage, ensureHelloPod, podRow } from './first-pod.ts'
import { runningUp, upPidFile } from './running.ts'

export function upCommand(program: Command): void {
  const command = program.command('up').description('run a one-machine cluster in the foreground, with a first pod')
  withInitOptions(command).action(async (given, self) => {
    await up(readInitOptions(given), systemTools(self.optsWithGlobals().root))
  })
}

/** Control plane and agent in this one process, until it is told to stop. */
async function up(options: InitOptions, tools: Tools): Promise<void> {
  const { output, layout, daemons } = tools
  if ((await daemons.isRunning('kubox-server')) || (await daemons.isRunning('kubox-agent'))) {
    throw new UserError('a cluster already runs on this machine as a service', "use it, or end it with 'kubox reset'")
  }
  await refuseSecond(tools)
  const stopping = stopSignal(tools.clock)
  output.line('kubox up: a cluster on this machine')
  const known = await isKnown(tools)
  const request = {
    failSwapOn: options.failSwapOn,
    fixSwap: options.fixSwap,
    ports: [options.bindPort, options.kubeletPort],
    ranges: rangesOf(options),
  }
  await checkMachine(request, tools)
  const master = await prepareMaster(options, tools)
  await leavePid(tools)
  const log = openLog('kubox', 'info', join(layout.logs, 'kubox-up.log'))
  const parts: Running[] = []
  try {
    parts.push(await output.step('starting the control plane', () => startControlPlane(tools, log)))
    await settleCluster(master, tools, `see ${layout.logs}/kubox-up.log`)
    const since = tools.clock.now()
    parts.push(await output.step('starting the agent', () => startAgent(tools, log)))
    await awaitNode(master.nodeName, since, tools, `see ${layout.logs}/kubox-up.log`)
    await showFirstPod(tools)
    output.line(await nextCommands(master, known, tools))
    await stopping
  } finally {
    await output.step('stopping', () => stopAll(parts))
    await tools.disk.remove(upPidFile(tools))
  }
  output.line("Stopped. Pods keep running; the next start finds this cluster again, 'npm stop' ends its pods.")
}

/** Last started, first stopped. */
async function stopAll(parts: readonly Running[]): Promise<void> {
  for (const part of [...parts].reverse()) await part.stop()
}

async function leavePid(tools: Tools): Promise<void> {
  await tools.disk.makeDirectory(tools.layout.logs)
  await tools.disk.makeDirectory(tools.layout.run)
  await writeFileAtomic(tools.disk, upPidFile(tools), String(process.pid))
}

async function refuseSecond(tools: Tools): Promise<void> {
  const pid = await runningUp(tools)
  if (pid !== undefined)
    throw new UserError(`this cluster is up already (pid ${pid})`, 'stop that one with Ctrl-C, or with npm stop')
}

/** Ctrl-C or a service manager; a second one ends the process at once. */
function stopSignal(clock: Clock): Promise<void> {
  return new Promise(resolve => {
    let askedAt: number | undefined
    const ask = () => {
      const now = clock.monotonic()
      // A terminal's Ctrl-C reaches every process of npm's group, and some of them pass it on: that is one wish, not two.
      if (askedAt !== undefined && now - askedAt > 1000) process.exit(130)
      askedAt ??= now
      resolve()
    }
    process.on('SIGINT', ask)
    process.on('SIGTERM', ask)
  })
}

async function isKnown({ disk, layout }: Tools): Promise<boolean> {
  return (await readTextIfAny(disk, join(layout.kubernetes, 'admin.conf'))) !== undefined
}

async function showFirstPod(tools: Tools): Promise<void> {
  await tools.output.step('making the first pod’s image', () => ensureHelloImage(tools))
  const pod = await tools.output.step('running the first pod', () =>
    withSuperAdmin(tools, client => ensureHelloPod(client, tools)),
  )
  tools.output.line()
  tools.output.line(table(podRow(pod, tools.clock.now())))
}

async function nextCommands(master: Master, known: boolean, tools: Tools): Promise<string> {
  const admin = join(tools.layout.kubernetes, 'admin.conf')
  const kubectl = tools.layout.root === '/' ? await writeUserKubeconfig(tools) : `export KUBECONFIG=${admin}`
  return `
${known ? 'Your cluster is back' : 'Your cluster is ready'}: ${master.server}, node ${master.nodeName}.
${kubectl}

Type in another terminal:

  kubectl get nodes -o wide
  kubectl describe pod hello
  kubectl logs -f hello
  kubectl exec -it hello -- sh
  kubectl port-forward hello 8888:8080        # then: curl http://127.0.0.1:8888/

Ctrl-C stops the cluster.`
}
