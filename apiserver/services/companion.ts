import { ApiError } from '../../api/errors.ts'
import type { FieldError } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Service } from '../../api/types/core-v1.ts'
import { invalidObject } from '../../api/validate/errors.ts'
import type { Companion } from '../companions.ts'
import type { Write } from '../verbs/write.ts'
import type { AddressPool } from './address-pool.ts'
import { clusterAddresses, hasClusterAddress, hasNodePorts, nodePorts, withFamilies } from './plan.ts'
import type { PortPool } from './port-pool.ts'

const SERVICE = { group: '', kind: 'Service' }

/** Cluster addresses and node ports of services. */
export class ServiceCompanion implements Companion {
  readonly #addresses: AddressPool
  readonly #ports: PortPool

  constructor(addresses: AddressPool, ports: PortPool) {
    this.#addresses = addresses
    this.#ports = ports
  }

  async reserve(write: Write, object: KubeObject, old: KubeObject | undefined): Promise<() => Promise<void>> {
    const service = object as Service
    const before = old as Service | undefined
    const taken: (() => Promise<void>)[] = []
    const undo = async () => {
      for (const giveBack of taken.reverse()) await giveBack()
    }
    withFamilies(service, this.#addresses.ranges)
    try {
      if (write.dryRun) return undo
      await this.#takeAddresses(service, before, taken)
      await this.#takePorts(service, before, taken)
      return undo
    } catch (error) {
      await undo()
      throw error
    }
  }

  async release(before: KubeObject, after: KubeObject | undefined): Promise<void> {
    const [old, now] = [(before as Service).spec, (after as Service | undefined)?.spec]
    const kept = new Set<string | number>([...clusterAddresses(now), ...nodePorts(now)])
    for (const address of clusterAddresses(old)) if (!kept.has(address)) await this.#addresses.giveBack(address)
    for (const port of nodePorts(old)) if (!kept.has(port)) await this.#ports.giveBack(port)
  }

  async #takeAddresses(service: Service, before: Service | undefined, taken: (() => Promise<void>)[]): Promise<void> {
    const { spec } = service
    if (!spec || !hasClusterAddress(spec)) return
    const own = new Set(clusterAddresses(before?.spec))
    const addresses: string[] = []
    for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
      const wanted = spec.clusterIPs?.[index] || undefined
      if (wanted && own.has(wanted)) addresses.push(wanted)
      else {
        const { address, isNew } = await this.#takeAddress(service, family, wanted, index)
        if (isNew) taken.push(() => this.#addresses.giveBack(address))
        addresses.push(address)
      }
    }
    spec.clusterIPs = addresses
    spec.clusterIP = addresses[0]
  }

  async #takeAddress(service: Service, family: string, wanted: string | undefined, index: number) {
    try {
      return await this.#addresses.take(service, family, wanted)
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason === 'InternalError') throw error
      const field = 'spec.clusterIPs'
      throw refuse(service, {
        type: 'Invalid value',
        field,
        value: wanted ? [wanted] : index,
        detail: `failed to allocate IP ${wanted ?? ''}: ${error.message}`,
      })
    }
  }

  async #takePorts(service: Service, before: Service | undefined, taken: (() => Promise<void>)[]): Promise<void> {
    const { spec } = service
    if (!spec || !hasNodePorts(spec)) return
    const own = new Set(nodePorts(before?.spec))
    for (const [index, port] of (spec.ports ?? []).entries()) {
      if (port.nodePort && own.has(port.nodePort)) continue
      const field = `spec.ports[${index}].nodePort`
      const number = await this.#takePort(service, field, port.nodePort || undefined)
      // TCP and UDP of one service may share a number.
      if (!own.has(number)) taken.push(() => this.#ports.giveBack(number))
      own.add(number)
      port.nodePort = number
    }
    if (spec.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') return
    if (spec.healthCheckNodePort && own.has(spec.healthCheckNodePort)) return
    const number = await this.#takePort(service, 'spec.healthCheckNodePort', spec.healthCheckNodePort || undefined)
    taken.push(() => this.#ports.giveBack(number))
    spec.healthCheckNodePort = number
  }

  async #takePort(service: Service, field: string, wanted: number | undefined): Promise<number> {
    const number = await this.#ports.take(service, wanted)
    if (typeof number === 'number') return number
    throw refuse(service, { type: 'Invalid value', field, value: wanted ?? 0, detail: number.problem })
  }
}

function refuse(service: Service, error: FieldError): ApiError {
  return invalidObject(SERVICE, service.metadata?.name ?? '', [error])
}
