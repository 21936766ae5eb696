import { createControllerManager, type ManagerOptions } from '../../controller/manager.ts'
import { Authority } from '../../pki/authority.ts'
import type { Log } from '../../platform/log.ts'
import { FlagReader, type FlagTable } from '../flags.ts'
import type { Flags } from '../manifests.ts'
import { UserError } from '../output.ts'
import type { Tools } from '../tools.ts'
import type { Running } from './control-plane.ts'
import { candidateName, type Links } from './links.ts'
import { signerOf } from './signer.ts'

const IN_PROCESS = { ignored: 'inside kubox server the API server is reached in process' }
const NO_PORT = { ignored: 'inside kubox server there is no port of its own' }

const CONTROLLER_FLAGS: FlagTable = {
  'allocate-node-cidrs': 'boolean',
  'authentication-kubeconfig': IN_PROCESS,
  'authorization-kubeconfig': IN_PROCESS,
  'bind-address': NO_PORT,
  'cluster-cidr': 'text',
  'cluster-signing-cert-file': 'text',
  'cluster-signing-key-file': 'text',
  controllers: 'list',
  kubeconfig: IN_PROCESS,
  'leader-elect': 'boolean',
  'node-cidr-mask-size': 'number',
  'node-monitor-grace-period': 'duration',
  'root-ca-file': 'text',
  'service-account-private-key-file': { ignored: 'tokens are signed by the API server' },
  'service-cluster-ip-range': { ignored: 'addresses of Services are given by the API server' },
  'terminated-pod-gc-threshold': 'number',
  'use-service-account-credentials': IN_PROCESS,
}

export async function startControllers(flags: Flags, links: Links, tools: Tools, log: Log): Promise<Running> {
  const { clock, random, layout } = tools
  const reader = FlagReader.forComponent('kube-controller-manager', flags, CONTROLLER_FLAGS, layout.manifests)
  const options: ManagerOptions = {
    client: links.clientAs('system:kube-controller-manager'),
    clock,
    random,
    log,
    leaderElect: reader.boolean('leader-elect') ?? true,
    identity: candidateName(),
    rootCa: await readFile(reader.text('root-ca-file'), tools),
    signer: await signer(reader, tools),
    clusterCidr: (reader.boolean('allocate-node-cidrs') ?? false) ? reader.text('cluster-cidr') : undefined,
    nodeCidrMaskSize: reader.number('node-cidr-mask-size'),
    nodeMonitorGracePeriodMs: reader.duration('node-monitor-grace-period'),
    terminatedPodThreshold: reader.number('terminated-pod-gc-threshold'),
    disabled: disabledControllers(reader.list('controllers')),
  }
  const manager = createControllerManager(options)
  await manager.start()
  links.metrics = manager.metrics
  const stop = async () => {
    links.metrics = undefined
    await manager.stop()
  }
  return { stop }
}

/** --controllers=*,-name: all but those with a minus. */
function disabledControllers(list: readonly string[] = ['*']): string[] {
  const named = list.filter(name => name !== '*' && !name.startsWith('-'))
  if (named.length > 0)
    throw new UserError(`--controllers=${list.join(',')}: name only what is left out, as in *,-${named[0]}`)
  return list.filter(name => name.startsWith('-')).map(name => name.slice(1))
}

async function signer(flags: FlagReader, tools: Tools) {
  const certificate = await readFile(flags.text('cluster-signing-cert-file'), tools)
  const key = await readFile(flags.text('cluster-signing-key-file'), tools)
  return certificate && key ? signerOf(new Authority({ certificate, key }, tools.clock, tools.random)) : undefined
}

async function readFile(path: string | undefined, { disk }: Tools): Promise<string | undefined> {
  return path === undefined ? undefined : Buffer.from(await disk.read(path)).toString()
}
