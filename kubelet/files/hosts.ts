import type { HostAlias } from '../../api/types/core-v1.ts'

const HEADER = '# Kubernetes-managed hosts file.'
const LOOPBACK = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
]

/** /etc/hosts of a pod with an address of its own. */
export function podHosts(ip: string, hostname: string, fullName: string | undefined, aliases: HostAlias[]): string {
  const names = fullName && fullName !== hostname ? `${fullName}\t${hostname}` : hostname
  return `${[HEADER, ...LOOPBACK, `${ip}\t${names}`, ...aliasLines(aliases)].join('\n')}\n`
}

/** /etc/hosts of a pod on the node's network: the node's own, with the pod's aliases. */
export function hostNetworkHosts(nodeHosts: string, aliases: HostAlias[]): string {
  return `${[`${HEADER.slice(0, -1)} (host network).`, nodeHosts.trimEnd(), ...aliasLines(aliases)].join('\n')}\n`
}

function aliasLines(aliases: HostAlias[]): string[] {
  if (aliases.length === 0) return []
  const lines = aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}`)
  return ['', '# Entries added by HostAliases.', ...lines]
}
