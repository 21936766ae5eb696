import { isIPv6 } from 'node:net'
import { lastingContainers } from '../../api/pods/containers.ts'
import type {
  EndpointPort as CorePort,
  EndpointAddress,
  EndpointSubset,
  Node,
  Pod,
  Service,
  ServicePort,
} from '../../api/types/core-v1.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/types/discovery-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Live } from '../../client/client.ts'
import { SERVICES } from '../../client/resources.ts'
import { controllerReference } from '../context.ts'
import { isFinished, isReady } from '../pods.ts'

export const SERVICE_NAME = 'kubernetes.io/service-name'
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
export const SLICE_CONTROLLER = 'endpointslice-controller.k8s.io'
const MAX_PER_SLICE = 100

export type Family = 'IPv4' | 'IPv6'

/** Endpoints that share their ports: what one slice can hold. */
export interface Group {
  family: Family
  ports: EndpointPort[]
  endpoints: Endpoint[]
}

/** Everything behind a Service, grouped by family and ports. Pods without an address or that have ended are not there. */
export function groupEndpoints(
  service: Live<Service>,
  pods: readonly Live<Pod>[],
  nodeOf: (name: string) => Node | undefined,
): Group[] {
  const groups = new Map<string, Group>()
  for (const pod of pods) {
    if (isFinished(pod)) continue
    for (const family of familiesOf(service)) {
      const addresses = addressesOf(pod, family)
      if (addresses.length === 0) continue
      const ports = portsOf(service, pod)
      const key = JSON.stringify([family, ports])
      const group = groups.get(key) ?? { family, ports, endpoints: [] }
      group.endpoints.push(endpointOf(service, pod, addresses, nodeOf(pod.spec.nodeName ?? '')))
      groups.set(key, group)
    }
  }
  return [...groups.values()]
}

function familiesOf(service: Service): Family[] {
  const { ipFamilies, clusterIP } = service.spec ?? {}
  if (ipFamilies?.length) return ipFamilies as Family[]
  return [clusterIP && clusterIP !== 'None' && isIPv6(clusterIP) ? 'IPv6' : 'IPv4']
}

function addressesOf(pod: Pod, family: Family): string[] {
  const all = pod.status?.podIPs?.map(({ ip = '' }) => ip) ?? (pod.status?.podIP ? [pod.status.podIP] : [])
  return all.filter(ip => ip && (isIPv6(ip) ? 'IPv6' : 'IPv4') === family).slice(0, 1)
}

function portsOf(service: Service, pod: Live<Pod>): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap(port => {
    const number = resolvePort(port, pod)
    if (number === undefined) return []
    const { name = '', protocol = 'TCP', appProtocol } = port
    return [{ name, protocol, port: number, ...(appProtocol ? { appProtocol } : {}) }]
  })
}

/** The pod's own number for a target port by name; undefined where it has no such port. */
function resolvePort({ targetPort, port, protocol = 'TCP' }: ServicePort, pod: Live<Pod>): number | undefined {
  if (targetPort === undefined || targetPort === '' || targetPort === 0) return port
  if (typeof targetPort === 'number') return targetPort
  const found = lastingContainers(pod.spec)
    .flatMap(container => container.ports ?? [])
    .find(candidate => candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol)
  return found?.containerPort
}

function endpointOf(service: Service, pod: Live<Pod>, addresses: string[], node: Node | undefined): Endpoint {
  const serving = isReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const ready = service.spec?.publishNotReadyAddresses || (serving && !terminating)
  const { hostname, subdomain, nodeName } = pod.spec
  const zone = node?.metadata?.labels?.['topology.kubernetes.io/zone']
  const { name, namespace, uid } = pod.metadata
  return {
    addresses,
    conditions: { ready, serving, terminating },
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    ...(hostname && subdomain === service.metadata?.name ? { hostname } : {}),
  }
}

export interface SlicePlan {
  create: EndpointSlice[]
  update: Live<EndpointSlice>[]
  remove: Live<EndpointSlice>[]
}

/** The fewest writes that make the slices hold exactly these endpoints: each stays in the slice that has it. */
export function planSlices(
  service: Live<Service>,
  groups: readonly Group[],
  existing: readonly Live<EndpointSlice>[],
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [] }
  const left = new Set(existing)
  const labels = sliceLabels(service)
  for (const group of groups) {
    const own = existing.filter(slice => left.has(slice) && isOfGroup(slice, group))
    for (const slice of own) left.delete(slice)
    fillSlices(service, group, own, labels, plan)
  }
  plan.remove.push(...left)
  return plan
}

function isOfGroup(slice: EndpointSlice, { family, ports }: Group): boolean {
  return slice.addressType === family && deepEqual(slice.ports ?? [], ports)
}

function fillSlices(
  service: Live<Service>,
  { family, ports, endpoints }: Group,
  own: readonly Live<EndpointSlice>[],
  labels: Record<string, string>,
  plan: SlicePlan,
): void {
  const wanted = new Map(endpoints.map(endpoint => [identityOf(endpoint), endpoint]))
  const contents = own.map(slice => {
    const kept = (slice.endpoints ?? []).flatMap(endpoint => take(wanted, identityOf(endpoint)) ?? [])
    return { slice, kept }
  })
  const fresh = [...wanted.values()]
  for (const { slice, kept } of contents) {
    kept.push(...fresh.splice(0, MAX_PER_SLICE - kept.length))
    if (kept.length === 0) plan.remove.push(slice)
    else if (!deepEqual(kept, slice.endpoints) || !hasLabels(slice, labels)) {
      const metadata = { ...slice.metadata, labels: { ...slice.metadata.labels, ...labels } }
      plan.update.push({ ...slice, metadata, endpoints: kept })
    }
  }
  while (fresh.length > 0) plan.create.push(newSlice(service, family, ports, fresh.splice(0, MAX_PER_SLICE), labels))
}

function take<K, V>(map: Map<K, V>, key: K): V | undefined {
  const value = map.get(key)
  map.delete(key)
  return value
}

function identityOf({ targetRef, addresses }: Endpoint): string {
  return targetRef?.uid ?? addresses.join()
}

function hasLabels(slice: EndpointSlice, labels: Record<string, string>): boolean {
  return Object.entries(labels).every(([key, value]) => slice.metadata?.labels?.[key] === value)
}

function sliceLabels(service: Live<Service>): Record<string, string> {
  const isHeadless = service.spec.clusterIP === 'None'
  return {
    ...service.metadata.labels,
    ...(isHeadless ? { 'service.kubernetes.io/headless': '' } : {}),
    [SERVICE_NAME]: service.metadata.name,
    [MANAGED_BY]: SLICE_CONTROLLER,
  }
}

function newSlice(
  service: Live<Service>,
  addressType: Family,
  ports: EndpointPort[],
  endpoints: Endpoint[],
  labels: Record<string, string>,
): EndpointSlice {
  const { name, namespace } = service.metadata
  const ownerReferences = [controllerReference(service, SERVICES)]
  return { metadata: { generateName: `${name}-`, namespace, labels, ownerReferences }, addressType, ports, endpoints }
}

/** The older form of the same: subsets of ready and not ready addresses. At most 1,000 addresses fit. */
export function subsetsOf(groups: readonly Group[]): EndpointSubset[] {
  return groups
    .filter(group => group.family === familyOf(groups))
    .map(({ ports, endpoints }) => {
      // Where those that are not ready are published too, those that end are ready as well.
      const alive = endpoints.filter(({ conditions }) => !conditions?.terminating || conditions.ready)
      const ready = alive.filter(({ conditions }) => conditions?.ready).map(addressOf)
      const notReady = alive.filter(({ conditions }) => !conditions?.ready).map(addressOf)
      return {
        ...(ready.length > 0 ? { addresses: sorted(ready).slice(0, 1000) } : {}),
        ...(notReady.length > 0 ? { notReadyAddresses: sorted(notReady).slice(0, 1000) } : {}),
        ports: ports.map(({ name, ...port }): CorePort => ({ ...(name ? { name } : {}), ...port, port: port.port! })),
      }
    })
    .filter(subset => subset.addresses || subset.notReadyAddresses)
}

/** Endpoints know one family only: the Service's first. */
function familyOf(groups: readonly Group[]): Family | undefined {
  return groups[0]?.family
}

function addressOf({ addresses, nodeName, targetRef, hostname }: Endpoint): EndpointAddress {
  return { ip: addresses[0]!, ...(hostname ? { hostname } : {}), ...(nodeName ? { nodeName } : {}), targetRef }
}

function sorted(addresses: readonly EndpointAddress[]): EndpointAddress[] {
  return [...addresses].sort((a, b) => a.ip.localeCompare(b.ip))
}
