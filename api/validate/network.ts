import { isIP } from 'node:net'
import type { FieldError } from '../kind.ts'
import type { Endpoints, Service, ServicePort, ServiceSpec } from '../types/core-v1.ts'
import type { EndpointSlice } from '../types/discovery-v1.ts'
import type { Ingress, IngressClass, NetworkPolicy, ServiceCIDR } from '../types/networking-v1.ts'
import { address } from './addresses.ts'
import { duplicates, subdomain } from './checks.ts'
import { duplicate, forbidden, invalid, required } from './errors.ts'
import { immutable } from './meta.ts'

const NONE = 'None'

export function validateService({ spec }: Service): FieldError[] {
  if (!spec) return [required('spec')]
  return [...validatePorts(spec), ...validateClusterIPs(spec), ...validateExternal(spec), ...validateTraffic(spec)]
}

function validatePorts(spec: ServiceSpec): FieldError[] {
  const ports = spec.ports ?? []
  const path = 'spec.ports'
  if (ports.length === 0) {
    return spec.clusterIP === NONE || spec.type === 'ExternalName' ? [] : [required(path)]
  }
  const unnamed =
    ports.length > 1 ? ports.flatMap((port, index) => (port.name ? [] : [required(`${path}[${index}].name`)])) : []
  const key = ({ port, protocol }: ServicePort) => `${protocol}/${port}`
  const taken = new Set<string>()
  const repeated = ports.flatMap((port, index) => {
    if (taken.has(key(port))) return [duplicate(`${path}[${index}]`, { protocol: port.protocol, port: port.port })]
    taken.add(key(port))
    return []
  })
  return [
    ...unnamed,
    ...duplicates(ports, path, '.name', port => port.name),
    ...repeated,
    ...duplicates(ports, path, '.nodePort', port => port.nodePort && `${port.protocol}/${port.nodePort}`),
    ...validateNodePorts(spec, ports),
  ]
}

function validateNodePorts(spec: ServiceSpec, ports: ServicePort[]): FieldError[] {
  if (spec.type !== 'ClusterIP' && spec.type !== 'ExternalName') return []
  return ports.flatMap((port, index) =>
    port.nodePort ? [forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'")] : [],
  )
}

function validateClusterIPs({ type, clusterIP, clusterIPs = [] }: ServiceSpec): FieldError[] {
  if (type === 'ExternalName') {
    return clusterIP || clusterIPs.length > 0
      ? [forbidden('spec.clusterIPs', 'may not be set for ExternalName services')]
      : []
  }
  if (clusterIPs.length > 2) {
    return [invalid('spec.clusterIPs', clusterIPs, 'may only hold up to 2 values')]
  }
  if (clusterIPs.length > 0 && (clusterIP ?? '') !== clusterIPs[0]) {
    return [invalid('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`')]
  }
  const all = clusterIPs.length > 0 ? clusterIPs : clusterIP ? [clusterIP] : []
  return all.flatMap((ip, index) => {
    const path = `spec.clusterIPs[${index}]`
    if (ip === NONE)
      return index > 0 || all.length > 1 ? [invalid(path, ip, '`None` must be the first and only value')] : []
    return ip === '' ? [] : address(ip, path)
  })
}

function validateExternal({ type, externalName, ...spec }: ServiceSpec): FieldError[] {
  if (type === 'ExternalName') {
    if (!externalName) return [required('spec.externalName')]
    const name = externalName.replace(/\.$/, '')
    return isIP(name) ? [] : subdomain(name, 'spec.externalName')
  }
  if (type === 'LoadBalancer' && spec.clusterIP === NONE) {
    return [invalid('spec.clusterIPs[0]', NONE, "may not be set to 'None' for LoadBalancer services")]
  }
  if (type === 'NodePort' && spec.clusterIP === NONE) {
    return [invalid('spec.clusterIPs[0]', NONE, "may not be set to 'None' for NodePort services")]
  }
  return []
}

function validateTraffic(spec: ServiceSpec): FieldError[] {
  const { type, externalTrafficPolicy, externalIPs = [], sessionAffinity, sessionAffinityConfig } = spec
  const errors: FieldError[] = []
  const isOutside = type === 'NodePort' || type === 'LoadBalancer' || externalIPs.length > 0
  if (externalTrafficPolicy && !isOutside) {
    errors.push(
      invalid(
        'spec.externalTrafficPolicy',
        externalTrafficPolicy,
        'may only be set for externally-accessible services',
      ),
    )
  }
  if (spec.healthCheckNodePort && (externalTrafficPolicy !== 'Local' || type !== 'LoadBalancer')) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    errors.push(invalid('spec.healthCheckNodePort', spec.healthCheckNodePort, detail))
  }
  for (const name of ['loadBalancerClass', 'allocateLoadBalancerNodePorts'] as const) {
    if (spec[name] !== undefined && type !== 'LoadBalancer') {
      errors.push(forbidden(`spec.${name}`, "may only be used when `type` is 'LoadBalancer'"))
    }
  }
  if (sessionAffinity === 'None' && sessionAffinityConfig) {
    errors.push(forbidden('spec.sessionAffinityConfig', "must not be set when session affinity is 'None'"))
  }
  return errors
}

/** The first address of a service stays while the service has one. */
export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const errors = validateService(service)
  const [now, before] = [firstIP(service.spec), firstIP(old.spec)]
  const keeps = service.spec?.type !== 'ExternalName' && old.spec?.type !== 'ExternalName'
  if (keeps && before && now !== before) {
    const value = service.spec?.clusterIPs ?? []
    errors.push(
      invalid('spec.clusterIPs[0]', value, now ? 'may not change once set' : 'primary clusterIP can not be unset'),
    )
  }
  return errors
}

function firstIP(spec: ServiceSpec | undefined): string {
  return spec?.clusterIPs?.[0] ?? spec?.clusterIP ?? ''
}

export function validateIngress({ spec }: Ingress): FieldError[] {
  if (spec?.rules?.length || spec?.defaultBackend) return []
  return [invalid('spec', spec ?? {}, 'either `defaultBackend` or `rules` must be specified')]
}

export function validateIngressClassUpdate(object: IngressClass, old: IngressClass): FieldError[] {
  return immutable(object.spec?.controller, old.spec?.controller, 'spec.controller')
}

export function validateIngressClass({ spec }: IngressClass): FieldError[] {
  const { scope, namespace } = spec?.parameters ?? {}
  const path = 'spec.parameters.namespace'
  if (scope === 'Namespace' && !namespace) return [required(path, "`parameters.scope` is set to 'Namespace'")]
  if (scope === 'Cluster' && namespace) return [forbidden(path, "`parameters.scope` is set to 'Cluster'")]
  return []
}

export function validateNetworkPolicy({ spec }: NetworkPolicy): FieldError[] {
  return spec ? [] : [required('spec')]
}

export function validateEndpoints({ subsets = [] }: Endpoints): FieldError[] {
  return subsets.flatMap((subset, at) =>
    (subset.addresses ?? []).flatMap(({ ip }, index) => {
      const path = `subsets[${at}].addresses[${index}].ip`
      return /^(127\.|169\.254\.|0\.0\.0\.0$|::1$)/.test(ip)
        ? [
            invalid(
              path,
              ip,
              'may not be in the loopback range (127.0.0.0/8, ::1/128) or link-local, and may not be unspecified',
            ),
          ]
        : []
    }),
  )
}

const FAMILIES: Readonly<Record<string, number>> = { IPv4: 4, IPv6: 6 }

export function validateEndpointSlice({ addressType, endpoints, ports }: EndpointSlice): FieldError[] {
  const wrong = (endpoints ?? []).flatMap((endpoint, at) =>
    (endpoint.addresses ?? []).flatMap((ip, index) => {
      const path = `endpoints[${at}].addresses[${index}]`
      if (addressType === 'FQDN') return subdomain(ip, path)
      const family = FAMILIES[addressType]
      return family === undefined || isIP(ip) === family ? [] : [invalid(path, ip, `must be an ${addressType} address`)]
    }),
  )
  return [...wrong, ...duplicates(ports ?? [], 'ports', '.name', port => port.name)]
}

export function validateEndpointSliceUpdate(object: EndpointSlice, old: EndpointSlice): FieldError[] {
  return [...validateEndpointSlice(object), ...immutable(object.addressType, old.addressType, 'addressType')]
}

export function validateServiceCidrUpdate(object: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  return immutable(object.spec?.cidrs, old.spec?.cidrs, 'spec.cidrs')
}
