import { type Command, InvalidArgumentError } from 'commander'
import { DEFAULT_AGENT_CONFIG } from '../config.ts'
import { parseDuration } from '../flags.ts'
import { checkMachine } from '../preflight.ts'
import { readTtl } from '../token.ts'
import { selfCommand, systemTools, type Tools } from '../tools.ts'
import { writeUserKubeconfig } from '../user-kubeconfig.ts'
import { FEW_VMS, type InitOptions, type Master } from './master.ts'
import { prepareMaster } from './prepare.ts'
import type { ClusterRanges } from './ranges.ts'
import { awaitNode, makeToken, settleCluster } from './settle.ts'
import { joinCommand } from './setup-cluster.ts'
import { describeSync, measureSync } from './sync-speed.ts'

/** The options of `init` and `up`: kubeadm's names and defaults. */
export function withInitOptions(command: Command): Command {
  return command
    .option('--apiserver-advertise-address <ip>', 'the address that other machines reach this one by')
    .option('--apiserver-bind-port <port>', 'port of the API server', Number, 6443)
    .option('--apiserver-cert-extra-sans <names>', 'more names for the API server certificate', commaList, [])
    .option('--node-name <name>', 'name of this node; the host name otherwise')
    .option('--pod-network-cidr <cidr>', 'range that pods get addresses from', '10.244.0.0/16')
    .option('--service-cidr <cidr>', 'range that Services get addresses from', '10.96.0.0/12')
    .option('--service-dns-domain <name>', 'domain of the cluster', 'cluster.local')
    .option('--etcd-servers <urls>', 'use this etcd cluster instead of the built-in store')
    .option('--etcd-port <port>', 'client port of the built-in store; peers use the next one', Number, 2379)
    .option('--kubelet-port <port>', 'port of the agent', Number, DEFAULT_AGENT_CONFIG.port)
    .option(
      '--node-monitor-grace-period <duration>',
      'how long a node may be silent before it counts as lost',
      duration,
      FEW_VMS.gracePeriod,
    )
    .option(
      '--default-not-ready-toleration-seconds <seconds>',
      'how long pods stay on a node that is not ready, unless they say otherwise; Kubernetes has 300',
      seconds,
      FEW_VMS.notReadySeconds,
    )
    .option(
      '--default-unreachable-toleration-seconds <seconds>',
      'the same for a node that is silent',
      seconds,
      FEW_VMS.unreachableSeconds,
    )
    .option('--pod-network <name>', 'name of the Docker network of this node’s pods', DEFAULT_AGENT_CONFIG.podNetwork)
    .option('--fail-swap-on <bool>', 'refuse to start while swap is on', yesNo, true)
    .option('--fix-swap', 'turn swap off on this machine, for good', false)
}

const commaList = (text: string): string[] => text.split(',').filter(part => part !== '')
const seconds = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a number of seconds.')
  return Number(text)
}
const duration = (text: string): string => {
  if (parseDuration(text) === undefined) throw new InvalidArgumentError('It must be a duration such as 40s or 2m.')
  return text
}
const yesNo = (text: string): boolean => text !== 'false'

export function readInitOptions(given: Record<string, unknown>): InitOptions {
  return {
    advertiseAddress: given.apiserverAdvertiseAddress as string | undefined,
    bindPort: given.apiserverBindPort as number,
    nodeName: given.nodeName as string | undefined,
    podNetworkCidr: given.podNetworkCidr as string,
    serviceCidr: given.serviceCidr as string,
    dnsDomain: given.serviceDnsDomain as string,
    extraNames: given.apiserverCertExtraSans as string[],
    failSwapOn: given.failSwapOn as boolean,
    fixSwap: given.fixSwap as boolean,
    etcdClientPort: given.etcdPort as number,
    etcdPeerPort: (given.etcdPort as number) + 1,
    etcdServers: given.etcdServers as string | undefined,
    kubeletPort: given.kubeletPort as number,
    podNetwork: given.podNetwork as string,
    lostNodes: {
      gracePeriod: given.nodeMonitorGracePeriod as string,
      notReadySeconds: given.defaultNotReadyTolerationSeconds as number,
      unreachableSeconds: given.defaultUnreachableTolerationSeconds as number,
    },
  }
}

export function initCommand(program: Command): void {
  withInitOptions(program.command('init').description('make this machine the master of a new cluster'))
    .option('--token <token>', 'the token that workers join with; a new one otherwise')
    .option('--token-ttl <duration>', 'how long the token is valid', '24h0m0s')
    .action(async (given, command) => {
      const tools = systemTools(command.optsWithGlobals().root)
      await init(readInitOptions(given), { token: given.token, ttlMs: readTtl(given.tokenTtl) }, tools)
    })
}

async function init(options: InitOptions, token: { token?: string; ttlMs: number }, tools: Tools): Promise<void> {
  const { output, daemons, layout } = tools
  output.line('kubox init')
  const ranges = rangesOf(options)
  const { failSwapOn, fixSwap } = options
  // A second init finds the first one's parts on their ports: they are started anew.
  const ports = (await daemons.isRunning('kubox-server')) ? [] : portsOf(options)
  await checkMachine({ failSwapOn, fixSwap, ports, ranges }, tools)
  if (!options.etcdServers)
    output.line(`  ${describeSync(layout.etcd, await measureSync(layout.etcd, tools.disk, tools.clock))}`)
  const master = await prepareMaster(options, tools)
  const rootFlag = layout.root === '/' ? [] : ['--root', layout.root]
  await output.step('starting the control plane', () =>
    daemons.start({
      name: 'kubox-server',
      description: 'kubox control plane',
      command: selfCommand('server', ...rootFlag),
    }),
  )
  await settleCluster(master, tools, `see what it says: ${daemons.logCommand('kubox-server')}`)
  const joinToken = await makeToken(tools, token.token, token.ttlMs)
  const since = tools.clock.now()
  await output.step('starting the agent', () =>
    daemons.start({ name: 'kubox-agent', description: 'kubox node agent', command: selfCommand('agent', ...rootFlag) }),
  )
  await awaitNode(master.nodeName, since, tools, `see what it says: ${daemons.logCommand('kubox-agent')}`)
  output.line()
  output.line(await successMessage(master, joinToken, tools))
}

/** The addresses that the cluster is going to give to its pods and Services. */
export const rangesOf = (options: InitOptions): ClusterRanges => ({
  pods: options.podNetworkCidr,
  services: options.serviceCidr,
})

function portsOf(options: InitOptions): number[] {
  const etcd = options.etcdServers ? [] : [options.etcdClientPort, options.etcdPeerPort]
  return [options.bindPort, options.kubeletPort, ...etcd]
}

async function successMessage(master: Master, token: string, tools: Tools): Promise<string> {
  const kubectl =
    tools.layout.root === '/'
      ? await writeUserKubeconfig(tools)
      : `export KUBECONFIG=${tools.layout.kubernetes}/admin.conf`
  const { endpoint, pki } = master
  return `Your Kubernetes control-plane has initialized successfully!

${kubectl}. Any other user:

  mkdir -p $HOME/.kube
  sudo cp -i ${tools.layout.kubernetes}/admin.conf $HOME/.kube/config
  sudo chown $(id -u):$(id -g) $HOME/.kube/config

Then you can join any number of worker nodes by running the following on each as root:

${joinCommand({ endpoint, token, authorityHash: pki.authority.publicKeyHash })}
`
}
