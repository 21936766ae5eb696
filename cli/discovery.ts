import { X509Certificate } from 'node:crypto'
import { load } from 'js-yaml'
import { isReason } from '../api/errors.ts'
import type { ConfigMap } from '../api/types/core-v1.ts'
import { createClient } from '../client/client.ts'
import { httpTransport } from '../client/http.ts'
import type { Kubeconfig } from '../client/kubeconfig.ts'
import { CONFIG_MAPS } from '../client/resources.ts'
import { TransportError } from '../client/transport.ts'
import { publicKeyHash } from '../pki/keys.ts'
import type { Clock } from '../platform/clock.ts'
import { UserError } from './output.ts'

export interface Discovered {
  server: string
  authorityPem: string
}

export interface DiscoveryRequest {
  /** `192.168.56.10:6443` */
  endpoint: string
  /** `sha256:...` of the authority's public key, any of them. */
  pins: readonly string[]
}

/**
 * Learns the cluster's authority from its public ConfigMap cluster-info. That first question is asked of a server that
 * nobody vouches for yet; its answer counts only if the authority's key has the pinned hash.
 */
export async function discoverCluster(request: DiscoveryRequest, clock: Clock): Promise<Discovered> {
  const server = `https://${request.endpoint}`
  const kubeconfig = await readClusterInfo(server, clock)
  const data = kubeconfig.clusters[0]?.cluster['certificate-authority-data']
  if (!data) throw new UserError(`cluster-info at ${server} holds no certificate authority`)
  const authorityPem = Buffer.from(data, 'base64').toString()
  const found = publicKeyHash(new X509Certificate(authorityPem).publicKey)
  if (!request.pins.includes(found)) {
    throw new UserError(
      `the cluster at ${request.endpoint} is not the one that the join command names: its authority has the hash ${found}, expected ${request.pins.join(' or ')}`,
      "print the right command on the master with 'kubox token create --print-join-command'",
    )
  }
  return { server, authorityPem }
}

async function readClusterInfo(server: string, clock: Clock): Promise<Kubeconfig> {
  const transport = httpTransport({ server, credentials: { insecure: true }, clock })
  try {
    const map = await createClient(transport).resource<ConfigMap>(CONFIG_MAPS).get('cluster-info', 'kube-public')
    return load(map.data?.kubeconfig ?? '{"clusters": []}') as Kubeconfig
  } catch (cause) {
    throw explain(server, cause)
  } finally {
    await transport.close()
  }
}

function explain(server: string, cause: unknown): unknown {
  if (cause instanceof TransportError) {
    const remedy =
      "is the master up ('kubox status' there), the address right, and the port open ('ufw allow 6443/tcp')?"
    return new UserError(`no API server answers at ${server}: ${cause.message}`, remedy, { cause })
  }
  if (isReason(cause, 'NotFound') || isReason(cause, 'Forbidden') || isReason(cause, 'Unauthorized')) {
    return new UserError(
      `${server} shows no cluster-info: it is not a master that can be joined (${cause.message})`,
      undefined,
      { cause },
    )
  }
  return cause
}
