import {
  ingressClassColumns,
  ingressColumns,
  ipAddressColumns,
  policyColumns,
  serviceCidrColumns,
} from '../columns/network.ts'
import { setIngressClassDefaults, setNetworkPolicyDefaults } from '../defaults/network.ts'
import type { Kind } from '../kind.ts'
import { isAddress } from '../names.ts'
import type { Ingress, IPAddress, ServiceCIDR } from '../types/networking-v1.ts'
import {
  validateAddressUpdate,
  validateIngress,
  validateIngressClassUpdate,
  validateNetworkPolicy,
  validateNewIngress,
  validateServiceCidrUpdate,
} from '../validate/network.ts'
import { declareKinds, kind } from './declare.ts'

export function networkingKinds(): Kind[] {
  return declareKinds('networking.k8s.io', 'v1', [
    kind<Ingress>({
      kind: 'Ingress',
      validate: validateNewIngress,
      validateUpdate: validateIngress,
      shortNames: ['ing'],
      prefix: 'ingress',
      generation: true,
      initialStatus: () => ({ loadBalancer: {} }),
      columns: ingressColumns,
    }),
    kind({
      kind: 'IngressClass',
      generation: true,
      setDefaults: setIngressClassDefaults,
      validateUpdate: validateIngressClassUpdate,
      columns: ingressClassColumns,
    }),
    kind({
      kind: 'NetworkPolicy',
      shortNames: ['netpol'],
      generation: true,
      setDefaults: setNetworkPolicyDefaults,
      validate: validateNetworkPolicy,
      columns: policyColumns,
    }),
    kind<IPAddress>({
      kind: 'IPAddress',
      shortNames: ['ip'],
      name: isAddress,
      validateUpdate: validateAddressUpdate,
      columns: ipAddressColumns,
    }),
    kind<ServiceCIDR>({ kind: 'ServiceCIDR', validateUpdate: validateServiceCidrUpdate, columns: serviceCidrColumns }),
  ])
}
