import type { Node } from '../../api/types/core-v1.ts'

/** Where the pods of another node are: the packets for `range` go to `gateway`, that node's own address. */
export interface Route {
  range: string
  gateway: string
}

/** One route for each other node that has a pod range and an address, in the order of their ranges. */
export function routesToOtherNodes(nodes: readonly Node[], ownName: string): Route[] {
  return nodes
    .filter(node => node.metadata?.name !== ownName)
    .flatMap(node => {
      const range = node.spec?.podCIDR
      const gateway = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
      return range && gateway ? [{ range, gateway }] : []
    })
    .sort((a, b) => (a.range < b.range ? -1 : 1))
}

export interface RouteChange {
  action: 'replace' | 'delete'
  route: Route
}

/** What turns the routes that are there into those that should be. */
export function routeChanges(present: readonly Route[], wanted: readonly Route[]): RouteChange[] {
  const same = (a: Route) => (b: Route) => a.range === b.range && a.gateway === b.gateway
  const stale = present.filter(route => !wanted.some(other => other.range === route.range))
  const missing = wanted.filter(route => !present.some(same(route)))
  return [
    ...stale.map(route => ({ action: 'delete' as const, route })),
    ...missing.map(route => ({ action: 'replace' as const, route })),
  ]
}

/** The routes in the text of `ip -4 route show proto N`: `10.244.1.0/24 via 192.168.56.11 dev enp0s8`. */
export function parseRoutes(text: string): Route[] {
  return Array.from(text.matchAll(/^(\S+) via (\S+)/gm), ([, range = '', gateway = '']) => ({ range, gateway }))
}

export function podRanges(nodes: readonly Node[]): string[] {
  return nodes.flatMap(node => node.spec?.podCIDR ?? []).sort()
}
