import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { parseKubeconfig } from '../../client/kubeconfig.ts'
import { isDueForRenewal } from '../../pki/certificate.ts'
import { ensureClusterPki, type MasterIdentity } from '../../pki/cluster.ts'
import { readTextIfAny } from '../../platform/disk.ts'
import type { Log } from '../../platform/log.ts'
import { readAgentConfig } from '../config.ts'
import { IdentityFile, nodeSubject } from '../identity.ts'
import { addressIn, KUBERNETES_PLACE, writeKubeconfigs } from '../init/prepare.ts'
import { readManifestFlags } from '../manifests.ts'
import type { Tools } from '../tools.ts'

/**
 * Looks at every certificate of this master before anything starts: a VM that slept for a year wakes up with all of them
 * run out. What is due is made anew from the cluster's own authorities; those stay, so nobody has to join again.
 */
export async function renewCertificates(tools: Tools, log: Log): Promise<void> {
  const { disk, layout, clock } = tools
  const flags = await readManifestFlags(disk, layout.manifests, 'kube-apiserver')
  const address = flags?.get('advertise-address')
  if (!flags || !address) return
  const config = await readAgentConfig(disk, layout)
  const pki = await ensureClusterPki(layout.pki, await identityOf(config, address, flags, tools), tools)
  if (await adminIsDue(tools)) {
    await writeKubeconfigs(`https://${address}:${flags.get('secure-port') ?? '6443'}`, pki.authority, tools)
    log.info('The kubeconfigs of this master were about to run out: made anew')
  }
  const node = new IdentityFile(layout.kubelet, 'kubelet-client-current', disk)
  const pair = await node.read()
  if (pair && isDueForRenewal(new X509Certificate(pair.certificate), clock.now())) {
    await node.write(pki.authority.issue({ subject: nodeSubject(config.nodeName), usage: 'client' }))
    log.info('The certificate of this master as a node was about to run out: made anew')
  }
}

async function identityOf(
  config: { nodeName: string; clusterDomain: string },
  address: string,
  flags: ReadonlyMap<string, string>,
  tools: Tools,
): Promise<MasterIdentity> {
  return {
    nodeName: config.nodeName,
    addresses: [address],
    extraNames: await presentNames(tools),
    serviceAddress: addressIn(flags.get('service-cluster-ip-range') ?? '10.96.0.0/12', KUBERNETES_PLACE),
    dnsDomain: config.clusterDomain,
  }
}

/** Names that init was once given beside the usual ones stand in the certificate that is there. */
async function presentNames({ disk, layout }: Tools): Promise<string[]> {
  const pem = await readTextIfAny(disk, join(layout.pki, 'apiserver.crt'))
  const names = pem ? (new X509Certificate(pem).subjectAltName ?? '') : ''
  return Array.from(names.matchAll(/DNS:([^,\s]+)/g), match => match[1]!)
}

async function adminIsDue({ disk, layout, clock }: Tools): Promise<boolean> {
  const text = await readTextIfAny(disk, join(layout.kubernetes, 'admin.conf'))
  const data = text && parseKubeconfig(text).users[0]?.user['client-certificate-data']
  if (!data) return true
  return isDueForRenewal(new X509Certificate(Buffer.from(data, 'base64')), clock.now())
}
