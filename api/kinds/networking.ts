import {
  ingressClassColumns,
  ingressColumns,
  ipAddressColumns,
  policyColumns,
  serviceCidrColumns,
} from '../columns/network.ts'
import { setIngressClassDefaults, setNetworkPolicyDefaults } from '../defaults/network.ts'
import type { Kind } from '../kind.ts'
import { declareKinds, kind } from './declare.ts'

export function networkingKinds(): Kind[] {
  return declareKinds('networking.k8s.io', 'v1', [
    {
      kind: 'Ingress',
      shortNames: ['ing'],
      prefix: 'ingress',
      generation: true,
      initialStatus: () => ({ loadBalancer: {} }),
      columns: ingressColumns,
    },
    kind({
      kind: 'IngressClass',
      generation: true,
      setDefaults: setIngressClassDefaults,
      columns: ingressClassColumns,
    }),
    kind({
      kind: 'NetworkPolicy',
      shortNames: ['netpol'],
      generation: true,
      setDefaults: setNetworkPolicyDefaults,
      columns: policyColumns,
    }),
    { kind: 'IPAddress', shortNames: ['ip'], columns: ipAddressColumns },
    { kind: 'ServiceCIDR', columns: serviceCidrColumns },
  ])
}
