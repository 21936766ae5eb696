import type { ServicePort as DeclaredPort, Service } from '../../api/types/core-v1.ts'
import type { Endpoint, EndpointSlice } from '../../api/types/discovery-v1.ts'

/** Where a packet may end: ADDRESS:PORT of a pod, or of a node for pods in its network. */
export type Target = string

/** One port of a Service as the packet filter needs it: nothing but addresses. */
export interface ServicePort {
  /** namespace/name:port, for people and for the names of chains. */
  name: string
  protocol: 'tcp' | 'udp' | 'sctp'
  port: number
  clusterIps: string[]
  /** Addresses of the world outside: externalIPs, and those of a load balancer. */
  externalIps: string[]
  nodePort?: number
  /** A client stays with its target for so long after its last connection. */
  affinitySeconds?: number
  /** Targets that traffic from inside and from outside may go to. */
  inside: Target[]
  outside: Target[]
  /** externalTrafficPolicy Local: outside traffic keeps its source address. */
  keepsSource: boolean
}

/** The ports of all Services that have a cluster IP, in the order of their names. */
export function servicePorts(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  nodeName: string,
): ServicePort[] {
  const byService = Map.groupBy(slices, slice => `${slice.metadata?.namespace}/${serviceOf(slice)}`)
  return services
    .filter(hasClusterIp)
    .flatMap(service => {
      const own = byService.get(keyOf(service)) ?? []
      return (service.spec?.ports ?? []).map(port => servicePort(service, port, own, nodeName))
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

export const serviceOf = (slice: EndpointSlice): string | undefined =>
  slice.metadata?.labels?.['kubernetes.io/service-name']

export const keyOf = (service: Service): string => `${service.metadata?.namespace}/${service.metadata?.name}`

export const isAddress4 = (text: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(text)

/** ExternalName and headless Services are the DNS server's affair alone. */
function hasClusterIp({ spec }: Service): boolean {
  return spec?.type !== 'ExternalName' && clusterIpsOf(spec).length > 0
}

export const clusterIpsOf = (spec: Service['spec']): string[] =>
  (spec?.clusterIPs ?? [spec?.clusterIP ?? '']).filter(isAddress4)

function servicePort(
  service: Service,
  port: DeclaredPort,
  slices: readonly EndpointSlice[],
  nodeName: string,
): ServicePort {
  const { spec } = service
  const all = slices.filter(slice => slice.addressType === 'IPv4').flatMap(slice => portsOf(slice, port))
  const here = all.filter(({ endpoint }) => endpoint.nodeName === nodeName)
  const everywhere = usable(all)
  const keepsSource = spec?.externalTrafficPolicy === 'Local'
  return {
    name: `${keyOf(service)}${port.name ? `:${port.name}` : ''}`,
    protocol: (port.protocol ?? 'TCP').toLowerCase() as ServicePort['protocol'],
    port: port.port,
    clusterIps: clusterIpsOf(spec),
    externalIps: [...(spec?.externalIPs ?? []), ...loadBalancerIps(service)].filter(isAddress4),
    nodePort: port.nodePort || undefined,
    affinitySeconds:
      spec?.sessionAffinity === 'ClientIP'
        ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800)
        : undefined,
    inside: spec?.internalTrafficPolicy === 'Local' ? usable(here) : everywhere,
    outside: keepsSource ? usable(here) : everywhere,
    keepsSource,
  }
}

const loadBalancerIps = ({ status }: Service): string[] =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ipMode }) => (ip && ipMode !== 'Proxy' ? [ip] : []))

interface Candidate {
  endpoint: Endpoint
  target: Target
}

function portsOf(slice: EndpointSlice, wanted: DeclaredPort): Candidate[] {
  const port = slice.ports?.find(
    ({ name, protocol }) => (name ?? '') === (wanted.name ?? '') && (protocol ?? 'TCP') === (wanted.protocol ?? 'TCP'),
  )?.port
  if (port === undefined) return []
  return (slice.endpoints ?? []).flatMap(endpoint =>
    endpoint.addresses.slice(0, 1).map(address => ({ endpoint, target: `${address}:${port}` })),
  )
}

/** Those that are ready; while there are none, those that still serve on their way out are better than a refusal. */
function usable(candidates: readonly Candidate[]): Target[] {
  const ready = candidates.filter(({ endpoint }) => endpoint.conditions?.ready !== false)
  const leaving = candidates.filter(
    ({ endpoint: { conditions } }) => conditions?.terminating && conditions.serving !== false,
  )
  const chosen = ready.length > 0 ? ready : leaving
  return [...new Set(chosen.map(({ target }) => target))].sort()
}
