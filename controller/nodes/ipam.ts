import { isIPv6 } from 'node:net'
import type { Node } from '../../api/types/core-v1.ts'
import { unlessGone } from '../../client/outcomes.ts'
import { NODES } from '../../client/resources.ts'
import { type Context, type Controller, createLoop, together } from '../context.ts'

/** An address range as numbers: its first address and its prefix length. */
export interface Range {
  first: bigint
  prefix: number
  bits: 32 | 128
}

export function parseRange(cidr: string): Range {
  const [address = '', length = ''] = cidr.split('/')
  const bits = isIPv6(address) ? 128 : 32
  const prefix = Number(length)
  if (!/^\d+$/.test(length) || prefix > bits) throw new Error(`${cidr} is not an address range`)
  const value = bits === 32 ? parseV4(address, cidr) : parseV6(address)
  const size = 1n << BigInt(bits - prefix)
  return { first: value - (value % size), prefix, bits }
}

function parseV4(address: string, cidr: string): bigint {
  const parts = address.split('.').map(Number)
  const isValid = parts.length === 4 && parts.every(part => Number.isInteger(part) && part >= 0 && part <= 255)
  if (!isValid) throw new Error(`${cidr} is not an address range`)
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n)
}

function parseV6(address: string): bigint {
  const [head = '', tail] = address.split('::')
  const words = (text: string) => (text === '' ? [] : text.split(':'))
  const before = words(head)
  const after = words(tail ?? '')
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].reduce((sum, word) => sum * 65_536n + BigInt(`0x${word}`), 0n)
}

export function formatRange({ first, prefix, bits }: Range): string {
  if (bits === 32) {
    return `${[24n, 16n, 8n, 0n].map(shift => (first >> shift) & 255n).join('.')}/${prefix}`
  }
  const words = Array.from({ length: 8 }, (_, i) => ((first >> BigInt(112 - 16 * i)) & 65_535n).toString(16))
  return `${words.join(':').replace(/(^|:)0(:0)+(:|$)/, '::')}/${prefix}`
}

/** The first free piece of the cluster's range; undefined: all are given out. */
export function nextRange(cluster: string, maskSize: number, used: Iterable<string>): string | undefined {
  const { first, prefix, bits } = parseRange(cluster)
  const size = 1n << BigInt(bits - maskSize)
  const count = 1n << BigInt(Math.max(0, maskSize - prefix))
  const taken = new Set<bigint>()
  for (const cidr of used) taken.add((parseRange(cidr).first - first) / size)
  for (let index = 0n; index < count; index++) {
    if (!taken.has(index)) return formatRange({ first: first + index * size, prefix: maskSize, bits })
  }
  return undefined
}

/** Gives every node a range of pod addresses of its own, out of the cluster's. */
export function nodeIpamController(context: Context): Controller {
  const { client, informers, options } = context
  const { clusterCidr } = options
  if (!clusterCidr) return together()
  const nodes = informers.of<Node>(NODES)
  // Ranges given out whose nodes have not come back through the watch yet.
  const given = new Map<string, string>()
  // One worker: two nodes must never be given the same range.
  const loop = createLoop(context, 'node-ipam-controller', step, { workers: 1 })
  loop.watch(nodes)

  async function step(name: string): Promise<void> {
    const node = nodes.get(name)
    if (!node || node.spec.podCIDR) {
      given.delete(name)
      return
    }
    const used = nodes.list().flatMap(other => other.spec.podCIDR ?? [])
    const podCIDR =
      given.get(name) ?? nextRange(clusterCidr!, options.nodeCidrMaskSize ?? 24, [...used, ...given.values()])
    if (!podCIDR) {
      loop.events.event(node, 'Normal', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`)
      throw new Error(`no range is left in ${clusterCidr}`)
    }
    given.set(name, podCIDR)
    await unlessGone(client.resource<Node>(NODES).patch(name, 'merge', { spec: { podCIDR, podCIDRs: [podCIDR] } }))
  }

  return loop
}
