import type { PodSpec } from '../../api/types/core-v1.ts'

export interface ResolverSettings {
  nameservers: string[]
  searches: string[]
  options: string[]
}

/** More a resolver does not ask. */
const MOST_NAMESERVERS = 3
const MOST_SEARCHES = 32
const LONGEST_SEARCHES = 2048

/** Reads a resolv.conf. */
export function parseResolv(text: string): ResolverSettings {
  const settings: ResolverSettings = { nameservers: [], searches: [], options: [] }
  for (const line of text.split('\n')) {
    const [key, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/)
    if (key === 'nameserver' && values[0]) settings.nameservers.push(values[0])
    if (key === 'search')
      settings.searches = values.map(domain => (domain === '.' ? domain : domain.replace(/\.$/, '')))
    if (key === 'options') settings.options.push(...values)
  }
  return settings
}

export function formatResolv({ nameservers, searches, options }: ResolverSettings): string {
  const lines = nameservers.map(server => `nameserver ${server}`)
  if (searches.length > 0) lines.unshift(`search ${searches.join(' ')}`)
  if (options.length > 0) lines.push(`options ${options.join(' ')}`)
  return `${lines.join('\n')}\n`
}

export interface ClusterDns {
  /** Addresses of the cluster's DNS service; none: pods ask whom the node asks. */
  servers: string[]
  domain: string
}

/** What a pod's resolv.conf holds, by its dnsPolicy and dnsConfig. */
export function podResolv(spec: PodSpec, namespace: string, cluster: ClusterDns, node: ResolverSettings) {
  const base = policySettings(spec, namespace, cluster, node)
  const { nameservers = [], searches = [], options = [] } = spec.dnsConfig ?? {}
  const extra = options.map(({ name, value }) => (value === undefined ? name! : `${name}:${value}`))
  return {
    nameservers: unique([...base.nameservers, ...nameservers]).slice(0, MOST_NAMESERVERS),
    searches: fitting(unique([...base.searches, ...searches])),
    options: mergeOptions(base.options, extra),
  }
}

function policySettings(
  spec: PodSpec,
  namespace: string,
  cluster: ClusterDns,
  node: ResolverSettings,
): ResolverSettings {
  const policy = spec.dnsPolicy ?? 'ClusterFirst'
  if (policy === 'None') return { nameservers: [], searches: [], options: [] }
  const wantsCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !spec.hostNetwork)
  if (!wantsCluster || cluster.servers.length === 0) return node
  const { domain } = cluster
  const searches = [`${namespace}.svc.${domain}`, `svc.${domain}`, domain, ...node.searches]
  return { nameservers: cluster.servers, searches: unique(searches), options: ['ndots:5'] }
}

/** As many domains, from the first on, as a resolver takes. */
function fitting(searches: string[]): string[] {
  const few = searches.slice(0, MOST_SEARCHES)
  while (few.join(' ').length > LONGEST_SEARCHES) few.pop()
  return few
}

/** A later option takes the place of an earlier one with its name. */
function mergeOptions(base: string[], extra: string[]): string[] {
  const named = new Map([...base, ...extra].map(option => [option.split(':')[0]!, option]))
  return [...named.values()]
}

function unique(values: string[]): string[] {
  return [...new Set(values)]
}

/** A resolver on the node's loopback (systemd-resolved) is out of a pod's reach: its real servers are elsewhere. */
export function isLoopbackOnly({ nameservers }: ResolverSettings): boolean {
  return nameservers.length > 0 && nameservers.every(server => server.startsWith('127.') || server === '::1')
}
