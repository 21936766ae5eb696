import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type Client, createClient } from '../../client/client.ts'
import { type HttpTransport, httpTransport } from '../../client/http.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import { type Agent, createAgent } from '../../kubelet/agent.ts'
import { DockerRuntime } from '../../kubelet/docker/runtime.ts'
import { type AgentOptions, DEFAULT_OPTIONS } from '../../kubelet/options.ts'
import { iptablesFilter } from '../../network/filter/filter.ts'
import { createNetwork, type Network } from '../../network/network.ts'
import type { KeyPair } from '../../pki/authority.ts'
import { type Log, openLog } from '../../platform/log.ts'
import { type AgentConfig, readAgentConfig } from '../config.ts'
import { IdentityFile } from '../identity.ts'
import { localEndTowards } from '../local-end.ts'
import { BUILT_IN_ANNOTATION } from '../manifests.ts'
import { checkNoSwap } from '../preflight.ts'
import { systemTools, type Tools } from '../tools.ts'
import { MAC_ANNOTATION, macOf } from '../twins.ts'
import { KUBERNETES_VERSION } from '../version.ts'
import { askApiServer } from './access.ts'
import { AddressKeeper } from './address-keeper.ts'
import { clusterDnsAddresses, nodeServers } from './dns.ts'
import { IdentityKeeper } from './identity-keeper.ts'
import { machineGoesDown } from './machine.ts'
import { persist } from './persist.ts'

export function agentCommand(program: Command): void {
  program
    .command('agent')
    .description('run the agent of this node')
    .action(async (_, command) => {
      const tools = systemTools(command.optsWithGlobals().root)
      const agent = await startAgent(tools, openLog('kubox'))
      await new Promise(resolve => {
        process.once('SIGINT', resolve)
        process.once('SIGTERM', resolve)
      })
      await agent.stop()
    })
}

/** The agent and the network of this node, in this process. A server that is not there yet is waited for. */
export async function startAgent(tools: Tools, log: Log): Promise<{ stop(): Promise<void> }> {
  const config = await readAgentConfig(tools.disk, tools.layout)
  if (config.failSwapOn) await checkNoSwap(tools)
  const { server, credentials } = await readKubeconfig(tools.disk, join(tools.layout.kubernetes, 'kubelet.conf'))
  const transport = httpTransport({
    server,
    credentials,
    clock: tools.clock,
    userAgent: `kubox-agent/${KUBERNETES_VERSION}`,
  })
  const measure = async () => config.nodeIp ?? (await localEndTowards(server))
  const nodeIp = await persist('reach the API server', tools.clock, log, measure)
  const node = new NodeProcess({ tools, log, config, transport, authority: credentials.ca ?? '', nodeIp, measure })
  await node.start()
  return node
}

interface NodeContext {
  tools: Tools
  log: Log
  config: AgentConfig
  transport: HttpTransport
  /** PEM of the cluster's authority. */
  authority: string
  /** As measured at the start, and anew. */
  nodeIp: string
  measure(): Promise<string>
}

class NodeProcess {
  readonly #context: NodeContext
  readonly #identity: IdentityKeeper
  readonly #address: AddressKeeper
  #agent: Agent | undefined
  #network: Network | undefined

  constructor(context: NodeContext) {
    this.#context = context
    const { tools, log, config, transport, nodeIp, measure, authority } = context
    const changed = () => this.#addressChanged()
    this.#address = new AddressKeeper({ first: nodeIp, measure, clock: tools.clock, log, changed })
    this.#identity = new IdentityKeeper({
      client: createClient(transport),
      nodeName: config.nodeName,
      clientFile: new IdentityFile(tools.layout.kubelet, 'kubelet-client-current', tools.disk),
      servingFile: new IdentityFile(tools.layout.kubelet, 'kubelet-server-current', tools.disk),
      clock: tools.clock,
      random: tools.random,
      log,
      addresses: () => [this.#address.address],
      onClientPair: pair => transport.setCredentials({ ca: authority, certificate: pair.certificate, key: pair.key }),
      onServingPair: pair => this.#agent?.renewCertificate({ ...pair, clientCa: authority }),
    })
  }

  async start(): Promise<void> {
    const { tools, log, config, transport } = this.#context
    const client = createClient(transport)
    const dns = await this.#clusterDns(client)
    this.#agent = createAgent(
      agentOptions(this.#context, () => this.#address.address, await this.#identity.firstPair(), dns),
    )
    await this.#agent.start()
    await this.#identity.start()
    this.#address.start()
    this.#network = createNetwork({
      client,
      processes: tools.processes,
      disk: tools.disk,
      filter: iptablesFilter(tools.processes),
      clock: tools.clock,
      random: tools.random,
      log: log.child('network'),
      nodeName: config.nodeName,
      podNetwork: config.podNetwork,
      dns: { addresses: dns, domain: config.clusterDomain, upstreams: () => nodeServers(tools.disk, dns) },
    })
    await this.#network.start()
  }

  /** Connections from the former address would only time out. */
  #addressChanged(): void {
    this.#context.transport.reconnect()
    this.#agent?.addressChanged()
    void this.#identity.check()
  }

  /** Whom pods ask for names: as configured, or else the Service that init made for it. */
  async #clusterDns(client: Client): Promise<string[]> {
    const { config, tools, log } = this.#context
    if (config.clusterDNS.length > 0) return config.clusterDNS
    return persist("find the cluster's DNS", tools.clock, log, () => clusterDnsAddresses(client))
  }

  /** Pods go on without the agent, unless the machine goes as well: then they end in order first. */
  async stop(): Promise<void> {
    const { tools, log } = this.#context
    if (await machineGoesDown(tools.processes, log)) await this.#agent?.shutDown()
    this.#address.stop()
    await this.#identity.stop()
    await this.#network?.stop()
    await this.#agent?.stop()
    await this.#context.transport.close()
  }
}

function agentOptions(
  { tools, log, config, transport, authority }: NodeContext,
  nodeIp: () => string,
  serving: KeyPair,
  clusterDns: string[],
): AgentOptions {
  const { layout, clock, random, disk, processes } = tools
  const client = createClient(transport)
  const mac = macOf(nodeIp(), networkInterfaces())
  return {
    ...DEFAULT_OPTIONS,
    nodeName: config.nodeName,
    client,
    runtime: new DockerRuntime(clock),
    clock,
    random,
    log: log.child('agent'),
    disk,
    processes,
    paths: { root: layout.kubelet, manifests: layout.manifests, podLogs: layout.podLogs },
    nodeIp,
    network: { name: config.podNetwork },
    awaitPodCidr: true,
    clusterDns,
    clusterDomain: config.clusterDomain,
    labels: config.nodeLabels,
    annotations: mac ? { [MAC_ANNOTATION]: mac } : {},
    taints: config.registerWithTaints,
    maxPods: config.maxPods,
    kubeletVersion: KUBERNETES_VERSION,
    serving: {
      host: '0.0.0.0',
      port: config.port,
      ...serving,
      clientCa: authority,
      access: askApiServer(client, config.nodeName),
    },
    runsElsewhere: pod => pod.metadata.annotations?.[BUILT_IN_ANNOTATION] !== undefined,
  }
}
