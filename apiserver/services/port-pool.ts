import type { Service } from '../../api/types/core-v1.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import type { Store } from '../storage/store.ts'
import { timestamp } from '../verbs/meta.ts'
import { candidates } from './pool.ts'

export interface PortRange {
  first: number
  last: number
}

export const NODE_PORTS = '/registry/ranges/servicenodeports/'

/** Node ports. Each one in use is a key of the store that only its owner could make. */
export class PortPool {
  readonly #store: Store
  readonly #clock: Clock
  readonly #random: Random
  readonly #range: PortRange

  constructor({ store, clock, random }: { store: Store; clock: Clock; random: Random }, range: PortRange) {
    this.#store = store
    this.#clock = clock
    this.#random = random
    this.#range = range
  }

  async take(service: Service, wanted: number | undefined): Promise<number | { problem: string }> {
    const { first, last } = this.#range
    if (wanted !== undefined) {
      if (wanted < first || wanted > last)
        return { problem: `provided port is not in the valid range. The range of valid ports is ${first}-${last}` }
      return (await this.#make(service, wanted)) ? wanted : { problem: 'provided port is already allocated' }
    }
    for (const offset of candidates(last - first + 1, this.#random)) {
      if (await this.#make(service, first + offset)) return first + offset
    }
    return { problem: `failed to allocate a nodePort: range is full` }
  }

  async giveBack(port: number): Promise<void> {
    const { value } = await this.#store.get(`${NODE_PORTS}${port}`)
    if (value) await this.#store.remove(value.key, value.modRevision)
  }

  async #make(service: Service, port: number): Promise<boolean> {
    const { name, namespace } = service.metadata ?? {}
    const metadata = { name: String(port), creationTimestamp: timestamp(this.#clock.now()) }
    const held = { apiVersion: 'v1', kind: 'NodePort', metadata, service: `${namespace}/${name}` }
    const value = Buffer.from(JSON.stringify(held))
    return (await this.#store.create(`${NODE_PORTS}${port}`, value)).ok
  }
}
