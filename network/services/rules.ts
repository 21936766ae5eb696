import { createHash } from 'node:crypto'
import type { ServicePort, Target } from './ports.ts'

/** What the rules of a node depend on besides its Services. */
export interface NodeSide {
  chains: Chains
  /** Addresses of the pods of all nodes: who has another is outside of the cluster's network. */
  podRanges: readonly string[]
  /** Those of this node's own pods, where packets between two of them pass the bridge and not this filter. */
  unfilteredRange?: string
  /** The cluster's DNS: who asks these addresses is answered by a port of this node. */
  dns?: { addresses: readonly string[]; port: number }
}

/** The names of our chains; those that a Service brings along begin as they do. */
export interface Chains {
  prefix: string
  services: string
  nodePorts: string
  mark: string
  outsiders: string
  postrouting: string
  forward: string
  input: string
  refuse: string
}

/** A packet that carries it leaves with this node's own address, so that its answer comes back this way. */
export const MASQUERADE_BIT = '0x4000/0x4000'

/** The table `nat`: where packets to Services go. `present` are our chains that are there now; stale ones are removed. */
export function natRules(ports: readonly ServicePort[], node: NodeSide, present: readonly string[]): string {
  const { services, nodePorts, mark, outsiders, postrouting } = node.chains
  const parts = ports.map(port => rulesOf(port, node))
  const chains = [services, nodePorts, mark, outsiders, postrouting, ...parts.flatMap(part => part.chains)]
  const stale = present.filter(chain => !chains.includes(chain))
  return [
    '*nat',
    ...[...chains, ...stale].map(chain => `:${chain} - [0:0]`),
    ...masqueradeRules(node),
    ...dnsRules(node),
    ...parts.flatMap(part => part.rules),
    `-A ${services} ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j ${nodePorts}`,
    ...stale.map(chain => `-X ${chain}`),
    'COMMIT',
    '',
  ].join('\n')
}

function masqueradeRules({ podRanges, chains: { mark, outsiders, postrouting } }: NodeSide): string[] {
  return [
    `-A ${mark} -j MARK --set-xmark ${MASQUERADE_BIT}`,
    ...podRanges.map(range => `-A ${outsiders} -s ${range} -j RETURN`),
    `-A ${outsiders} -j ${mark}`,
    `-A ${postrouting} -m mark ! --mark ${MASQUERADE_BIT} -j RETURN`,
    `-A ${postrouting} -j MARK --set-xmark 0x0/0x4000`,
    `-A ${postrouting} -j MASQUERADE --random-fully`,
  ]
}

function dnsRules({ dns, chains }: NodeSide): string[] {
  if (!dns) return []
  return dns.addresses.flatMap(address =>
    ['udp', 'tcp'].map(
      protocol => `-A ${chains.services} -d ${address}/32 ${to(protocol, 53)} -j REDIRECT --to-ports ${dns.port}`,
    ),
  )
}

interface Part {
  chains: string[]
  rules: string[]
}

/** A port without targets has no rules here: the table `filter` refuses its packets. */
function rulesOf(port: ServicePort, node: NodeSide): Part {
  const inside = balance('IN', port, port.inside, node)
  const outside = port.keepsSource ? balance('OUT', port, port.outside, node) : inside
  const entrance = entranceChain(port, inside, outside, node)
  return {
    chains: [...new Set([...inside.chains, ...outside.chains, ...entrance.chains])],
    rules: [...new Set([...inside.rules, ...outside.rules, ...entrance.rules]), ...ways(port, inside, entrance, node)],
  }
}

/** Which packets are for this port, and the chain that each goes to. */
function ways(port: ServicePort, inside: Part, entrance: Part, { chains }: NodeSide): string[] {
  const { services, nodePorts, outsiders } = chains
  const [cluster] = inside.chains
  const [external] = entrance.chains
  const match = `${to(port.protocol, port.port)} ${comment(port.name)}`
  const internal = cluster
    ? port.clusterIps.flatMap(ip => [
        `-A ${services} -d ${ip}/32 ${match} -j ${outsiders}`,
        `-A ${services} -d ${ip}/32 ${match} -j ${cluster}`,
      ])
    : []
  if (!external) return internal
  const fromAbroad = port.externalIps.map(ip => `-A ${services} -d ${ip}/32 ${match} -j ${external}`)
  const nodePort = port.nodePort
    ? [`-A ${nodePorts} ${to(port.protocol, port.nodePort)} ${comment(port.name)} -j ${external}`]
    : []
  return [...internal, ...fromAbroad, ...nodePort]
}

/** What comes from outside: to any target with this node's address, or only to targets here with its own. */
function entranceChain(port: ServicePort, inside: Part, outside: Part, { podRanges, chains }: NodeSide): Part {
  const { mark, prefix } = chains
  const isOpen = port.externalIps.length > 0 || port.nodePort !== undefined
  if (!isOpen || (inside.chains.length === 0 && outside.chains.length === 0)) return { chains: [], rules: [] }
  const chain = chainName(prefix, 'EXT', port.name)
  const [everywhere] = inside.chains
  const [here] = outside.chains
  if (!port.keepsSource) return { chains: [chain], rules: [`-A ${chain} -j ${mark}`, `-A ${chain} -j ${everywhere}`] }
  // Pods and this node itself are no strangers: the policy is about those who come from abroad.
  const fromPods = podRanges.map(range => `-A ${chain} -s ${range} -j ${everywhere}`)
  const fromHere = [mark, everywhere].map(next => `-A ${chain} -m addrtype --src-type LOCAL -j ${next}`)
  const known = everywhere ? [...fromPods, ...fromHere] : []
  return { chains: [chain], rules: [...known, ...(here ? [`-A ${chain} -j ${here}`] : [])] }
}

/** A chain that sends each new connection to one of the targets, all alike; its name stands first. */
function balance(kind: string, port: ServicePort, targets: readonly Target[], node: NodeSide): Part {
  if (targets.length === 0) return { chains: [], rules: [] }
  const { prefix } = node.chains
  const chain = chainName(prefix, kind, port.name)
  const ends = targets.map(target => ({ target, chain: chainName(prefix, 'TO', `${port.name} ${target}`) }))
  const remembered = port.affinitySeconds
    ? ends.map(end => `-A ${chain} ${recall(end.chain, port.affinitySeconds!)} -j ${end.chain}`)
    : []
  const drawn = ends.map((end, index) => `-A ${chain} ${chance(ends.length - index)}-j ${end.chain}`)
  return {
    chains: [chain, ...ends.map(end => end.chain)],
    rules: [...remembered, ...drawn, ...ends.flatMap(end => targetRules(end, port, node))],
  }
}

function targetRules(
  end: { target: Target; chain: string },
  port: ServicePort,
  { unfilteredRange, chains }: NodeSide,
): string[] {
  const [address] = end.target.split(':')
  const remember = port.affinitySeconds ? `-m recent --name ${end.chain} --set ` : ''
  return [
    // A pod that reaches itself would see its own address as the sender, and answer past this filter.
    `-A ${end.chain} -s ${address}/32 -j ${chains.mark}`,
    ...(unfilteredRange ? [`-A ${end.chain} -s ${unfilteredRange} -j ${chains.mark}`] : []),
    `-A ${end.chain} ${remember}-p ${port.protocol} -j DNAT --to-destination ${end.target}`,
  ]
}

/** Each of `left` rules in a row gets its share of what the ones before it let pass. */
const chance = (left: number): string =>
  left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `

const recall = (list: string, seconds: number): string =>
  `-m recent --name ${list} --rcheck --seconds ${seconds} --reap`

const to = (protocol: string, port: number): string => `-p ${protocol} -m ${protocol} --dport ${port}`

const comment = (name: string): string => `-m comment --comment "${name}"`

/** Names of chains are short: the kind and a digest of what it is for. */
function chainName(prefix: string, kind: string, text: string): string {
  return `${prefix}${kind}-${digestOf(text, 12)}`
}

const digestOf = (text: string, length: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length).toUpperCase()

/**
 * Each cluster that has a part of itself on this machine has chains of its own, known by the Docker network of its pods:
 * the usual one simply KUBOX-.
 */
export function chainsOf(podNetwork: string): Chains {
  const prefix = podNetwork === 'kubox' ? 'KUBOX-' : `KUBOX${digestOf(podNetwork, 4)}-`
  return {
    prefix,
    services: `${prefix}SERVICES`,
    nodePorts: `${prefix}NODEPORTS`,
    mark: `${prefix}MARK`,
    outsiders: `${prefix}OUTSIDERS`,
    postrouting: `${prefix}POSTROUTING`,
    forward: `${prefix}FORWARD`,
    input: `${prefix}INPUT`,
    refuse: `${prefix}REFUSE`,
  }
}

/** Packets to a port that has no targets: said so at once, rather than waited for. Lines of the table `filter`. */
export function refusalRules(ports: readonly ServicePort[], chain: string): string[] {
  return ports.flatMap(port => {
    const because = (what: string) => `${comment(`${port.name} has no endpoints`)} ${what}`
    const refuse = (ip: string) => `-A ${chain} -d ${ip}/32 ${to(port.protocol, port.port)} ${because('-j REJECT')}`
    const nobodyAtAll = port.inside.length === 0 && port.outside.length === 0
    // With the policy Local another node may have targets: this one is silent, as a load balancer's probes expect.
    const outside = port.keepsSource ? 'DROP' : 'REJECT'
    const nodePort = `-A ${chain} -m addrtype --dst-type LOCAL ${to(port.protocol, port.nodePort ?? 0)} ${because(`-j ${outside}`)}`
    return [
      ...(port.inside.length === 0 ? port.clusterIps.map(refuse) : []),
      ...(nobodyAtAll ? port.externalIps.map(refuse) : []),
      ...(port.outside.length === 0 && port.nodePort ? [nodePort] : []),
    ]
  })
}
