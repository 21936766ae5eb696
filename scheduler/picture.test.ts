import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileSelector } from '../api/placement.ts'
import type { Node } from '../api/types/core-v1.ts'
import { facts, node } from '../test/support/scheduling.ts'
import type { PodFacts } from './facts.ts'
import { Picture } from './picture.ts'

const ZONE = 'topology.kubernetes.io/zone'
const NODES = ['n1', 'n2', 'n3', 'n4']

type Change =
  | { do: 'set-node'; name: string; zone: string | undefined; cordoned: boolean; tainted: boolean }
  | { do: 'remove-node'; name: string }
  | { do: 'add-pod'; pod: number; name: string }
  | { do: 'remove-pod'; pod: number }

const names = fc.constantFrom(...NODES)
const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    do: fc.constant('set-node' as const),
    name: names,
    zone: fc.constantFrom('a', 'b', undefined),
    cordoned: fc.boolean(),
    tainted: fc.boolean(),
  }),
  fc.record({ do: fc.constant('remove-node' as const), name: names }),
  fc.record({ do: fc.constant('add-pod' as const), pod: fc.nat(9), name: names }),
  fc.record({ do: fc.constant('remove-pod' as const), pod: fc.nat(9) }),
)

const selects = compileSelector({ matchLabels: { color: 'blue' } })
const BLUE = { key: 'blue', selects: (pod: PodFacts) => selects(pod.labels) }

/** Half of them blue, some without wish for company; each asks for another amount. */
const PODS = Array.from({ length: 10 }, (_, i) => {
  const term = { topologyKey: ZONE, labelSelector: { matchLabels: { color: 'blue' } } }
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
  const labels = { color: i % 2 === 0 ? 'blue' : 'red' }
  return facts(`p${i}`, { cpu: `${i + 1}00m` }, i % 5 === 0 ? { affinity } : {}, { labels })
})

/** All that the filters and scores ask of a picture. */
function seen(picture: Picture): object {
  const sorted = (counts: ReadonlyMap<string, number>) => [...counts].filter(([, count]) => count !== 0).sort()
  return {
    nodes: picture.nodes
      .map(({ name, pods, requested }) => ({ name, pods: [...pods.keys()].sort(), cpu: requested.cpu }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    blue: sorted(picture.counts('default', BLUE)),
    blueByZone: sorted(picture.domainCounts('default', BLUE, ZONE)),
    everywhere: picture.isEverywhere(ZONE),
    withAffinity: Array.from(picture.nodesWithAffinity, info => info.name).sort(),
    traits: { ...picture.traits },
  }
}

describe('the picture of the cluster', () => {
  it('is the same however it came about', () => {
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 40 }), list => {
        const grown = new Picture()
        const nodes = new Map<string, Node>()
        const places = new Map<number, string>()
        for (const change of list) {
          // Asked in between, so that what is counted once and then carried on is carried on rightly.
          seen(grown)
          if (change.do === 'set-node') {
            const labels: Record<string, string> = change.zone === undefined ? {} : { [ZONE]: change.zone }
            const taints = change.tainted ? [{ key: 'x', effect: 'NoSchedule' }] : undefined
            const made = node(
              change.name,
              {},
              { metadata: { labels }, spec: { unschedulable: change.cordoned, taints } },
            )
            nodes.set(change.name, made)
            grown.setNode(made)
          } else if (change.do === 'remove-node') {
            nodes.delete(change.name)
            grown.removeNode(change.name)
          } else {
            const place = places.get(change.pod)
            if (place !== undefined) grown.removePod(PODS[change.pod]!.uid, place)
            places.delete(change.pod)
            if (change.do === 'remove-pod') continue
            places.set(change.pod, change.name)
            grown.addPod(PODS[change.pod]!, change.name)
          }
        }
        const fresh = new Picture()
        for (const made of nodes.values()) fresh.setNode(made)
        for (const [pod, place] of places) fresh.addPod(PODS[pod]!, place)
        assert.deepEqual(seen(grown), seen(fresh))
      }),
      { numRuns: 300 },
    )
  })
})
