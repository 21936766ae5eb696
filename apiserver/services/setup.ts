import { type AddressRange, parseRange } from '../../api/addresses.ts'
import { type Companions, companionKey } from '../companions.ts'
import type { ApiServerOptions } from '../options.ts'
import type { Parts } from '../parts.ts'
import { AddressPool } from './address-pool.ts'
import { ServiceCompanion } from './companion.ts'
import { PortPool } from './port-pool.ts'

const DEFAULT_PORTS = { first: 30000, last: 32767 }
const DEFAULT_RANGE = '10.96.0.0/12'

/** What comes with objects of some kinds. */
export function createCompanions(options: ApiServerOptions, ports: PortPool, parts: () => Parts): Companions {
  const addresses = new AddressPool(serviceRanges(options), parts)
  return new Map([[companionKey({ group: '', plural: 'services' }), new ServiceCompanion(addresses, ports)]])
}

export function createPortPool(options: ApiServerOptions): PortPool {
  return new PortPool(options, options.serviceNodePortRange ?? DEFAULT_PORTS)
}

/** `10.96.0.0/12`, or two ranges with a comma between them, one of each family. */
export function serviceRanges({ serviceClusterIPRange = DEFAULT_RANGE }: ApiServerOptions): AddressRange[] {
  return serviceClusterIPRange.split(',').map(text => {
    const range = parseRange(text.trim())
    if (!range) throw new Error(`--service-cluster-ip-range: ${JSON.stringify(text)} is no range of addresses`)
    return range
  })
}
