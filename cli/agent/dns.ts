import { isReason } from '../../api/errors.ts'
import type { Service } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { SERVICES } from '../../client/resources.ts'
import { parseResolv } from '../../kubelet/files/resolv.ts'
import { type Disk, readTextIfAny } from '../../platform/disk.ts'

/** Where pods ask for names; [] in a cluster whose administrator removed the Service: they ask whom the node asks. */
export async function clusterDnsAddresses(client: Client): Promise<string[]> {
  try {
    const { spec } = await client.resource<Service>(SERVICES).get('kube-dns', 'kube-system')
    return (spec?.clusterIPs ?? []).filter(address => address !== 'None')
  } catch (error) {
    if (isReason(error, 'NotFound')) return []
    throw error
  }
}

/**
 * Whom this node asks, read for each question since networks come and go with a laptop. We stand in the node's own network,
 * so a resolver on its loopback is in reach; the cluster's DNS itself would lead in a circle.
 */
export async function nodeServers(disk: Disk, clusterDns: readonly string[]): Promise<string[]> {
  const { nameservers } = parseResolv((await readTextIfAny(disk, '/etc/resolv.conf')) ?? '')
  return nameservers.filter(server => !clusterDns.includes(server))
}
