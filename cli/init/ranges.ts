import { isCidr } from '../../api/validate/addresses.ts'
import type { Problem } from '../../kubelet/preflight/preflight.ts'
import { type Processes, runChecked } from '../../platform/processes.ts'

/** The ranges of addresses that a new cluster makes its own. */
export interface ClusterRanges {
  pods: string
  services: string
}

/** A network that this machine reaches without its default route. */
export interface Route {
  range: string
  device: string
}

const FLAGS = { pods: '--pod-network-cidr', services: '--service-cidr' } as const
const USES = Object.keys(FLAGS) as (keyof ClusterRanges)[]

/** What keeps a cluster from using its ranges: they are none, they overlap, or this machine's own networks lie there. */
export function rangeProblems(ranges: ClusterRanges, routes: readonly Route[]): Problem[] {
  const malformed = USES.filter(use => !isRange(ranges[use])).map(use => ({
    problem: `${FLAGS[use]}=${ranges[use]} is no IPv4 range`,
    remedy: `give one such as ${FLAGS[use]}=${use === 'pods' ? '10.244.0.0/16' : '10.96.0.0/12'}`,
  }))
  if (malformed.length > 0) return malformed
  return [...twoInOne(ranges), ...USES.flatMap(use => takenProblems(use, ranges[use], routes))]
}

function twoInOne({ pods, services }: ClusterRanges): Problem[] {
  if (!overlap(pods, services)) return []
  const remedy = `give ranges that have no address in common with ${FLAGS.pods} and ${FLAGS.services}`
  return [{ problem: `the ranges of pods (${pods}) and of Services (${services}) overlap`, remedy }]
}

/** Packets to such a network would end in a pod, or those to a pod in that network: the VM itself may become unreachable. */
function takenProblems(use: keyof ClusterRanges, range: string, routes: readonly Route[]): Problem[] {
  return routes
    .filter(route => overlap(route.range, range))
    .map(route => ({
      problem: `the range of ${use}, ${range}, overlaps with ${route.range}, this machine's own network on ${route.device}`,
      remedy: `choose another with ${FLAGS[use]}, such as ${freeRange(routes)}`,
    }))
}

/** A range of 65,536 private addresses that no route touches. */
function freeRange(routes: readonly Route[]): string {
  const candidates = Array.from({ length: 256 }, (_, index) => `10.${(index + 244) % 256}.0.0/16`)
  return candidates.find(range => !routes.some(route => overlap(route.range, range))) ?? '172.16.0.0/16'
}

const isRange = (text: string): boolean => isCidr(text) && !text.includes(':')

/** Two ranges have an address in common if the longer prefix begins with the shorter. */
function overlap(one: string, other: string): boolean {
  const [a, b] = [bounds(one), bounds(other)]
  return a.first <= b.last && b.first <= a.last
}

function bounds(range: string): { first: number; last: number } {
  const [address = '', length = '32'] = range.split('/')
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(length))
  const first = Math.floor(value / size) * size
  return { first, last: first + size - 1 }
}

/** The text of `ip -4 route show`, without the default route and without those that lead to a cluster's pods. */
export function parseRoutes(text: string, ownDevices: readonly string[]): Route[] {
  return text.split('\n').flatMap(line => {
    const [, range = '', device = ''] = /^([\d.]+(?:\/\d+)?) .*?dev (\S+)/.exec(line) ?? []
    const ours = / proto 107( |$)/.test(line) || ownDevices.includes(device)
    return range === '' || ours ? [] : [{ range, device }]
  })
}

/** Looks at this machine; what an earlier init made here is no obstacle to another. */
export async function machineRoutes(processes: Processes): Promise<Route[]> {
  const filter = ['--filter', 'label=io.kubox.network=pods']
  const networks = await runChecked(processes, 'docker', ['network', 'ls', '--quiet', ...filter])
  const bridges = networks.split('\n').map(id => `br-${id}`)
  return parseRoutes(await runChecked(processes, 'ip', ['-4', 'route', 'show']), bridges)
}
