import { isIP } from 'node:net'
import type { FieldError } from '../kind.ts'
import type { Endpoints } from '../types/core-v1.ts'
import type { EndpointSlice } from '../types/discovery-v1.ts'
import type { Ingress, IngressClass, NetworkPolicy, ServiceCIDR } from '../types/networking-v1.ts'
import { ordinaryAddress } from './addresses.ts'
import { duplicates, subdomain } from './checks.ts'
import { forbidden, invalid, required } from './errors.ts'
import { immutable } from './meta.ts'

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

export function validateServiceCidrUpdate(object: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  return immutable(object.spec?.cidrs, old.spec?.cidrs, 'spec.cidrs')
}
