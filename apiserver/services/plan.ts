import { type AddressRange, type Family, familyOf } from '../../api/addresses.ts'
import type { Service, ServiceSpec } from '../../api/types/core-v1.ts'

/** What a service needs of the pools, told from its spec alone. Pure. */

const HEADLESS = 'None'

export function hasClusterAddress({ type, clusterIP }: ServiceSpec): boolean {
  return type !== 'ExternalName' && clusterIP !== HEADLESS
}

export function hasNodePorts(spec: ServiceSpec): boolean {
  return spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
}

/** Addresses that the service already names. */
export function clusterAddresses(spec: ServiceSpec | undefined): string[] {
  if (!spec || !hasClusterAddress(spec)) return []
  const named = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? '']
  return named.filter(address => familyOf(address) !== undefined)
}

export function nodePorts(spec: ServiceSpec | undefined): number[] {
  if (!spec) return []
  const ports = (spec.ports ?? []).map(port => port.nodePort ?? 0)
  return [...new Set([...ports, spec.healthCheckNodePort ?? 0])].filter(port => port !== 0)
}

/** Families in the order of their addresses: as asked, or as the cluster has them. */
function familiesFor(spec: ServiceSpec, ranges: readonly AddressRange[]): Family[] {
  const available = ranges.map(range => range.family)
  const asked = (spec.ipFamilies ?? []) as Family[]
  const named = (spec.clusterIPs ?? []).map(familyOf).filter(family => family !== undefined)
  const dual = spec.ipFamilyPolicy === 'RequireDualStack' || spec.ipFamilyPolicy === 'PreferDualStack'
  const wanted = asked.length > 0 ? asked : named.length > 0 ? named : available.slice(0, 1)
  if (!dual) return wanted
  return [...wanted, ...available.filter(family => !wanted.includes(family))]
}

/** Fills in what the server says about families; addresses are filled in by whoever reserves them. */
export function withFamilies(service: Service, ranges: readonly AddressRange[]): void {
  const { spec } = service
  if (!spec || spec.type === 'ExternalName') return
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
  if (!spec.clusterIP && spec.clusterIPs?.length) spec.clusterIP = spec.clusterIPs[0]
  const families = familiesFor(spec, ranges)
  spec.ipFamilyPolicy ??= families.length > 1 ? 'RequireDualStack' : 'SingleStack'
  spec.ipFamilies = families
}
