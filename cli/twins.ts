import { readFileSync } from 'node:fs'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import type { Node } from '../api/types/core-v1.ts'
import { type Disk, readTextIfAny } from '../platform/disk.ts'
import { UserError } from './output.ts'

/** Written by a node's agent: the hardware address of the adapter that the node is reached by. */
export const MAC_ANNOTATION = 'kubox.io/mac-address'

/** What tells one machine from another; a copy of a VM brings most of it along. */
export interface MachineIdentity {
  nodeName: string
  address: string
  machineId: string
  productUuid: string
  mac: string | undefined
}

export async function identityOfMachine(nodeName: string, address: string, disk: Disk): Promise<MachineIdentity> {
  return {
    nodeName,
    address,
    machineId: readFileSync('/etc/machine-id', 'utf8').trim(),
    productUuid: ((await readTextIfAny(disk, '/sys/class/dmi/id/product_uuid')) ?? '').trim(),
    mac: macOf(address, networkInterfaces()),
  }
}

export function macOf(address: string, interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): string | undefined {
  const infos = Object.values(interfaces).flatMap(list => list ?? [])
  return infos.find(info => info.address === address)?.mac
}

/** Makers of boards and hypervisors that could not think of one: it tells nobody apart. */
const MEANINGLESS = /^(0|f|-)*$|^03000200-0400-0500-0006-000700080009$|^not/i

/** Why this machine may not become a node beside that one; undefined: it may. */
export function twinProblem(node: Node, self: MachineIdentity): UserError | undefined {
  const name = node.metadata?.name ?? ''
  const { machineID, systemUUID = '' } = node.status?.nodeInfo ?? {}
  const sameMachine = machineID === self.machineId
  if (name === self.nodeName) return sameMachine ? undefined : nameTaken(name)
  if (sameMachine) {
    return new UserError(
      `this machine has the machine-id of node ${name}: it is a clone`,
      'make a new one: rm -f /etc/machine-id /var/lib/dbus/machine-id && systemd-machine-id-setup, then reboot',
    )
  }
  const sameHardware = systemUUID.toLowerCase() === self.productUuid.toLowerCase()
  if (sameHardware && !MEANINGLESS.test(self.productUuid)) return hardwareTaken(name, self.productUuid)
  return networkProblem(node, name, self)
}

function nameTaken(name: string): UserError {
  return new UserError(
    `another machine is node ${name} already`,
    `give this one a name of its own (hostnamectl set-hostname NAME), or free the name with 'kubectl delete node ${name}'`,
  )
}

function hardwareTaken(name: string, uuid: string): UserError {
  return new UserError(
    `this machine has the product_uuid ${uuid} of node ${name}: it is a clone`,
    'power this VM off (a reboot is not enough) and give it its own: VBoxManage modifyvm VM --hardwareuuid $(uuidgen)',
  )
}

function networkProblem(node: Node, name: string, self: MachineIdentity): UserError | undefined {
  const addresses = node.status?.addresses ?? []
  if (addresses.some(({ type, address }) => type === 'InternalIP' && address === self.address)) {
    return new UserError(
      `node ${name} has the address ${self.address} already`,
      'give each VM an adapter in a NAT Network or host-only network, with a MAC address of its own',
    )
  }
  if (!self.mac || node.metadata?.annotations?.[MAC_ANNOTATION] !== self.mac) return undefined
  return new UserError(
    `node ${name} has the MAC address ${self.mac} of this machine's adapter as well: packets for one go to the other`,
    'power this VM off and give its adapter a new one: VBoxManage modifyvm VM --macaddress2 auto (or in its network settings)',
  )
}
