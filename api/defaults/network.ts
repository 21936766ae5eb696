import type { Endpoints, Service, ServiceSpec } from '../types/core-v1.ts'
import type { EndpointSlice } from '../types/discovery-v1.ts'
import type { IngressClass, NetworkPolicy } from '../types/networking-v1.ts'

/** Three hours, as kube-proxy keeps them. */
const AFFINITY_SECONDS = 10800

export function setServiceDefaults({ spec, status }: Service): void {
  if (!spec) return
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {}
    spec.sessionAffinityConfig.clientIP ??= {}
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= AFFINITY_SECONDS
  }
  spec.type ||= 'ClusterIP'
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP'
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port
  }
  setTrafficDefaults(spec)
  for (const ingress of status?.loadBalancer?.ingress ?? []) {
    if (spec.type === 'LoadBalancer' && ingress.ip) ingress.ipMode ??= 'VIP'
  }
}

function setTrafficDefaults(spec: ServiceSpec): void {
  const isLoadBalancer = spec.type === 'LoadBalancer'
  const isOutside = isLoadBalancer || spec.type === 'NodePort' || (spec.externalIPs?.length ?? 0) > 0
  if (isOutside && spec.type !== 'ExternalName') spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster'
  if (isLoadBalancer) spec.allocateLoadBalancerNodePorts ??= true
}

export function setEndpointsDefaults({ subsets }: Endpoints): void {
  for (const port of (subsets ?? []).flatMap(subset => subset.ports ?? [])) port.protocol ||= 'TCP'
}

export function setEndpointSliceDefaults({ ports }: EndpointSlice): void {
  for (const port of ports ?? []) {
    port.name ??= ''
    port.protocol ??= 'TCP'
  }
}

export function setNetworkPolicyDefaults({ spec }: NetworkPolicy): void {
  if (!spec) return
  spec.podSelector ??= {}
  const rules = [...(spec.ingress ?? []), ...(spec.egress ?? [])]
  for (const port of rules.flatMap(rule => rule.ports ?? [])) port.protocol ??= 'TCP'
  if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress']
}

export function setIngressClassDefaults({ spec }: IngressClass): void {
  if (spec?.parameters) spec.parameters.scope ??= 'Cluster'
}
