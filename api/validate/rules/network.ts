import type { FieldError } from '../../kind.ts'
import { isLabelName, isPortName, isSubdomainName, isWildcardSubdomain } from '../../names.ts'
import type { EndpointPort, EndpointSubset } from '../../types/core-v1.ts'
import type {
  HTTPIngressPath,
  IngressBackend,
  IngressRule,
  IPBlock,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  ServiceBackendPort,
} from '../../types/networking-v1.ts'
import { address, cidr, cidrs, isCidr } from '../addresses.ts'
import {
  eachOneOf,
  given,
  maxItems,
  named,
  needed,
  oneOf,
  port,
  portOrZero,
  present,
  qualified,
  type Rules,
  subdomain,
} from '../checks.ts'
import { forbidden, invalid, required } from '../errors.ts'

const protocol = oneOf('SCTP', 'TCP', 'UDP')

function targetPort(value: number | string, path: string): FieldError[] {
  return typeof value === 'number' ? port(value, path) : isPortName(value).map(problem => invalid(path, value, problem))
}

function hostName({ host = '' }: IngressRule, path: string): FieldError[] {
  const where = `${path}.host`
  if (host.startsWith('*.')) return isWildcardSubdomain(host).map(problem => invalid(where, host, problem))
  if (host.includes('*')) return isWildcardSubdomain(host).map(problem => invalid(where, host, problem))
  return named(isSubdomainName)(host, where)
}

const FORBIDDEN_PARTS = ['//', '/./', '/../', '%2f', '%2F']

function ingressPath({ path: value = '', pathType }: HTTPIngressPath, path: string): FieldError[] {
  const where = `${path}.path`
  if (pathType === 'ImplementationSpecific') {
    return value === '' || value.startsWith('/') ? [] : [invalid(where, value, 'must be an absolute path')]
  }
  if (!value.startsWith('/')) return [invalid(where, value, 'must be an absolute path')]
  const parts = FORBIDDEN_PARTS.filter(part => value.includes(part))
  return parts.map(part => invalid(where, value, `must not contain '${part}'`))
}

function backend({ service, resource }: IngressBackend, path: string): FieldError[] {
  if (service && resource) return [invalid(path, '', 'cannot set both resource and service backends')]
  return service || resource ? [] : [required(path, 'resource or service backend is required')]
}

function backendPort({ name, number }: ServiceBackendPort, path: string): FieldError[] {
  if (name && number) return [invalid(path, '', 'cannot set both port name & port number')]
  if (name) return isPortName(name).map(problem => invalid(`${path}.name`, name, problem))
  return number ? port(number, `${path}.number`) : [required(path, 'port name or number is required')]
}

function peer({ ipBlock, podSelector, namespaceSelector }: NetworkPolicyPeer, path: string): FieldError[] {
  if (!ipBlock && !podSelector && !namespaceSelector) return [required(path, 'must specify a peer')]
  if (ipBlock && (podSelector || namespaceSelector)) {
    return [forbidden(path, 'may not specify both ipBlock and another peer')]
  }
  return []
}

function blockExceptions({ cidr: block, except = [] }: IPBlock, path: string): FieldError[] {
  return except.flatMap((inner, index) => {
    const where = `${path}.except[${index}]`
    if (!isCidr(inner)) return cidr(inner, where)
    const isNarrower = Number(inner.split('/')[1]) > Number((block ?? '').split('/')[1])
    return isNarrower ? [] : [invalid(where, inner, 'must be a strict subset of `cidr`')]
  })
}

function portRange({ port: first, endPort }: NetworkPolicyPort, path: string): FieldError[] {
  if (endPort === undefined) return []
  const where = `${path}.endPort`
  if (first === undefined) return [invalid(where, endPort, 'may not be specified when `port` is not specified')]
  if (typeof first === 'string') return [invalid(where, endPort, 'may not be specified when `port` is non-numeric')]
  return endPort < first ? [invalid(where, endPort, 'must be greater than or equal to `port`')] : []
}

function subsetAddresses(
  { addresses: ready = [], notReadyAddresses = [], ports = [] }: EndpointSubset,
  path: string,
): FieldError[] {
  if (ready.length + notReadyAddresses.length === 0)
    return [required(path, 'must specify `addresses` or `notReadyAddresses`')]
  return ports.length > 1 ? ports.flatMap((one, index) => portNamed(one, `${path}.ports[${index}]`)) : []
}

function portNamed({ name }: EndpointPort, path: string): FieldError[] {
  return name ? [] : [required(`${path}.name`)]
}

export const NETWORK_RULES: Rules = {
  'core.v1.ServiceSpec': {
    type: [oneOf('ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort')],
    sessionAffinity: [present, oneOf('ClientIP', 'None')],
    externalTrafficPolicy: [oneOf('Cluster', 'Local')],
    internalTrafficPolicy: [oneOf('Cluster', 'Local')],
    ipFamilyPolicy: [oneOf('PreferDualStack', 'RequireDualStack', 'SingleStack')],
    ipFamilies: [eachOneOf('IPv4', 'IPv6')],
    loadBalancerClass: [qualified],
    trafficDistribution: [oneOf('PreferClose', 'PreferSameNode', 'PreferSameZone')],
    healthCheckNodePort: [portOrZero],
  },
  'core.v1.ServicePort': {
    name: [named(isLabelName)],
    port: [port],
    protocol: [present, protocol],
    targetPort: [targetPort],
    nodePort: [portOrZero],
    appProtocol: [qualified],
  },
  'core.v1.EndpointSubset': { '*': [subsetAddresses] },
  'core.v1.EndpointAddress': { ip: [present, address], hostname: [named(isLabelName)] },
  'core.v1.EndpointPort': { name: [named(isLabelName)], port: [port], protocol: [present, protocol] },
  'discovery.v1.EndpointSlice': {
    addressType: [present, oneOf('FQDN', 'IPv4', 'IPv6')],
    endpoints: [maxItems(1000)],
    ports: [maxItems(20_000)],
  },
  'discovery.v1.Endpoint': {
    addresses: [needed('must contain at least 1 address'), maxItems(100)],
    hostname: [named(isLabelName)],
    nodeName: [subdomain],
  },
  'discovery.v1.EndpointPort': {
    name: [named(isLabelName)],
    protocol: [protocol],
    port: [port],
    appProtocol: [qualified],
  },
  'networking.v1.IngressRule': { '*': [hostName] },
  'networking.v1.HTTPIngressRuleValue': { paths: [present] },
  'networking.v1.HTTPIngressPath': {
    pathType: [needed('pathType must be specified'), oneOf('Exact', 'ImplementationSpecific', 'Prefix')],
    '*': [ingressPath],
  },
  'networking.v1.IngressBackend': { '*': [backend] },
  'networking.v1.IngressServiceBackend': { name: [present] },
  'networking.v1.ServiceBackendPort': { '*': [backendPort] },
  'networking.v1.IngressSpec': { ingressClassName: [subdomain] },
  'networking.v1.IngressClassSpec': { controller: [present, qualified] },
  'networking.v1.IngressClassParametersReference': {
    kind: [present],
    name: [present],
    scope: [present, oneOf('Cluster', 'Namespace')],
  },
  'networking.v1.NetworkPolicySpec': { policyTypes: [eachOneOf('Egress', 'Ingress'), maxItems(2)] },
  'networking.v1.NetworkPolicyPeer': { '*': [peer] },
  'networking.v1.IPBlock': { cidr: [present, cidr], '*': [blockExceptions] },
  'networking.v1.NetworkPolicyPort': { protocol: [protocol], port: [targetPort], endPort: [port], '*': [portRange] },
  'networking.v1.IPAddressSpec': { parentRef: [given] },
  'networking.v1.ParentReference': { resource: [present], name: [present] },
  'networking.v1.ServiceCIDRSpec': { cidrs: [needed('at least one CIDR required'), maxItems(2), cidrs] },
}
