import { readFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { Authority } from '../../pki/authority.ts'
import { type ClusterPki, ensureClusterPki } from '../../pki/cluster.ts'
import { candidateAddresses, chooseAddress, defaultRouteInterface } from '../addresses.ts'
import { DEFAULT_AGENT_CONFIG, writeAgentConfig } from '../config.ts'
import { IdentityFile, nodeSubject } from '../identity.ts'
import { kubeconfigOf, writeKubeconfig } from '../kubeconfigs.ts'
import { COMPONENTS, type Component, type Flags, readManifestFlags, sameFlags, writeManifest } from '../manifests.ts'
import { UserError } from '../output.ts'
import type { Tools } from '../tools.ts'
import { VERSION } from '../version.ts'
import { type FlagSource, masterFlags } from './flags.ts'
import type { InitOptions, Master } from './master.ts'
import { movedFlags, refuseConflict } from './revise.ts'

/** Node names are host names in lower case, as kubeadm makes them of `WorkNode1`. */
export function nodeNameOf(wanted: string | undefined): string {
  const name = (wanted ?? hostname()).toLowerCase()
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) {
    throw new UserError(
      `${JSON.stringify(name)} cannot be a node's name: letters, digits, '-' and '.' only`,
      'set the host name (hostnamectl set-hostname NAME), or give --node-name',
    )
  }
  return name
}

/** The address this machine announces, told to the user with the reason. */
function announcedAddress(wanted: string | undefined, tools: Tools): string {
  const route = defaultRouteInterface(readFileSync('/proc/net/route', 'utf8'))
  const choice = chooseAddress(candidateAddresses(networkInterfaces()), route, wanted)
  tools.output.line(`  address ${choice.address}: ${choice.reason}`)
  return choice.address
}

/** Writes all files that a master consists of. What is there and right stays as it is, so a repeated init is safe. */
export async function prepareMaster(options: InitOptions, tools: Tools): Promise<Master> {
  const nodeName = nodeNameOf(options.nodeName)
  const address = announcedAddress(options.advertiseAddress, tools)
  const manifests = await planManifests({ nodeName, address, options }, await formerAddress(address, tools), tools)
  const pki = await tools.output.step('making keys and certificates', () => makePki(options, nodeName, address, tools))
  const endpoint = `${address}:${options.bindPort}`
  const master: Master = { nodeName, address, endpoint, server: `https://${endpoint}`, pki, options }
  await writeKubeconfigs(master.server, pki.authority, tools)
  for (const [component, flags] of manifests)
    await writeManifest(tools.disk, tools.layout.manifests, component, flags, VERSION)
  await writeNode(master, tools)
  return master
}

function makePki(options: InitOptions, nodeName: string, address: string, tools: Tools): Promise<ClusterPki> {
  const identity = {
    nodeName,
    addresses: [address],
    extraNames: options.extraNames,
    serviceAddress: addressIn(options.serviceCidr, KUBERNETES_PLACE),
    dnsDomain: options.dnsDomain,
  }
  return ensureClusterPki(tools.layout.pki, identity, tools)
}

/** Places in the range of Services that every cluster gives to the same two: `kubernetes` and `kube-dns`. */
export const KUBERNETES_PLACE = 1
export const DNS_PLACE = 10

export function addressIn(cidr: string, place: number): string {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/\d+$/.exec(cidr)
  if (!match) throw new UserError(`${JSON.stringify(cidr)} is not an IPv4 range such as 10.96.0.0/12`)
  return `${match[1]}.${match[2]}.${match[3]}.${Number(match[4]) + place}`
}

/** What one types into kubectl, for the administrator; and what the components of this machine use. */
export async function writeKubeconfigs(server: string, authority: Authority, { disk, layout }: Tools): Promise<void> {
  const users: [file: string, user: string, groups: string[]][] = [
    ['admin.conf', 'kubernetes-admin', ['kubeadm:cluster-admins']],
    ['super-admin.conf', 'kubernetes-super-admin', ['system:masters']],
    ['controller-manager.conf', 'system:kube-controller-manager', []],
    ['scheduler.conf', 'system:kube-scheduler', []],
  ]
  await disk.makeDirectory(layout.kubernetes)
  for (const [file, user, organizations] of users) {
    const pair = authority.issue({ subject: { commonName: user, organizations }, usage: 'client' })
    const certificate = { pem: pair.certificate }
    const config = kubeconfigOf({
      server,
      authorityPem: authority.certificatePem,
      user,
      certificate,
      key: { pem: pair.key },
    })
    await writeKubeconfig(disk, join(layout.kubernetes, file), config)
  }
}

/**
 * The manifests that this init has to write. They belong to the user once they are there: edited flags survive a second
 * init, a former address does not, and what the cluster is built on cannot be changed.
 */
async function planManifests(
  master: FlagSource,
  former: string | undefined,
  { disk, layout }: Tools,
): Promise<Map<Component, Flags>> {
  const plan = new Map<Component, Flags>()
  for (const component of COMPONENTS) {
    if (component === 'etcd' && master.options.etcdServers) continue
    const wanted = masterFlags(component, master, layout)
    const present = await readManifestFlags(disk, layout.manifests, component)
    const flags = present && former ? movedFlags(present, former, master.address) : (present ?? wanted)
    refuseConflict(component, flags, wanted, layout.manifests)
    if (!present || !sameFlags(flags, present)) plan.set(component, flags)
  }
  return plan
}

/** The address that an earlier init announced, where this one announces another. */
async function formerAddress(address: string, { disk, layout, output }: Tools): Promise<string | undefined> {
  const flags = await readManifestFlags(disk, layout.manifests, 'kube-apiserver')
  const former = flags?.get('advertise-address')
  if (!former || former === address) return undefined
  output.line(`  this master was ${former} before: its flags and certificates follow; each worker has to join again`)
  return former
}

/** The master is a node as well, one that is used last: alone it runs pods, beside workers it leaves them to those. */
async function writeNode(master: Master, { disk, layout }: Tools): Promise<void> {
  const { authority } = master.pki
  const identity = new IdentityFile(layout.kubelet, 'kubelet-client-current', disk)
  if (!(await identity.read())) {
    await identity.write(authority.issue({ subject: nodeSubject(master.nodeName), usage: 'client' }))
  }
  await writeNodeKubeconfig(master.server, authority.certificatePem, master.nodeName, identity.path, { disk, layout })
  await writeAgentConfig(disk, layout, {
    ...DEFAULT_AGENT_CONFIG,
    nodeName: master.nodeName,
    nodeIp: master.options.advertiseAddress,
    port: master.options.kubeletPort,
    failSwapOn: master.options.failSwapOn,
    clusterDomain: master.options.dnsDomain,
    nodeLabels: { 'node-role.kubernetes.io/control-plane': '' },
    registerWithTaints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'PreferNoSchedule' }],
    podNetwork: master.options.podNetwork,
  })
}

export async function writeNodeKubeconfig(
  server: string,
  authorityPem: string,
  nodeName: string,
  identityPath: string,
  { disk, layout }: Pick<Tools, 'disk' | 'layout'>,
): Promise<void> {
  const path = { path: identityPath }
  const config = kubeconfigOf({ server, authorityPem, user: `system:node:${nodeName}`, certificate: path, key: path })
  await disk.makeDirectory(layout.kubernetes)
  await writeKubeconfig(disk, join(layout.kubernetes, 'kubelet.conf'), config)
}
