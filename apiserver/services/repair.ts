import type { KubeObject } from '../../api/objects.ts'
import type { Service } from '../../api/types/core-v1.ts'
import type { IPAddress } from '../../api/types/networking-v1.ts'
import type { Parts } from '../parts.ts'
import { prefixEnd, storageKey } from '../storage/keys.ts'
import { clusterAddresses, nodePorts } from './plan.ts'
import { NODE_PORTS, type PortPool } from './port-pool.ts'

const YOUNG_MS = 60_000
export const REPAIR_EVERY_MS = 180_000

/** A server that died between reserving and storing leaves addresses and ports that nobody has: they are given back. */
export async function repairPools(parts: Parts, ports: PortPool): Promise<void> {
  await parts.cache.upToDate()
  const services = all<Service>(parts, '', 'services')
  await repairAddresses(parts, new Set(services.flatMap(service => clusterAddresses(service.spec))))
  await repairPorts(parts, ports, new Set(services.flatMap(service => nodePorts(service.spec))))
}

async function repairAddresses(parts: Parts, used: ReadonlySet<string>): Promise<void> {
  const kind = parts.catalog.find('networking.k8s.io', 'v1', 'ipaddresses')!
  for (const address of all<IPAddress>(parts, 'networking.k8s.io', 'ipaddresses')) {
    const name = address.metadata?.name ?? ''
    const ours = address.spec?.parentRef?.resource === 'services'
    if (!ours || used.has(name) || ageOf(parts, address) < YOUNG_MS) continue
    const entry = parts.objects.peek(kind, '', name)
    if (entry) await parts.objects.remove(entry)
    parts.log.info('A service address that no service has was given back', { address: name })
  }
}

async function repairPorts(parts: Parts, ports: PortPool, used: ReadonlySet<number>): Promise<void> {
  const entries = parts.cache.shelf('/registry/ranges/').range(NODE_PORTS, prefixEnd(NODE_PORTS))
  for (const entry of entries) {
    const port = Number(entry.key.slice(NODE_PORTS.length))
    if (used.has(port) || ageOf(parts, entry.shared()) < YOUNG_MS) continue
    await ports.giveBack(port)
    parts.log.info('A node port that no service has was given back', { port })
  }
}

function all<T>(parts: Parts, group: string, plural: string): T[] {
  const kind = parts.catalog.find(group, 'v1', plural)!
  const start = storageKey(kind, undefined)
  return parts.objects
    .shelf(kind)
    .range(start, prefixEnd(start))
    .map(entry => entry.shared() as T)
}

function ageOf(parts: Parts, object: KubeObject): number {
  return parts.clock.now() - Date.parse(object.metadata?.creationTimestamp ?? '')
}
