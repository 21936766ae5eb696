import type { PodNetwork } from '../runtime.ts'

/** The bridge of a node whose pods have a range of their own: its first address is the gateway. */
export function networkFor(base: PodNetwork, podCidr: string | undefined): PodNetwork {
  if (base.subnet !== undefined || podCidr === undefined) return base
  return { ...base, subnet: podCidr, gateway: firstAddress(podCidr) }
}

export function firstAddress(cidr: string): string {
  const [address = ''] = cidr.split('/')
  const parts = address.split('.').map(Number)
  if (parts.length !== 4 || parts.some(part => !(part >= 0 && part <= 255))) {
    throw new Error(`the node's podCIDR ${cidr} is no IPv4 range`)
  }
  return [...parts.slice(0, 3), parts[3]! + 1].join('.')
}
