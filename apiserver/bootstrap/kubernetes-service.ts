import { type AddressRange, addressAt, familyOf } from '../../api/addresses.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Endpoints, Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Parts } from '../parts.ts'
import { prefixEnd } from '../storage/keys.ts'
import type { Store } from '../storage/store.ts'
import { ensure } from './bootstrap.ts'

const LEASES = '/registry/masterleases/'
const LEASE_SECONDS = 15
export const ANNOUNCE_EVERY_MS = 10_000
const SECURE_PORT = 443

export interface KubernetesServiceOptions {
  store: Store
  ranges: readonly AddressRange[]
  /** `HOST:PORT` of this server. */
  advertiseAddress: string
}

/**
 * The service `kubernetes`: how pods reach the API. Every server holds a key that vanishes when it does; the endpoints
 * are those servers whose keys are there.
 */
export class KubernetesService {
  readonly #parts: Parts
  readonly #options: KubernetesServiceOptions
  readonly #host: string
  readonly #port: number

  constructor(parts: Parts, options: KubernetesServiceOptions) {
    const at = options.advertiseAddress.lastIndexOf(':')
    this.#parts = parts
    this.#options = options
    this.#host = options.advertiseAddress.slice(0, at).replace(/^\[|\]$/g, '')
    this.#port = Number(options.advertiseAddress.slice(at + 1))
  }

  async announce(): Promise<void> {
    await ensure(this.#parts, 'services', this.#service())
    if (!isReachable(this.#host)) return
    await this.#renewLease()
    const hosts = await this.#servers()
    await this.#ensureEqual('', 'endpoints', this.#endpoints(hosts), ['subsets'])
    await this.#ensureEqual('discovery.k8s.io', 'endpointslices', this.#slice(hosts), ['endpoints', 'ports'])
  }

  /** Says goodbye, so that nobody is sent here any more. */
  async leave(): Promise<void> {
    const { value } = await this.#options.store.get(LEASES + this.#host)
    if (value) await this.#options.store.remove(value.key, value.modRevision)
  }

  async #renewLease(): Promise<void> {
    const { store } = this.#options
    const key = LEASES + this.#host
    const lease = await store.grantLease(LEASE_SECONDS)
    const value = Buffer.from(JSON.stringify({ apiVersion: 'v1', kind: 'Endpoints', metadata: { name: this.#host } }))
    const { value: held } = await store.get(key)
    if (held) await store.update(key, value, held.modRevision, lease)
    else await store.create(key, value, lease)
  }

  async #servers(): Promise<string[]> {
    const { values } = await this.#options.store.range(LEASES, prefixEnd(LEASES), { keysOnly: true })
    return values.map(({ key }) => key.slice(LEASES.length)).sort()
  }

  #service(): Service {
    const [range] = this.#options.ranges
    const clusterIP = range ? addressAt(range, 1n) : undefined
    return {
      ...{ apiVersion: 'v1', kind: 'Service' },
      metadata: {
        name: 'kubernetes',
        namespace: 'default',
        labels: { component: 'apiserver', provider: 'kubernetes' },
      },
      spec: {
        clusterIP,
        ports: [{ name: 'https', port: SECURE_PORT, protocol: 'TCP', targetPort: this.#port }],
        sessionAffinity: 'None',
        type: 'ClusterIP',
      },
    }
  }

  #endpoints(hosts: string[]): Endpoints {
    const ports = [{ name: 'https', port: this.#port, protocol: 'TCP' }]
    return {
      ...{ apiVersion: 'v1', kind: 'Endpoints' },
      // The slice below is made by hand: nobody shall mirror this object.
      metadata: { ...this.#names(), labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: hosts.map(ip => ({ ip })), ports }],
    }
  }

  #slice(hosts: string[]): EndpointSlice {
    return {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' },
      metadata: { ...this.#names(), labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: familyOf(this.#host)!,
      endpoints: hosts.map(host => ({ addresses: [host], conditions: { ready: true } })),
      ports: [{ name: 'https', port: this.#port, protocol: 'TCP' }],
    }
  }

  #names() {
    return { name: 'kubernetes', namespace: 'default' }
  }

  async #ensureEqual(group: string, plural: string, wanted: KubeObject, fields: string[]): Promise<void> {
    const { objects, catalog } = this.#parts
    await ensure(this.#parts, plural, wanted, group)
    const kind = catalog.find(group, 'v1', plural)!
    await objects.modify(kind, 'default', 'kubernetes', entry => {
      const found = entry.object() as unknown as Record<string, unknown>
      const target = wanted as unknown as Record<string, unknown>
      if (fields.every(field => deepEqual(found[field], target[field]))) return undefined
      return { ...found, ...Object.fromEntries(fields.map(field => [field, target[field]])) }
    })
  }
}

/** Only an address that pods can use is announced; a server for tests listens on loopback. */
function isReachable(host: string): boolean {
  return familyOf(host) !== undefined && !/^(127\.|0\.|169\.254\.|::1?$|fe[89ab])/i.test(host)
}
