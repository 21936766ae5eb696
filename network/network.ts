import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Node, Service } from '../api/types/core-v1.ts'
import type { EndpointSlice } from '../api/types/discovery-v1.ts'
import type { Client } from '../client/client.ts'
import { Informer } from '../client/informer.ts'
import { WorkQueue } from '../client/queue.ts'
import { ENDPOINT_SLICES, NODES, SERVICES } from '../client/resources.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import type { Log } from '../platform/log.ts'
import type { Processes } from '../platform/processes.ts'
import type { Random } from '../platform/random.ts'
import { DnsServer } from './dns/server.ts'
import { type Zone, zoneOf } from './dns/zone.ts'
import { bridgeIsFiltered, filterBridge } from './filter/bridge.ts'
import type { PacketFilter } from './filter/filter.ts'
import { filterRules, jumpsTo } from './filter/tables.ts'
import { allowHairpins, bridgeOf } from './pods/hairpin.ts'
import { keepRoutes } from './pods/routes.ts'
import { podRanges } from './pods/rules.ts'
import { servicePorts } from './services/ports.ts'
import { chainsOf, type NodeSide, natRules } from './services/rules.ts'

/**
 * network/ connects the pods of all nodes: one flat address space without translation between pods, Services in front of
 * them, names for both. Start here, then pods/ (routes), services/ (pure: objects to rules), dns/ (zone.ts is pure:
 * objects to names) and filter/ (the packet filter's one door). It imports api, client and platform.
 */
export interface NetworkOptions {
  client: Client
  processes: Processes
  disk: Disk
  filter: PacketFilter
  clock: Clock
  random: Random
  log: Log
  nodeName: string
  /** Name of the Docker network of this node's pods. */
  podNetwork: string
  dns: {
    /** Whom pods ask; none: the cluster has no DNS. */
    addresses: readonly string[]
    domain: string
    /** Who knows the names of the rest of the world. */
    upstreams(): Promise<string[]>
  }
}

export interface Network {
  start(): Promise<void>
  stop(): Promise<void>
}

const RECHECK_MS = 30_000
/** Fixed, so that pods that asked before the agent started anew find it again. */
const DNS_PORT = 10_053

/** Keeps this node's routes, packet filter and names as the cluster's objects want them. */
export function createNetwork(options: NetworkOptions): Network {
  return new NodeNetwork(options)
}

class NodeNetwork implements Network {
  readonly #options: NetworkOptions
  readonly #nodes: Informer<Node>
  readonly #services: Informer<Service>
  readonly #slices: Informer<EndpointSlice>
  readonly #queue: WorkQueue
  readonly #dns: DnsServer
  #dnsPort: number | undefined
  #askers = new BlockList()
  #zone: Zone | undefined
  /** What the filter was told last; '' when it has to be told again, whatever that was. */
  #told = ''

  constructor(options: NetworkOptions) {
    this.#options = options
    const { client, clock, random, log } = options
    const informer = { clock, random, log }
    this.#nodes = new Informer(client.resource<Node>(NODES), informer)
    this.#services = new Informer(client.resource<Service>(SERVICES), informer)
    this.#slices = new Informer(client.resource<EndpointSlice>(ENDPOINT_SLICES), informer)
    this.#queue = new WorkQueue({ name: 'network', clock, log, workers: 1, work: key => this.#work(key) })
    this.#dns = new DnsServer({
      ...{ clock, log, port: DNS_PORT, upstreams: options.dns.upstreams },
      zone: () => this.#currentZone(),
      mayAsk: address => this.#askers.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'),
    })
  }

  async start(): Promise<void> {
    const { log, nodeName, dns, disk, processes } = this.#options
    await filterBridge(disk, processes, log)
    if (dns.addresses.length > 0) this.#dnsPort = await this.#dns.listen()
    const changed = () => {
      this.#zone = undefined
      this.#queue.add('change')
    }
    const informers = [this.#nodes, this.#services, this.#slices]
    for (const informer of informers) {
      informer.addHandler({ added: changed, updated: changed, deleted: changed })
      informer.start()
    }
    await Promise.all(informers.map(informer => informer.synced()))
    this.#queue.start()
    this.#queue.add('recheck')
    log.info('keeping routes, Services and names of the cluster', { node: nodeName, dnsPort: this.#dnsPort })
  }

  /** Routes and rules stay: pods go on while the agent is away. */
  async stop(): Promise<void> {
    await this.#queue.stop()
    await Promise.all([this.#nodes.stop(), this.#services.stop(), this.#slices.stop()])
    await this.#dns.close()
  }

  async #work(key: string): Promise<void> {
    // Docker rewrites its chains when it restarts, and an interface that comes back has lost its routes: look again.
    if (key === 'recheck') {
      this.#told = ''
      this.#queue.addAfter('recheck', RECHECK_MS)
    }
    await this.#tellFilter()
    await keepRoutes(this.#options, this.#nodes.list())
    await this.#openBridge()
  }

  async #openBridge(): Promise<void> {
    const range = this.#ownRange()
    const bridge = range && bridgeOf(range, networkInterfaces())
    if (bridge) await allowHairpins(bridge, this.#options.disk)
  }

  #ownRange(): string | undefined {
    return this.#nodes.list().find(({ metadata }) => metadata.name === this.#options.nodeName)?.spec?.podCIDR
  }

  async #tellFilter(): Promise<void> {
    const { filter, nodeName } = this.#options
    const node = await this.#nodeSide()
    this.#admitAskers(node.podRanges)
    const ports = servicePorts(this.#services.list(), this.#slices.list(), nodeName)
    const wanted = filterRules(ports, node) + natRules(ports, node, [])
    if (wanted === this.#told) return
    await filter.apply(filterRules(ports, node))
    await filter.apply(natRules(ports, node, await filter.chains('nat', node.chains.prefix)))
    if (this.#told === '') for (const jump of jumpsTo(node.chains)) await filter.jump(jump)
    this.#told = wanted
  }

  async #nodeSide(): Promise<NodeSide> {
    const { dns, podNetwork, disk } = this.#options
    return {
      chains: chainsOf(podNetwork),
      podRanges: podRanges(this.#nodes.list()),
      unfilteredRange: (await bridgeIsFiltered(disk)) ? undefined : this.#ownRange(),
      dns: this.#dnsPort === undefined ? undefined : { addresses: dns.addresses, port: this.#dnsPort },
    }
  }

  /** Pods, and this node itself. */
  #admitAskers(ranges: readonly string[]): void {
    const askers = new BlockList()
    askers.addSubnet('127.0.0.0', 8)
    for (const range of ranges) {
      const [address = '', length] = range.split('/')
      askers.addSubnet(address, Number(length))
    }
    for (const { address, family } of Object.values(networkInterfaces()).flatMap(infos => infos ?? []))
      if (family === 'IPv4') askers.addAddress(address)
    this.#askers = askers
  }

  #currentZone(): Zone {
    this.#zone ??= zoneOf(this.#services.list(), this.#slices.list(), this.#options.dns.domain)
    return this.#zone
  }
}
