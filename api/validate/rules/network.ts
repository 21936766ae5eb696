import type { FieldError } from '../../kind.ts'
import { isAddress, isLabelName, isPathSegmentName, isPortName } from '../../names.ts'
import type { EndpointPort, EndpointSubset } from '../../types/core-v1.ts'
import type { IPBlock, NetworkPolicyPeer, NetworkPolicyPort } from '../../types/networking-v1.ts'
import { address, cidr, cidrs, isCidr, isInside } from '../addresses.ts'
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
import { balancerName } from './ingress.ts'

const protocol = oneOf('SCTP', 'TCP', 'UDP')

function targetPort(value: number | string, path: string): FieldError[] {
  return typeof value === 'number' ? port(value, path) : isPortName(value).map(problem => invalid(path, value, problem))
}

function peer({ ipBlock, podSelector, namespaceSelector }: NetworkPolicyPeer, path: string): FieldError[] {
  if (!ipBlock && !podSelector && !namespaceSelector) return [required(path, 'must specify a peer')]
  if (ipBlock && (podSelector || namespaceSelector)) {
    return [forbidden(path, 'may not specify both ipBlock and another peer')]
  }
  return []
}

function blockExceptions({ cidr: block = '', except = [] }: IPBlock, path: string): FieldError[] {
  if (!isCidr(block)) return []
  return except.flatMap((inner, index) => {
    const where = `${path}.except[${index}]`
    if (!isCidr(inner)) return cidr(inner, where)
    return isInside(inner, block) ? [] : [invalid(where, inner, 'must be a strict subset of `cidr`')]
  })
}

const TYPES = ['Egress', 'Ingress']

function policyTypes(types: string[], path: string): FieldError[] {
  if (types.length > TYPES.length) return [invalid(path, types, 'may not specify more than two policyTypes')]
  return eachOneOf(...TYPES)(types, path)
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

const segment = named(isPathSegmentName)

const atMostTwo = (list: string[], path: string): FieldError[] =>
  list.length > 2 ? [invalid(path, list, 'may only hold up to 2 values')] : []

function oneOfEach(list: string[], path: string): FieldError[] {
  if (list.length < 2 || new Set(list.map(one => one.includes(':'))).size === 2) return []
  const detail = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'
  return [invalid(path, list, detail)]
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
  'core.v1.LoadBalancerIngress': { ip: [named(isAddress)], hostname: [balancerName] },
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
  'networking.v1.NetworkPolicySpec': { policyTypes: [policyTypes] },
  'networking.v1.NetworkPolicyPeer': { '*': [peer] },
  'networking.v1.IPBlock': { cidr: [present, cidr], '*': [blockExceptions] },
  'networking.v1.NetworkPolicyPort': { protocol: [protocol], port: [targetPort], endPort: [port], '*': [portRange] },
  'networking.v1.IPAddressSpec': { parentRef: [given] },
  'networking.v1.ParentReference': {
    group: [subdomain],
    resource: [present, segment],
    name: [present, segment],
    namespace: [segment],
  },
  'networking.v1.ServiceCIDRSpec': { cidrs: [needed('at least one CIDR required'), atMostTwo, cidrs, oneOfEach] },
}
