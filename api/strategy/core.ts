import type { Strategy } from '../kind.ts'
import { keepGeneration } from '../kinds/strategy.ts'
import type { Namespace, Service, ServiceSpec } from '../types/core-v1.ts'
import { deepEqual } from '../values.ts'

/** A namespace's finalizers go through /finalize only. */
export const namespaceStrategy: Partial<Strategy> = {
  prepareForCreate(namespace: Namespace) {
    const finalizers = namespace.spec?.finalizers ?? []
    namespace.spec = { finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'] }
    namespace.status = { phase: 'Active' }
  },
  prepareForUpdate(namespace: Namespace, old: Namespace) {
    namespace.spec = old.spec
    namespace.status = old.status
    keepGeneration(namespace, old, false)
  },
  prepareForSubresource: {
    finalize(namespace: Namespace, old: Namespace) {
      namespace.status = old.status
      keepGeneration(namespace, old, false)
    },
  },
}

export const serviceStrategy: Partial<Strategy> = {
  prepareForCreate(service: Service) {
    service.status = { loadBalancer: {} }
  },
  prepareForUpdate(service: Service, old: Service) {
    service.status = old.status
    if (service.spec && old.spec) {
      dropTypeDependent(service.spec, old.spec)
      keepAllocated(service.spec, old.spec)
    }
    keepGeneration(service, old, false)
  },
  allowCreateOnUpdate: true,
}

const hasClusterIP = (spec: ServiceSpec) => spec.type !== 'ExternalName'
const hasNodePorts = (spec: ServiceSpec) =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)

/**
 * A client that changes only the type sends along what belonged to the old one: that goes, where it was not changed on
 * purpose.
 */
function dropTypeDependent(spec: ServiceSpec, old: ServiceSpec): void {
  const gone = (has: (one: ServiceSpec) => boolean) => has(old) && !has(spec)
  const drop = (...fields: (keyof ServiceSpec)[]) => {
    for (const field of fields) if (deepEqual(spec[field], old[field])) delete spec[field]
  }
  if (gone(hasClusterIP)) drop('clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy')
  if (gone(isOutside)) drop('externalTrafficPolicy')
  if (gone(one => one.type === 'LoadBalancer')) drop('allocateLoadBalancerNodePorts', 'loadBalancerClass')
  if (gone(one => one.type === 'LoadBalancer' && one.externalTrafficPolicy === 'Local')) drop('healthCheckNodePort')
  if (!gone(hasNodePorts)) return
  const before = new Set(old.ports?.map(port => port.nodePort))
  for (const port of spec.ports ?? []) if (before.has(port.nodePort)) delete port.nodePort
}

const isOutside = (spec: ServiceSpec) =>
  spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (spec.externalIPs?.length ?? 0) > 0

/** What was given to a service stays its own when a client sends it without: addresses and node ports. */
function keepAllocated(spec: ServiceSpec, old: ServiceSpec): void {
  if (hasClusterIP(spec) && hasClusterIP(old)) {
    if (!spec.clusterIP && !spec.clusterIPs?.length) {
      spec.clusterIP = old.clusterIP
      spec.clusterIPs = old.clusterIPs
    }
    spec.ipFamilies ??= old.ipFamilies
    spec.ipFamilyPolicy ??= old.ipFamilyPolicy
  }
  if (hasNodePorts(spec) && hasNodePorts(old)) keepNodePorts(spec, old)
  if (spec.externalTrafficPolicy === 'Local') spec.healthCheckNodePort ||= old.healthCheckNodePort
}

function keepNodePorts(spec: ServiceSpec, old: ServiceSpec): void {
  const taken = new Set(spec.ports?.map(port => port.nodePort))
  for (const port of spec.ports ?? []) {
    const same = old.ports?.find(one => one.port === port.port && one.protocol === port.protocol)
    if (!port.nodePort && same?.nodePort && !taken.has(same.nodePort)) port.nodePort = same.nodePort
  }
}
