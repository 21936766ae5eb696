import { join as joinPath } from 'node:path'
import type { Command } from 'commander'
import { isReason } from '../api/errors.ts'
import type { Node } from '../api/types/core-v1.ts'
import { type Client, createClient, type ResourceClient } from '../client/client.ts'
import { httpTransport } from '../client/http.ts'
import { NODES } from '../client/resources.ts'
import { AGENT_REACHABLE, REACHABLE } from '../controller/nodes/reachability.ts'
import { parseBootstrapToken } from '../pki/bootstrap-token.ts'
import { readTextIfAny, writeFileAtomic } from '../platform/disk.ts'
import { DEFAULT_AGENT_CONFIG, writeAgentConfig } from './config.ts'
import { type Discovered, discoverCluster } from './discovery.ts'
import { CLIENT_SIGNER, IdentityFile, requestCertificate } from './identity.ts'
import { nodeNameOf, writeNodeKubeconfig } from './init/prepare.ts'
import { isReadySince } from './init/settle.ts'
import { localEndTowards } from './local-end.ts'
import { UserError } from './output.ts'
import { checkMachine } from './preflight.ts'
import { selfCommand, systemTools, type Tools } from './tools.ts'
import { identityOfMachine, type MachineIdentity, twinProblem } from './twins.ts'
import { until } from './wait.ts'

interface JoinOptions {
  endpoint: string
  token: string
  pins: string[]
  nodeName: string
  kubeletPort: number
  podNetwork: string
  failSwapOn: boolean
  fixSwap: boolean
}

const NEW_TOKEN = "make a new one on the master: 'kubox token create --print-join-command'"

export function joinCommand(program: Command): void {
  program
    .command('join <endpoint>')
    .description('make this machine a node of the cluster at ADDRESS:6443')
    .requiredOption('--token <token>', 'from the master: kubox token create')
    .requiredOption(
      '--discovery-token-ca-cert-hash <hash...>',
      'sha256:... of the cluster’s authority, as init printed it',
    )
    .option('--node-name <name>', 'name of this node; the host name otherwise')
    .option('--kubelet-port <port>', 'port of the agent', Number, DEFAULT_AGENT_CONFIG.port)
    .option('--pod-network <name>', 'name of the Docker network of this node’s pods', DEFAULT_AGENT_CONFIG.podNetwork)
    .option('--fail-swap-on <bool>', 'refuse to start while swap is on', (text: string) => text !== 'false', true)
    .option('--fix-swap', 'turn swap off on this machine, for good', false)
    .action(async (endpoint: string, given, command) => {
      const options = readOptions(endpoint, given)
      await join(options, systemTools(command.optsWithGlobals().root))
    })
}

function readOptions(endpoint: string, given: Record<string, unknown>): JoinOptions {
  const token = String(given.token)
  const pins = given.discoveryTokenCaCertHash as string[]
  if (!/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d+$/.test(endpoint))
    throw new UserError(`${JSON.stringify(endpoint)} must be ADDRESS:PORT, such as 192.168.56.10:6443`)
  if (!parseBootstrapToken(token)) throw new UserError(`--token must have the form abcdef.0123456789abcdef`, NEW_TOKEN)
  const bad = pins.find(pin => !/^sha256:[0-9a-f]{64}$/i.test(pin))
  if (bad) throw new UserError(`--discovery-token-ca-cert-hash ${bad} must be sha256: and 64 hexadecimal digits`)
  return {
    endpoint,
    token,
    pins: pins.map(pin => pin.toLowerCase()),
    nodeName: nodeNameOf(given.nodeName as string | undefined),
    kubeletPort: given.kubeletPort as number,
    podNetwork: given.podNetwork as string,
    failSwapOn: given.failSwapOn as boolean,
    fixSwap: given.fixSwap as boolean,
  }
}

async function join(options: JoinOptions, tools: Tools): Promise<void> {
  const { output, daemons, layout } = tools
  output.line('kubox join')
  // A node that joins again, as its certificate has run out, may still have its agent: that one is replaced.
  const ports = (await daemons.isRunning('kubox-agent')) ? [] : [options.kubeletPort]
  const { failSwapOn, fixSwap, endpoint } = options
  await checkMachine({ failSwapOn, fixSwap, ports, master: `https://${endpoint}` }, tools)
  const cluster = await output.step('finding the cluster', () => discoverCluster(options, tools.clock))
  const address = await localEndTowards(cluster.server)
  output.line(`  address ${address}: the local end of the connection to the master`)
  await becomeNode(cluster, address, options, tools)
  const rootFlag = layout.root === '/' ? [] : ['--root', layout.root]
  const since = tools.clock.now()
  await output.step('starting the agent', () =>
    daemons.start({ name: 'kubox-agent', description: 'kubox node agent', command: selfCommand('agent', ...rootFlag) }),
  )
  await awaitOwnNode(cluster, options, since, tools)
  output.line(`\nThis node has joined the cluster. On the master, 'kubectl get nodes' shows ${options.nodeName}.`)
}

/** Gets this machine's identity and writes the files that the agent starts from. */
async function becomeNode(cluster: Discovered, address: string, options: JoinOptions, tools: Tools): Promise<void> {
  const { disk, layout } = tools
  const credentials = { ca: cluster.authorityPem, token: options.token }
  const transport = httpTransport({ server: cluster.server, credentials, clock: tools.clock })
  try {
    const client = createClient(transport)
    await tools.output.step('comparing with the nodes that are there', async () =>
      refuseTwins(client, await identityOfMachine(options.nodeName, address, disk)),
    )
    const wish = { signer: CLIENT_SIGNER, nodeName: options.nodeName } as const
    const pair = await tools.output.step('getting a certificate', () => requestCertificate(client, wish, tools.clock))
    const identity = new IdentityFile(layout.kubelet, 'kubelet-client-current', disk)
    await identity.write(pair)
    await disk.makeDirectory(layout.pki)
    await writeFileAtomic(disk, joinPath(layout.pki, 'ca.crt'), cluster.authorityPem)
    await writeNodeKubeconfig(cluster.server, cluster.authorityPem, options.nodeName, identity.path, tools)
    const { nodeName, kubeletPort: port, podNetwork, failSwapOn } = options
    await writeAgentConfig(disk, layout, { ...DEFAULT_AGENT_CONFIG, nodeName, port, podNetwork, failSwapOn })
  } finally {
    await transport.close()
  }
}

/** A clone of a VM brings the names and numbers of its original: named here, before it does harm. */
async function refuseTwins(client: Client, self: MachineIdentity): Promise<void> {
  const { items } = await listNodes(client)
  for (const node of items) {
    const problem = twinProblem(node, self)
    if (problem) throw problem
  }
}

async function listNodes(client: Client) {
  try {
    return await client.resource<Node>(NODES).list()
  } catch (cause) {
    if (isReason(cause, 'Unauthorized'))
      throw new UserError('the token is unknown to the cluster, or has expired', NEW_TOKEN, { cause })
    throw cause
  }
}

async function awaitOwnNode(cluster: Discovered, options: JoinOptions, since: number, tools: Tools): Promise<void> {
  const identity = await readTextIfAny(tools.disk, joinPath(tools.layout.kubelet, 'pki/kubelet-client-current.pem'))
  const credentials = { ca: cluster.authorityPem, certificate: identity, key: identity }
  const transport = httpTransport({ server: cluster.server, credentials, clock: tools.clock })
  const { output, clock } = tools
  const what = `node ${options.nodeName} did not become Ready`
  const remedy = `see what the agent says: ${tools.daemons.logCommand('kubox-agent')}`
  try {
    const nodes = createClient(transport).resource<Node>(NODES)
    await output.step(`waiting for node ${options.nodeName} to be Ready`, () =>
      until({ clock, deadlineMs: 60_000, what, remedy }, async () =>
        isReadySince(await nodes.get(options.nodeName), since) ? true : undefined,
      ),
    )
    const warning = await output.step('being called back by the master', () => dialBackWarning(nodes, options, tools))
    if (warning) output.line(warning)
  } finally {
    await transport.close()
  }
}

const DIAL_BACK_MS = 15_000

/** What people would only notice at the first `kubectl logs`: the master reaches the agent, or a firewall is in between. */
async function dialBackWarning(
  nodes: ResourceClient<Node>,
  { nodeName, kubeletPort, endpoint }: JoinOptions,
  { clock }: Tools,
): Promise<string | undefined> {
  const what = `the master has not said whether it reaches ${nodeName}`
  const verdict = await until({ clock, deadlineMs: DIAL_BACK_MS, what }, async () => {
    const { metadata } = await nodes.get(nodeName)
    return metadata.annotations?.[AGENT_REACHABLE]
  }).catch(error => {
    if (error instanceof UserError) return `unknown: ${error.message}`
    throw error
  })
  if (verdict === REACHABLE) return undefined
  const master = endpoint.replace(/:\d+$/, '')
  return `  WARNING: the master cannot reach this agent on port ${kubeletPort} (${verdict}): kubectl logs, exec, port-forward and
  top will fail for pods of this node. Open the port here: ufw allow from ${master} to any port ${kubeletPort} proto tcp`
}
