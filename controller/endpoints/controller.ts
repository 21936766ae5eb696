import { objectKey } from '../../api/objects.ts'
import { compileSelector } from '../../api/placement.ts'
import type { Endpoints, Node, Pod, Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Live } from '../../client/client.ts'
import { unlessGone, unlessThere } from '../../client/outcomes.ts'
import { ENDPOINT_SLICES, ENDPOINTS, NODES, SERVICES } from '../../client/resources.ts'
import { type Context, type Controller, createLoop, deleteExactly } from '../context.ts'
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
  return new EndpointController(context).loop
}

class EndpointController {
  readonly #services
  readonly #slices
  readonly #endpoints
  readonly #nodes
  readonly #pods
  readonly #sliceClient
  readonly #endpointsClient
  readonly #expectations
  readonly loop

  constructor(context: Context) {
    const { client, informers } = context
    this.#services = informers.of<Service>(SERVICES)
    this.#slices = informers.of<EndpointSlice>(ENDPOINT_SLICES)
    this.#endpoints = informers.of<Endpoints>(ENDPOINTS)
    this.#nodes = informers.of<Node>(NODES)
    this.#pods = sharedPods(informers)
    this.#sliceClient = client.resource<EndpointSlice>(ENDPOINT_SLICES)
    this.#endpointsClient = client.resource<Endpoints>(ENDPOINTS)
    this.#expectations = new Expectations<EndpointSlice>(this.#slices)
    this.#services.addIndex('namespace', service => [service.metadata.namespace])
    this.#slices.addIndex('service', slice => [
      `${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME] ?? ''}`,
    ])
    this.loop = createLoop(context, 'endpoint-controller', key => this.#step(key))
    this.loop.watch(this.#services)
    this.loop.watchRelated(this.#pods, pod => this.#servicesOf(pod))
    this.loop.watchRelated(this.#slices, slice =>
      isOurs(slice) ? [`${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME]}`] : [],
    )
  }

  #servicesOf(pod: Live<Pod>): string[] {
    const { namespace, labels } = pod.metadata
    const selecting = this.#services.byIndex('namespace', namespace).filter(service => {
      return hasSelector(service) && compileSelector({ matchLabels: service.spec.selector })(labels)
    })
    return selecting.map(objectKey)
  }

  async #step(key: string): Promise<void> {
    const service = this.#services.get(key)
    if (!this.#expectations.met(key)) return
    if (!service) return this.#forget(key)
    if (!hasSelector(service)) return
    const selects = compileSelector({ matchLabels: service.spec.selector })
    const chosen = this.#pods
      .byIndex('namespace', service.metadata.namespace)
      .filter(pod => selects(pod.metadata.labels))
    chosen.sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))
    const groups = groupEndpoints(service, chosen, name => this.#nodes.get(name))
    await this.#writeSlices(key, service, groups)
    await this.#writeEndpoints(key, service, groups)
  }

  /** Slices go with their owner; Endpoints have none, only their name. */
  async #forget(key: string): Promise<void> {
    const left = this.#endpoints.get(key)
    if (left && left.metadata.labels?.[MANAGED_BY] === SLICE_CONTROLLER)
      await deleteExactly(this.#endpointsClient, left)
  }

  async #writeSlices(key: string, service: Live<Service>, groups: readonly Group[]): Promise<void> {
    const plan = planSlices(service, groups, this.#slices.byIndex('service', key).filter(isOurs))
    for (const slice of plan.create) this.#expectations.made(key, await this.#sliceClient.create(slice))
    for (const slice of plan.update) {
      const written = await unlessGone(this.#sliceClient.update(slice))
      if (written) this.#expectations.made(key, written)
    }
    for (const slice of plan.remove) {
      await deleteExactly(this.#sliceClient, slice)
      this.#expectations.removed(key, slice)
    }
  }

  async #writeEndpoints(key: string, service: Live<Service>, groups: readonly Group[]): Promise<void> {
    const { name, namespace } = service.metadata
    const known = this.#endpoints.get(key)
    const subsets = subsetsOf(groups)
    const labels = { ...service.metadata.labels, [MANAGED_BY]: SLICE_CONTROLLER }
    if (!known) await unlessThere(this.#endpointsClient.create({ metadata: { name, namespace, labels }, subsets }))
    else if (!deepEqual(known.subsets ?? [], subsets) || !deepEqual(known.metadata.labels, labels)) {
      await unlessGone(this.#endpointsClient.update({ ...known, metadata: { ...known.metadata, labels }, subsets }))
    }
  }
}

function hasSelector({ spec }: Live<Service>): boolean {
  return spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0
}

function isOurs(slice: EndpointSlice): boolean {
  return slice.metadata?.labels?.[MANAGED_BY] === SLICE_CONTROLLER
}
