import { load } from 'js-yaml'
import type { Log } from '../../platform/log.ts'
import { readConfig, type SchedulerConfig } from '../../scheduler/config.ts'
import { createScheduler } from '../../scheduler/scheduler.ts'
import { FlagReader, type FlagTable } from '../flags.ts'
import type { Flags } from '../manifests.ts'
import type { Tools } from '../tools.ts'
import type { Running } from './control-plane.ts'
import { candidateName, type Links } from './links.ts'

const IN_PROCESS = { ignored: 'inside kubox server the API server is reached in process' }
const NO_PORT = { ignored: 'inside kubox server there is no port of its own' }

const SCHEDULER_FLAGS: FlagTable = {
  'authentication-kubeconfig': IN_PROCESS,
  'authorization-kubeconfig': IN_PROCESS,
  'bind-address': NO_PORT,
  config: 'text',
  kubeconfig: IN_PROCESS,
  'leader-elect': 'boolean',
}

export async function startScheduler(flags: Flags, links: Links, tools: Tools, log: Log): Promise<Running> {
  const { clock, random, layout } = tools
  const reader = FlagReader.forComponent('kube-scheduler', flags, SCHEDULER_FLAGS, layout.manifests)
  const client = links.clientAs('system:kube-scheduler')
  const config = await readSchedulerConfig(reader, tools)
  const scheduler = createScheduler({ client, clock, random, log, config, identity: candidateName() })
  await scheduler.start()
  return scheduler
}

/** The file that --config names, in Kubernetes' own form; flags beside it count where it is silent. */
async function readSchedulerConfig(flags: FlagReader, { disk }: Tools): Promise<SchedulerConfig> {
  const path = flags.text('config')
  const document = path === undefined ? {} : ((load(Buffer.from(await disk.read(path)).toString()) ?? {}) as object)
  return readConfig({ leaderElection: { leaderElect: flags.boolean('leader-elect') }, ...document })
}
