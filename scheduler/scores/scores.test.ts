import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Node } from '../../api/types/core-v1.ts'
import { facts, node as makeNode, picture, scoresOf } from '../../test/support/scheduling.ts'
import type { PodFacts } from '../facts.ts'
import type { Picture } from '../picture.ts'
import type { Score } from '../plugin.ts'
import { interPodAffinity } from './affinity.ts'
import { imageLocality, nodeAffinity, taintToleration } from './node.ts'
import { balancedAllocation, CPU_AND_MEMORY, type FitStrategy, nodeResourcesFit } from './resources.ts'
import { podTopologySpread } from './spread.ts'

type Row = [string, Picture, PodFacts, Record<string, number> | undefined]

function table(name: string, score: Score, rows: readonly Row[]) {
  describe(name, () => {
    for (const [title, world, pod, expected] of rows) {
      it(title, () => assert.deepEqual(scoresOf(score, world, pod), expected))
    }
  })
}

const node = (name: string, labels: Record<string, string> = {}, extra: Partial<Node> = {}): Node =>
  makeNode(name, {}, { metadata: { labels }, ...extra })
const sized = (name: string, cpu: string, memory: string, more: Record<string, string> = {}): Node =>
  node(name, {}, { status: { allocatable: { cpu, memory, pods: '110', ...more } } })
const one = (cpu: string, memory: string, more?: Record<string, string>) => [sized('n1', cpu, memory, more)]
const asks = (cpu: string, memory: string, more: Record<string, string> = {}) => facts('p', { cpu, memory, ...more })
const strategy = (type: 'LeastAllocated' | 'MostAllocated', resources = CPU_AND_MEMORY) =>
  nodeResourcesFit({ type, resources })

table('LeastAllocated', strategy('LeastAllocated'), [
  ['half of both', picture(one('2', '2Gi')), asks('1', '1Gi'), { n1: 50 }],
  ['the mean of both', picture(one('4', '10Gi')), asks('1', '5Gi'), { n1: 62 }],
  ['everything', picture(one('1', '1Gi')), asks('1', '1Gi'), { n1: 0 }],
  ['more than there is', picture(one('1', '1Gi')), asks('2', '512Mi'), { n1: 25 }],
  ['what stands there counts', picture(one('4', '4Gi'), { n1: [asks('1', '1Gi')] }), asks('1', '1Gi'), { n1: 50 }],
  ['whole numbers, without the errors of fractions', picture(one('1', '1000')), asks('70m', '70'), { n1: 93 }],
  ['who says nothing is taken for 0.1 cores and 200 MB', picture(one('1', '2000Mi')), facts('p'), { n1: 90 }],
  ['a resource that the node has not is left out', picture(one('0', '4Gi')), asks('1', '1Gi'), { n1: 75 }],
])

table('MostAllocated', strategy('MostAllocated'), [
  ['half of both', picture(one('2', '2Gi')), asks('1', '1Gi'), { n1: 50 }],
  ['everything', picture(one('1', '1Gi')), asks('1', '1Gi'), { n1: 100 }],
  ['whole numbers, without the errors of fractions', picture(one('1', '1000')), asks('290m', '290'), { n1: 29 }],
  [
    'as full as can be, where assumed amounts go beyond it',
    picture(one('1', '200Mi'), { n1: [facts('a'), facts('b')] }),
    facts('p'),
    { n1: 65 },
  ],
])

const weighted = [
  { name: 'cpu', weight: 1 },
  { name: 'example.com/gpu', weight: 3 },
]
table('MostAllocated of weighted, extended resources', strategy('MostAllocated', weighted), [
  [
    'asked for',
    picture(one('4', '4Gi', { 'example.com/gpu': '4' })),
    asks('1', '1Gi', { 'example.com/gpu': '2' }),
    { n1: 43 },
  ],
  ['not asked for: cpu alone', picture(one('4', '4Gi', { 'example.com/gpu': '4' })), asks('1', '1Gi'), { n1: 25 }],
])

const ratio = (shape: [number, number][], resources = CPU_AND_MEMORY): Score => {
  const points = shape.map(([utilization, score]) => ({ utilization, score }))
  const made: FitStrategy = { type: 'RequestedToCapacityRatio', resources, shape: points }
  return nodeResourcesFit(made)
}
const packing = ratio([
  [0, 0],
  [100, 10],
])
table('RequestedToCapacityRatio that packs', packing, [
  ['half of both', picture(one('2', '2Gi')), asks('1', '1Gi'), { n1: 50 }],
  ['rounded, not cut', picture(one('100', '100')), asks('40', '41'), { n1: 41 }],
  ['what scores nothing does not weigh either', picture(one('1000', '1Gi')), asks('1m', '512Mi'), { n1: 50 }],
  ['utilization in whole percent', picture(one('3', '3')), asks('1', '1'), { n1: 33 }],
])
table(
  'RequestedToCapacityRatio with a bend',
  ratio([
    [0, 10],
    [40, 10],
    [80, 2],
  ]),
  [
    ['before the bend', picture(one('10', '10')), asks('3', '3'), { n1: 100 }],
    ['on the slope', picture(one('10', '10')), asks('6', '6'), { n1: 60 }],
    ['at a point', picture(one('10', '10')), asks('8', '8'), { n1: 20 }],
    ['behind the last point', picture(one('10', '10')), asks('9', '9'), { n1: 20 }],
    ['beyond the node', picture(one('1', '1')), asks('2', '2'), { n1: 20 }],
  ],
)
table(
  'RequestedToCapacityRatio that falls',
  ratio([
    [0, 10],
    [30, 0],
  ]),
  [['steps are cut towards the point before', picture(one('10', '10')), asks('1', '1'), { n1: 67 }]],
)

table('balanced allocation', balancedAllocation(), [
  ['even', picture(one('4', '4Gi')), asks('1', '1Gi'), { n1: 100 }],
  ['a quarter and three quarters', picture(one('4', '4Gi')), asks('1', '3Gi'), { n1: 75 }],
  ['one resource alone', picture(one('4', '4Gi')), facts('p', { cpu: '4' }), { n1: 50 }],
  ['shares end at the whole', picture(one('1', '4Gi')), asks('9', '4Gi'), { n1: 100 }],
  ['nothing asked for', picture(one('4', '4Gi')), facts('p'), undefined],
])

const zone = (name: string, value: string, extra: Partial<Node> = {}) =>
  node(name, { 'topology.kubernetes.io/zone': value, 'kubernetes.io/hostname': name }, extra)
const prefer = (weight: number, key: string, ...values: string[]) => ({
  weight,
  preference: { matchExpressions: [{ key, operator: 'In', values }] },
})
const wishing = (...preferred: ReturnType<typeof prefer>[]) =>
  facts('p', {}, { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } })
const disks = [node('n1', { disk: 'ssd' }), node('n2', { disk: 'hdd', net: 'fast' }), node('n3')]
table('preferred node affinity', nodeAffinity(), [
  ['none', picture(disks), facts('p'), undefined],
  [
    'the best is 100, the rest in proportion',
    picture(disks),
    wishing(prefer(40, 'disk', 'ssd'), prefer(10, 'net', 'fast')),
    { n1: 100, n2: 25, n3: 0 },
  ],
  [
    'weights add up',
    picture(disks),
    wishing(prefer(5, 'disk', 'hdd'), prefer(5, 'net', 'fast')),
    { n1: 0, n2: 100, n3: 0 },
  ],
  ['that nobody meets', picture(disks), wishing(prefer(5, 'disk', 'tape')), { n1: 0, n2: 0, n3: 0 }],
])

const soft = (key: string) => ({ key, effect: 'PreferNoSchedule' })
const tainted = [
  node('n1', {}, { spec: { taints: [soft('a'), soft('b')] } }),
  node('n2', {}, { spec: { taints: [soft('a')] } }),
  node('n3'),
]
table('soft taints', taintToleration, [
  ['fewer are better', picture(tainted), facts('p'), { n1: 0, n2: 50, n3: 100 }],
  [
    'tolerated ones do not count',
    picture(tainted),
    facts('p', {}, { tolerations: [{ key: 'a', operator: 'Exists' }] }),
    { n1: 0, n2: 100, n3: 100 },
  ],
  [
    'tolerations of hard taints do not help',
    picture(tainted),
    facts('p', {}, { tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }] }),
    { n1: 0, n2: 50, n3: 100 },
  ],
  ['there are none', picture([node('n1'), node('n2')]), facts('p'), undefined],
  [
    'hard taints are none',
    picture([node('n1', {}, { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } })]),
    facts('p'),
    undefined,
  ],
])

const MB = 1024 * 1024
const holding = (name: string, ...images: [string, number][]) =>
  node(name, {}, { status: { images: images.map(([image, sizeBytes]) => ({ names: [image], sizeBytes })) } })
const running = (...images: string[]) =>
  facts('p', {}, { containers: images.map((image, i) => ({ name: `c${i}`, image })) })
table('images that are there', imageLocality, [
  [
    'of a size that counts, on one node of two',
    picture([holding('n1', ['app:1', 1000 * MB]), node('n2')]),
    running('app:1'),
    { n1: 48, n2: 0 },
  ],
  ['no tag means latest', picture([holding('n1', ['app:latest', 500 * MB])]), running('app'), { n1: 48 }],
  [
    'a port is no tag',
    picture([holding('n1', ['host:5000/app:latest', 500 * MB])]),
    running('host:5000/app'),
    { n1: 48 },
  ],
  ['small ones do not count', picture([holding('n1', ['app:1', 20 * MB])]), running('app:1'), { n1: 0 }],
  [
    'beyond 1000 MB a container it is enough',
    picture([holding('n1', ['app:1', 9000 * MB])]),
    running('app:1'),
    { n1: 100 },
  ],
  [
    'the ceiling grows with the containers',
    picture([holding('n1', ['app:1', 1000 * MB])]),
    running('app:1', 'other:1'),
    { n1: 49 },
  ],
  ['another tag', picture([holding('n1', ['app:1', 500 * MB])]), running('app:2'), undefined],
])

const zones = [zone('n1', 'a'), zone('n2', 'a'), zone('n3', 'b')]
const term = (app: string, topologyKey: string) => ({ labelSelector: { matchLabels: { app } }, topologyKey })
const ZONE = 'topology.kubernetes.io/zone'
const HOST = 'kubernetes.io/hostname'
const near = (weight: number, app: string, key: string) =>
  facts(
    'p',
    {},
    {
      affinity: {
        podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: term(app, key) }] },
      },
    },
  )
const away = (weight: number, app: string, key: string) =>
  facts(
    'p',
    {},
    {
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: term(app, key) }],
        },
      },
    },
  )
const drawn = facts(
  'magnet',
  {},
  { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('p', HOST)] } } },
)
const repelled = facts(
  'hermit',
  {},
  {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 7, podAffinityTerm: term('p', ZONE) }],
      },
    },
  },
)
table('preferred affinity between pods', interPodAffinity(), [
  [
    'near others in their zone',
    picture(zones, { n1: [facts('db')] }),
    near(5, 'db', ZONE),
    { n1: 100, n2: 100, n3: 0 },
  ],
  [
    'more of them draw more',
    picture(zones, { n1: [facts('db')], n3: [facts('db'), facts('db')] }),
    near(5, 'db', HOST),
    { n1: 50, n2: 0, n3: 100 },
  ],
  ['away from others', picture(zones, { n1: [facts('db')] }), away(5, 'db', HOST), { n1: 0, n2: 100, n3: 100 }],
  ['others who need it draw it too', picture(zones, { n2: [drawn] }), facts('p'), { n1: 0, n2: 100, n3: 0 }],
  [
    'others who would rather not have it push it off',
    picture(zones, { n1: [repelled] }),
    facts('p'),
    { n1: 0, n2: 0, n3: 100 },
  ],
  ['nobody cares', picture(zones, { n1: [facts('db')] }), facts('p'), undefined],
  ['nobody matches', picture(zones, { n1: [facts('web')] }), near(5, 'db', ZONE), undefined],
])

const owned = (name: string) =>
  facts(
    name,
    {},
    {},
    { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'u', controller: true }] },
  )
const softly = (topologyKey: string, extra: object = {}) =>
  facts(
    'p',
    {},
    {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey,
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: { app: 'p' } },
          ...extra,
        },
      ],
    },
  )
table('soft spread', podTopologySpread(), [
  [
    'the emptier zone',
    picture(zones, { n1: [facts('p')], n2: [facts('p')], n3: [facts('p')] }),
    softly(ZONE),
    { n1: 33, n2: 33, n3: 100 },
  ],
  [
    'the emptiest node',
    picture(zones, { n1: [facts('p'), facts('p')], n2: [facts('p')] }),
    softly(HOST),
    { n1: 0, n2: 33, n3: 100 },
  ],
  [
    'a node without the key gets nothing',
    picture([...zones, node('n4')], { n1: [facts('p')] }),
    softly(ZONE),
    { n1: 0, n2: 0, n3: 100, n4: 0 },
  ],
  [
    'pods of others do not count',
    picture(zones, { n1: [facts('other')] }),
    softly(HOST),
    { n1: 100, n2: 100, n3: 100 },
  ],
  [
    'pods of one controller spread by themselves',
    picture(zones, { n1: [owned('a')] }),
    owned('b'),
    { n1: 66, n2: 88, n3: 100 },
  ],
  ['a pod without controller or wishes', picture(zones, { n1: [facts('p')] }), facts('p'), undefined],
])
