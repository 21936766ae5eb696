import type { Command } from 'commander'
import { type Log, openLog } from '../../platform/log.ts'
import { readAgentConfig } from '../config.ts'
import { readManifestFlags } from '../manifests.ts'
import { systemTools, type Tools } from '../tools.ts'
import { startApiserver } from './apiserver.ts'
import { ControlPlane, type Running } from './control-plane.ts'
import { startControllers } from './controllers.ts'
import { startEtcd } from './etcd.ts'
import { Links } from './links.ts'
import type { Host } from './mirror-pods.ts'
import { MirrorPublisher } from './mirror-publisher.ts'
import { renewCertificates } from './renewal.ts'
import { startScheduler } from './scheduler.ts'

export function serverCommand(program: Command): void {
  program
    .command('server')
    .description('run the control plane of this master, as its manifests say')
    .action(async (_, command) => {
      const tools = systemTools(command.optsWithGlobals().root)
      const server = await startControlPlane(tools, openLog('kubox'))
      await new Promise(resolve => {
        process.once('SIGINT', resolve)
        process.once('SIGTERM', resolve)
      })
      await server.stop()
    })
}

/** All components that have a manifest, in this process. */
export async function startControlPlane(tools: Tools, log: Log): Promise<Running> {
  await renewCertificates(tools, log)
  const links = new Links()
  const publisher = new MirrorPublisher({
    client: links.clientAsSystem(),
    host: await ownHost(tools),
    clock: tools.clock,
    log: log.child('mirror'),
  })
  const plane = new ControlPlane({
    manifests: tools.layout.manifests,
    starters: {
      etcd: (flags, onFailure) => startEtcd(flags, links, tools, log.child('etcd'), onFailure),
      'kube-apiserver': flags => startApiserver(flags, links, tools, log.child('apiserver')),
      'kube-controller-manager': flags => startControllers(flags, links, tools, log.child('controllers')),
      'kube-scheduler': flags => startScheduler(flags, links, tools, log.child('scheduler')),
    },
    disk: tools.disk,
    clock: tools.clock,
    log,
    onChange: states => publisher.publish(states),
  })
  await plane.start()
  return {
    async stop() {
      await publisher.stop()
      await plane.stop()
    },
  }
}

/** The node that this master is as well: its components are shown there. */
async function ownHost({ disk, layout }: Tools): Promise<Host> {
  const { nodeName } = await readAgentConfig(disk, layout)
  const flags = await readManifestFlags(disk, layout.manifests, 'kube-apiserver')
  return { nodeName, address: flags?.get('advertise-address') ?? '127.0.0.1' }
}
