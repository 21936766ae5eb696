import { isIP } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'
import { UserError } from './output.ts'

/** An address of this machine that others might reach it by. */
export interface Candidate {
  interfaceName: string
  address: string
}

export interface Choice {
  address: string
  /** Said to the user: which one, and why. */
  reason: string
}

// Bridges and tunnels of container engines and hypervisors lead nowhere that another VM is.
const VIRTUAL = /^(lo|docker|br-|veth|virbr|vmnet|kubox|cni|flannel|cali|tunl|kube-|podman)/

/** VirtualBox gives every VM the same address on its NAT adapter; no other VM can reach it there. */
const VIRTUALBOX_NAT = '10.0.2.15'

export function candidateAddresses(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): Candidate[] {
  return Object.entries(interfaces).flatMap(([interfaceName, infos]) =>
    VIRTUAL.test(interfaceName)
      ? []
      : (infos ?? [])
          .filter(info => info.family === 'IPv4' && !info.internal)
          .map(info => ({ interfaceName, address: info.address })),
  )
}

/**
 * The address that a master announces. Asked for: taken as it is. Otherwise the default route's, unless that is the
 * NAT adapter's and there is a better one.
 */
export function chooseAddress(
  candidates: readonly Candidate[],
  defaultInterface: string | undefined,
  wanted: string | undefined,
): Choice {
  if (wanted !== undefined) return chooseWanted(candidates, wanted)
  const real = candidates.filter(candidate => candidate.address !== VIRTUALBOX_NAT)
  const onDefaultRoute = real.find(candidate => candidate.interfaceName === defaultInterface)
  if (onDefaultRoute) {
    return {
      address: onDefaultRoute.address,
      reason: `the address of ${defaultInterface}, where the default route goes`,
    }
  }
  const [first] = real
  const nat = candidates.find(candidate => candidate.address === VIRTUALBOX_NAT)
  if (first && nat) {
    const reason = `on ${first.interfaceName}; not ${VIRTUALBOX_NAT} of ${nat.interfaceName}, which VirtualBox gives to every VM`
    return { address: first.address, reason }
  }
  if (first) return { address: first.address, reason: `the address of ${first.interfaceName}` }
  if (nat)
    return {
      address: nat.address,
      reason: `the only one; other VMs cannot reach it: add a NAT Network or host-only adapter to join them`,
    }
  throw new UserError(
    'this machine has no network address that others could reach',
    'bring an interface up, or name one with --apiserver-advertise-address',
  )
}

function chooseWanted(candidates: readonly Candidate[], wanted: string): Choice {
  if (isIP(wanted) === 0) throw new UserError(`--apiserver-advertise-address=${wanted} is not an IP address`)
  const owner = candidates.find(candidate => candidate.address === wanted)
  if (owner || wanted === '127.0.0.1') return { address: wanted, reason: 'as asked for' }
  const own = candidates.map(candidate => `${candidate.address} (${candidate.interfaceName})`).join(', ')
  throw new UserError(`--apiserver-advertise-address=${wanted} is not an address of this machine`, `use one of: ${own}`)
}

/** The interface of the default route with the lowest metric, from the text of /proc/net/route. */
export function defaultRouteInterface(procNetRoute: string): string | undefined {
  const routes = procNetRoute
    .split('\n')
    .slice(1)
    .map(line => line.trim().split(/\s+/))
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
    .sort((a, b) => Number(a[6]) - Number(b[6]))
  return routes[0]?.[0]
}
