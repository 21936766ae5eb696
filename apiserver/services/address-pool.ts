import { type AddressRange, addressAt, contains, familyOf } from '../../api/addresses.ts'
import { ApiError, isReason } from '../../api/errors.ts'
import type { Service } from '../../api/types/core-v1.ts'
import type { IPAddress } from '../../api/types/networking-v1.ts'
import { systemWrite } from '../bootstrap/system-write.ts'
import type { Parts } from '../parts.ts'
import { createObject } from '../verbs/create.ts'
import { candidates } from './pool.ts'

// A pool larger than this is searched in its first part only: nobody has more services.
const MOST_CANDIDATES = 1 << 16

interface Taken {
  address: string
  /** Not so: the service had reserved it before, in an attempt that was cut off. */
  isNew: boolean
}

/**
 * Cluster addresses. Each one in use is an IPAddress object named after it, as in Kubernetes 1.33: whoever makes the
 * object has the address, whichever server did.
 */
export class AddressPool {
  readonly ranges: readonly AddressRange[]
  readonly #parts: () => Parts

  constructor(ranges: readonly AddressRange[], parts: () => Parts) {
    this.ranges = ranges
    this.#parts = parts
  }

  async take(service: Service, family: string, wanted: string | undefined): Promise<Taken> {
    const range = this.ranges.find(one => one.family === family)
    if (!range) throw new ApiError('BadRequest', `the cluster has no service addresses of the family ${family}`)
    if (wanted === undefined) return this.#takeAny(service, range)
    if (!contains(range, wanted)) throw new ApiError('BadRequest', 'the provided IP is not in the valid range')
    if (await this.#make(service, wanted)) return { address: wanted, isNew: true }
    if (await this.#isLeftOver(service, wanted)) return { address: wanted, isNew: false }
    throw new ApiError('BadRequest', 'provided IP is already allocated')
  }

  async giveBack(address: string): Promise<void> {
    const parts = this.#parts()
    const kind = kindOf(parts)
    const entry = await parts.objects.find(kind, '', address)
    if (entry) await parts.objects.remove(entry)
  }

  async #takeAny(service: Service, range: AddressRange): Promise<Taken> {
    // The first address names the network, the last is the broadcast of IPv4.
    const usable = range.size - (range.family === 'IPv4' ? 2n : 1n)
    const size = Number(usable > BigInt(MOST_CANDIDATES) ? BigInt(MOST_CANDIDATES) : usable)
    const parts = this.#parts()
    for (const offset of candidates(size, parts.random)) {
      const address = addressAt(range, BigInt(offset) + 1n)
      if (parts.objects.peek(kindOf(parts), '', address)) continue
      if (await this.#make(service, address)) return { address, isNew: true }
    }
    throw new ApiError('InternalError', 'range is full: no service address is free')
  }

  /** False when somebody else has it. */
  async #make(service: Service, address: string): Promise<boolean> {
    const parts = this.#parts()
    const { name = '', namespace } = service.metadata ?? {}
    const labels = {
      'ipaddress.kubernetes.io/ip-family': familyOf(address) ?? '',
      'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
    }
    const object: IPAddress = {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress', metadata: { name: address, labels } },
      spec: { parentRef: { group: '', resource: 'services', namespace, name } },
    }
    try {
      await createObject(parts, systemWrite(kindOf(parts), '', address), object)
      return true
    } catch (error) {
      if (isReason(error, 'AlreadyExists')) return false
      throw error
    }
  }

  /** A server died after it had reserved the address for this very service and before it stored the service. */
  async #isLeftOver(service: Service, address: string): Promise<boolean> {
    const parts = this.#parts()
    const { name = '', namespace } = service.metadata ?? {}
    const entry = await parts.objects.find(kindOf(parts), '', address)
    const parent = (entry?.shared() as IPAddress | undefined)?.spec?.parentRef
    if (parent?.resource !== 'services' || parent.name !== name || parent.namespace !== namespace) return false
    return !(await parts.objects.find(parts.catalog.find('', 'v1', 'services')!, namespace, name))
  }
}

function kindOf(parts: Parts) {
  return parts.catalog.find('networking.k8s.io', 'v1', 'ipaddresses')!
}
