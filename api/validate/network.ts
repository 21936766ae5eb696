import { isIP } from 'node:net'
import type { FieldError } from '../kind.ts'
import type { Endpoints } from '../types/core-v1.ts'
import type { EndpointSlice } from '../types/discovery-v1.ts'
import type { Ingress, IngressClass, IPAddress, NetworkPolicy, ServiceCIDR } from '../types/networking-v1.ts'
import { ordinaryAddress } from './addresses.ts'
import { duplicates, subdomain } from './checks.ts'
import { invalid, required } from './errors.ts'
import { immutable } from './meta.ts'

export function validateIngress({ spec }: Ingress): FieldError[] {
  if (spec?.rules?.length || spec?.defaultBackend) return []
  return [invalid('spec', spec?.rules ?? null, 'either `defaultBackend` or `rules` must be specified')]
}

const CLASS = 'kubernetes.io/ingress.class'

/** The class was once named by an annotation; both may be given if they say the same. */
export function validateNewIngress(object: Ingress): FieldError[] {
  const [old, name] = [object.metadata?.annotations?.[CLASS], object.spec?.ingressClassName]
  const differ = old !== undefined && name !== undefined && old !== name
  const detail = 'must match `ingressClassName` when both are specified'
  return [...validateIngress(object), ...(differ ? [invalid(`annotations.${CLASS}`, old, detail)] : [])]
}

export function validateIngressClassUpdate(object: IngressClass, old: IngressClass): FieldError[] {
  return immutable(object.spec?.controller, old.spec?.controller, 'spec.controller')
}

export function validateNetworkPolicy({ spec }: NetworkPolicy): FieldError[] {
  return spec ? [] : [required('spec')]
}

/** The address itself is checked where it stands; here, whether it can be anybody's. */
export function validateEndpoints({ subsets = [] }: Endpoints): FieldError[] {
  return subsets.flatMap((subset, at) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap(list =>
      (subset[list] ?? []).flatMap(({ ip }, index) =>
        isIP(ip) === 0 ? [] : ordinaryAddress(ip, `subsets[${at}].${list}[${index}].ip`),
      ),
    ),
  )
}

const FAMILIES: Readonly<Record<string, number>> = { IPv4: 4, IPv6: 6 }

export function validateEndpointSlice({ addressType, endpoints, ports }: EndpointSlice): FieldError[] {
  const wrong = (endpoints ?? []).flatMap((endpoint, at) =>
    (endpoint.addresses ?? []).flatMap((ip, index) => {
      const path = `endpoints[${at}].addresses[${index}]`
      if (addressType === 'FQDN') return subdomain(ip, path)
      const family = FAMILIES[addressType]
      if (family === undefined) return []
      return isIP(ip) === family ? ordinaryAddress(ip, path) : [invalid(path, ip, `must be an ${addressType} address`)]
    }),
  )
  return [...wrong, ...duplicates(ports ?? [], 'ports', '.name', port => port.name)]
}

export function validateEndpointSliceUpdate(object: EndpointSlice, old: EndpointSlice): FieldError[] {
  return [...validateEndpointSlice(object), ...immutable(object.addressType, old.addressType, 'addressType')]
}

/** A range stays; a second one of the other family may be added. */
export function validateServiceCidrUpdate(object: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const [now, before] = [object.spec?.cidrs ?? [], old.spec?.cidrs ?? []]
  const isWidened = before.length === 1 && now.length === 2
  if (now.length !== before.length && !isWidened) return immutable(now, before, 'spec.cidrs')
  return before.flatMap((cidr, index) => immutable(now[index], cidr, `spec.cidrs[${index}]`))
}

export function validateAddressUpdate(object: IPAddress, old: IPAddress): FieldError[] {
  return immutable(object.spec?.parentRef, old.spec?.parentRef, 'spec.parentRef')
}
