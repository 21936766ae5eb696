import { ApiError } from '../../api/errors.ts'
import type { Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import { type Random, randomBelow } from '../../platform/random.ts'
import { createLister, type Lister } from '../admission/lister.ts'
import type { Catalog } from '../catalog.ts'
import type { ObjectStore } from '../stages/store.ts'

/** One of the pods behind a service: the machine of the server need not have the service network. */
export function findEndpoint(
  around: { catalog: Catalog; objects: ObjectStore; random: Random },
  namespace: string,
  name: string,
  port: number,
): { host: string; port: number } {
  const lister = createLister(around.catalog, around.objects)
  const ends = endpointsOf(lister, namespace, name, port)
  if (ends.length === 0) throw new ApiError('ServiceUnavailable', `no endpoints available for service "${name}"`)
  return ends[randomBelow(around.random, ends.length)]!
}

export function endpointsOf(lister: Lister, namespace: string, name: string, port: number) {
  const service = lister.get<Service>('services', namespace, name)
  const portName = service?.spec?.ports?.find(one => one.port === port)?.name ?? ''
  const slices = lister
    .list<EndpointSlice>('endpointslices.discovery.k8s.io', namespace)
    .filter(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === name)
  return slices.flatMap(({ endpoints = [], ports = [] }) => {
    const number = ports.find(one => (one.name ?? '') === portName)?.port
    const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false)
    return number ? ready.flatMap(({ addresses = [] }) => addresses.map(host => ({ host, port: number }))) : []
  })
}
