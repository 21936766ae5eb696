import type { Column } from '../kind.ts'
import type { EndpointSlice } from '../types/discovery-v1.ts'
import type { Ingress, IngressClass, IPAddress, NetworkPolicy, ServiceCIDR } from '../types/networking-v1.ts'
import { ageColumn, column, firstOf, NONE, nameColumn, selectorText, UNSET } from './basic.ts'

function hosts({ spec }: Ingress): string {
  const names = (spec?.rules ?? []).map(rule => rule.host || '*')
  return names.length === 0 ? '*' : firstOf(names, 3)
}

const addresses = ({ status }: Ingress) =>
  (status?.loadBalancer?.ingress ?? []).map(one => one.ip || one.hostname || '').join(',')

export const ingressColumns: readonly Column[] = [
  nameColumn,
  column<Ingress>('Class', ({ spec, metadata }) => {
    return spec?.ingressClassName ?? metadata?.annotations?.['kubernetes.io/ingress.class'] ?? NONE
  }),
  column<Ingress>('Hosts', hosts),
  column<Ingress>('Address', addresses),
  column<Ingress>('Ports', ({ spec }) => (spec?.tls?.length ? '80, 443' : '80')),
  ageColumn,
]

export const ingressClassColumns: readonly Column[] = [
  nameColumn,
  column<IngressClass>('Controller', ({ spec }) => spec?.controller ?? ''),
  column<IngressClass>('Parameters', ({ spec }) => {
    const parameters = spec?.parameters
    if (!parameters) return NONE
    const group = parameters.apiGroup ? `.${parameters.apiGroup}` : ''
    return `${parameters.kind}${group}/${parameters.name}`
  }),
  ageColumn,
]

export const policyColumns: readonly Column[] = [
  nameColumn,
  column<NetworkPolicy>('Pod-Selector', ({ spec }) => selectorText(spec?.podSelector)),
  ageColumn,
]

function slicePorts({ ports = [] }: EndpointSlice): string {
  if (ports.length === 0) return UNSET
  return firstOf(
    ports.map(({ port, name }) => (port === undefined ? name || '*' : String(port))),
    3,
  )
}

export const endpointSliceColumns: readonly Column[] = [
  nameColumn,
  column<EndpointSlice>('AddressType', slice => slice.addressType),
  column<EndpointSlice>('Ports', slicePorts),
  column<EndpointSlice>('Endpoints', ({ endpoints }) => {
    const all = (endpoints ?? []).flatMap(endpoint => endpoint.addresses)
    return firstOf(all, 3) || UNSET
  }),
  ageColumn,
]

export const ipAddressColumns: readonly Column[] = [
  nameColumn,
  column<IPAddress>('ParentRef', ({ spec }) => {
    const { group, resource, namespace, name } = spec?.parentRef ?? {}
    const parts = [group ? `${resource}.${group}` : resource, namespace, name]
    return parts.filter(Boolean).join('/')
  }),
  ageColumn,
]

export const serviceCidrColumns: readonly Column[] = [
  nameColumn,
  column<ServiceCIDR>('CIDRs', ({ spec }) => (spec?.cidrs ?? []).join(',')),
  ageColumn,
]
