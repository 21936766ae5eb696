import type { Service } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { unlessMissing } from '../../client/outcomes.ts'
import { SERVICES } from '../../client/resources.ts'
import { parseResolv } from '../../kubelet/files/resolv.ts'
import { type Disk, readTextIfAny } from '../../platform/disk.ts'

/** Where pods ask for names; [] in a cluster whose administrator removed the Service: they ask whom the node asks. */
export async function clusterDnsAddresses(client: Client): Promise<string[]> {
  const service = await unlessMissing(client.resource<Service>(SERVICES).get('kube-dns', 'kube-system'))
  return (service?.spec?.clusterIPs ?? []).filter(address => address !== 'None')
}

/**
 * Whom this node asks, read for each question since networks come and go with a laptop. We stand in the node's own network,
 * so a resolver on its loopback is in reach; the cluster's DNS itself would lead in a circle.
 */
export async function nodeServers(disk: Disk, clusterDns: readonly string[]): Promise<string[]> {
  const { nameservers } = parseResolv((await readTextIfAny(disk, '/etc/resolv.conf')) ?? '')
  return nameservers.filter(server => !clusterDns.includes(server))
}
