import { objectKey } from '../../api/objects.ts'
import { compileSelector } from '../../api/placement.ts'
import type { Endpoints, Node, Pod, Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Live } from '../../client/client.ts'
import { ENDPOINT_SLICES, ENDPOINTS, NODES, SERVICES } from '../../client/resources.ts'
import { type Context, type Controller, createLoop, deleteExactly, unlessGone, unlessThere } from '../context.ts'
import { Expectations } from '../expectations.ts'
import { sharedPods } from '../pods.ts'
import {
  type Group,
  groupEndpoints,
  MANAGED_BY,
  planSlices,
  SERVICE_NAME,
  SLICE_CONTROLLER,
  subsetsOf,
} from './decide.ts'

/** Endpoints and EndpointSlices of Services with a selector follow the pods that it selects. */
export function endpointController(context: Context): Controller {
  const { client, informers } = context
  const services = informers.of<Service>(SERVICES)
  const slices = informers.of<EndpointSlice>(ENDPOINT_SLICES)
  const endpoints = informers.of<Endpoints>(ENDPOINTS)
  const nodes = informers.of<Node>(NODES)
  const pods = sharedPods(informers)
  const sliceClient = client.resource<EndpointSlice>(ENDPOINT_SLICES)
  const endpointsClient = client.resource<Endpoints>(ENDPOINTS)
  const expectations = new Expectations<EndpointSlice>(slices)
  services.addIndex('namespace', service => [service.metadata.namespace])
  slices.addIndex('service', slice => [`${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME] ?? ''}`])

  const loop = createLoop(context, 'endpoint-controller', step)
  loop.watch(services)
  loop.watchRelated(pods, servicesOf)
  loop.watchRelated(slices, slice =>
    isOurs(slice) ? [`${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME]}`] : [],
  )

  function servicesOf(pod: Live<Pod>): string[] {
    const { namespace, labels } = pod.metadata
    const selecting = services.byIndex('namespace', namespace).filter(service => {
      return hasSelector(service) && compileSelector({ matchLabels: service.spec.selector })(labels)
    })
    return selecting.map(objectKey)
  }

  async function step(key: string): Promise<void> {
    const service = services.get(key)
    if (!expectations.met(key)) return
    if (!service) return forget(key)
    if (!hasSelector(service)) return
    const selects = compileSelector({ matchLabels: service.spec.selector })
    const chosen = pods.byIndex('namespace', service.metadata.namespace).filter(pod => selects(pod.metadata.labels))
    chosen.sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))
    const groups = groupEndpoints(service, chosen, name => nodes.get(name))
    await writeSlices(key, service, groups)
    await writeEndpoints(key, service, groups)
  }

  /** Slices go with their owner; Endpoints have none, only their name. */
  async function forget(key: string): Promise<void> {
    const left = endpoints.get(key)
    if (left && left.metadata.labels?.[MANAGED_BY] === SLICE_CONTROLLER) await deleteExactly(endpointsClient, left)
  }

  async function writeSlices(key: string, service: Live<Service>, groups: readonly Group[]): Promise<void> {
    const plan = planSlices(service, groups, slices.byIndex('service', key).filter(isOurs))
    for (const slice of plan.create) expectations.made(key, await sliceClient.create(slice))
    for (const slice of plan.update) {
      const written = await unlessGone(sliceClient.update(slice))
      if (written) expectations.made(key, written)
    }
    for (const slice of plan.remove) {
      await deleteExactly(sliceClient, slice)
      expectations.removed(key, slice)
    }
  }

  async function writeEndpoints(key: string, service: Live<Service>, groups: readonly Group[]): Promise<void> {
    const { name, namespace } = service.metadata
    const known = endpoints.get(key)
    const subsets = subsetsOf(groups)
    const labels = { ...service.metadata.labels, [MANAGED_BY]: SLICE_CONTROLLER }
    if (!known) await unlessThere(endpointsClient.create({ metadata: { name, namespace, labels }, subsets }))
    else if (!deepEqual(known.subsets ?? [], subsets) || !deepEqual(known.metadata.labels, labels)) {
      await unlessGone(endpointsClient.update({ ...known, metadata: { ...known.metadata, labels }, subsets }))
    }
  }

  return loop
}

function hasSelector({ spec }: Live<Service>): boolean {
  return spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0
}

function isOurs(slice: EndpointSlice): boolean {
  return slice.metadata?.labels?.[MANAGED_BY] === SLICE_CONTROLLER
}
