import type { Lease } from '../../api/types/coordination-v1.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { Client, Live } from '../../client/client.ts'
import { LEASES, NODES } from '../../client/resources.ts'
import { microTimestamp } from '../../client/times.ts'
import { pause, systemClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { seededRandom } from '../../platform/random.ts'
import { createNodes, makeNode } from './control-plane.ts'
import { eventually } from './eventually.ts'
import { startFakeKubelet } from './fake-kubelet.ts'

const LEASE_EVERY_MS = 5000

/** Machines that are only said to be there: they report, and pods placed on them run with addresses of their range. */
export async function startFakeNodes(
  client: Client,
  count: number,
  podsEach: number,
): Promise<{ stop(): Promise<void> }> {
  const names = Array.from({ length: count }, (_, i) => `node-${i}`)
  const plane = {
    client,
    create: <T extends Node>(ref: typeof NODES, node: T) => client.resource<T>(ref).create(node),
  }
  await createNodes(
    plane,
    names.map(name => makeNode(name, { pods: String(podsEach) })),
  )
  const ranges = await eventually({ what: 'every node has its range' }, () => rangesOf(client, count))
  const stopping = new AbortController()
  const beating = Promise.all(names.map(name => beat(client, name, stopping.signal)))
  const parts = { client, clock: systemClock, random: seededRandom(1), log: new MemoryLog() }
  const addresses = new Addresses(ranges)
  const kubelet = await startFakeKubelet(parts, { needsNode: true, addressOf: pod => addresses.of(pod) })
  return {
    async stop() {
      stopping.abort()
      await Promise.all([beating, kubelet.stop()])
    },
  }
}

async function rangesOf(client: Client, count: number): Promise<Map<string, string> | undefined> {
  const { items } = await client.resource<Node>(NODES).list()
  const ranges = new Map(items.flatMap(({ metadata, spec }) => (spec.podCIDR ? [[metadata.name, spec.podCIDR]] : [])))
  return ranges.size === count ? ranges : undefined
}

/** Renews a node's lease, whatever becomes of the server. */
async function beat(client: Client, name: string, signal: AbortSignal): Promise<void> {
  const leases = client.resource<Lease>(LEASES)
  const namespace = 'kube-node-lease'
  while (!signal.aborted) {
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTimestamp(systemClock.now()) }
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec }
    const sent = await leases.patch(name, 'apply', lease, { namespace, fieldManager: 'fake-node', force: true }).then(
      () => true,
      () => false,
    )
    await pause(systemClock, sent ? LEASE_EVERY_MS : 500, signal)
  }
}

/** Each node gives every pod an address of its range, and none twice. */
class Addresses {
  readonly #ranges: ReadonlyMap<string, string>
  readonly #given = new Map<string, string>()
  readonly #next = new Map<string, number>()

  constructor(ranges: ReadonlyMap<string, string>) {
    this.#ranges = ranges
  }

  of({ metadata: { uid }, spec: { nodeName = '' } }: Live<Pod>): string {
    const known = this.#given.get(uid)
    if (known) return known
    const host = (this.#next.get(nodeName) ?? 0) + 1
    this.#next.set(nodeName, host)
    const [a, b, c] = this.#ranges.get(nodeName)!.split('.')
    const address = `${a}.${b}.${c}.${1 + (host % 254)}`
    this.#given.set(uid, address)
    return address
  }
}
