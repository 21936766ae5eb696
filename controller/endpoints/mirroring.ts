import { isIPv6 } from 'node:net'
import { objectKey } from '../../api/objects.ts'
import type { EndpointAddress, Endpoints, Service } from '../../api/types/core-v1.ts'
import type { Endpoint, EndpointSlice } from '../../api/types/discovery-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Live } from '../../client/client.ts'
import { unlessGone, unlessThere } from '../../client/outcomes.ts'
import { ENDPOINT_SLICES, ENDPOINTS, SERVICES } from '../../client/resources.ts'
import { type Context, type Controller, controllerReference, createLoop, deleteExactly } from '../context.ts'
import { MANAGED_BY, SERVICE_NAME } from './decide.ts'

const MIRROR = 'endpointslicemirroring-controller.k8s.io'
const SKIP = 'endpointslice.kubernetes.io/skip-mirror'

/** The slices that say the same as Endpoints which somebody wrote by hand. */
export function mirrorSlices(endpoints: Live<Endpoints>): EndpointSlice[] {
  const { name, namespace, labels } = endpoints.metadata
  return (endpoints.subsets ?? []).flatMap((subset, i) => {
    const all = [
      ...(subset.addresses ?? []).map(address => mirrorAddress(address, true)),
      ...(subset.notReadyAddresses ?? []).map(address => mirrorAddress(address, false)),
    ]
    const byFamily = Map.groupBy(all, ({ addresses }) => (isIPv6(addresses[0]!) ? 'IPv6' : 'IPv4'))
    return [...byFamily].map(([addressType, members]) => ({
      metadata: {
        name: `${name}-mirror-${i}-${addressType.toLowerCase()}`,
        namespace,
        labels: { ...labels, [SERVICE_NAME]: name, [MANAGED_BY]: MIRROR },
        ownerReferences: [controllerReference(endpoints, ENDPOINTS)],
      },
      addressType,
      ports: (subset.ports ?? []).map(port => ({ name: '', protocol: 'TCP', ...port })),
      endpoints: members,
    }))
  })
}

function mirrorAddress({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  }
}

/** Who reads slices only sees Endpoints without a selector as well. */
export function endpointMirroringController(context: Context): Controller {
  const { client, informers } = context
  const services = informers.of<Service>(SERVICES)
  const endpoints = informers.of<Endpoints>(ENDPOINTS)
  const slices = informers.of<EndpointSlice>(ENDPOINT_SLICES)
  const sliceClient = client.resource<EndpointSlice>(ENDPOINT_SLICES)
  const loop = createLoop(context, 'endpointslice-mirroring-controller', step)
  loop.watch(endpoints)
  loop.watch(services)

  async function step(key: string): Promise<void> {
    const source = endpoints.get(key)
    const service = services.get(key)
    const isMirrored = source && service && !service.spec.selector && source.metadata.labels?.[SKIP] !== 'true'
    const wanted = isMirrored ? mirrorSlices(source) : []
    const existing = slices.byIndex('service', key).filter(slice => slice.metadata.labels?.[MANAGED_BY] === MIRROR)
    for (const slice of wanted) await write(slice)
    const names = new Set(wanted.map(slice => slice.metadata?.name))
    for (const slice of existing) if (!names.has(slice.metadata.name)) await deleteExactly(sliceClient, slice)
  }

  async function write(slice: EndpointSlice): Promise<void> {
    const known = slices.get(objectKey(slice))
    if (!known) await unlessThere(sliceClient.create(slice))
    else if (!deepEqual(known.endpoints, slice.endpoints) || !deepEqual(known.ports, slice.ports)) {
      await unlessGone(sliceClient.update({ ...known, ...slice, metadata: { ...known.metadata, ...slice.metadata } }))
    }
  }

  return loop
}
