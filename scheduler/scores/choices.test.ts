import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileNodeSelectorTerm } from '../../api/placement.ts'
import type { Affinity, Node, PodSpec, Taint, Toleration } from '../../api/types/core-v1.ts'
import { facts, node as makeNode, picture, scoresOf } from '../../test/support/scheduling.ts'
import { interPodAffinity } from './affinity.ts'
import { imageLocality, nodeAffinity, taintToleration } from './node.ts'
import { balancedAllocation, nodeResourcesFit } from './resources.ts'
import { podTopologySpread } from './spread.ts'

const node = (name: string, zone: string, extra: Partial<Node> = {}): Node =>
  makeNode(name, {}, { metadata: { labels: { zone } }, ...extra })
const named = (app: string, spec: Partial<PodSpec> = {}) => facts(app, {}, spec, { labels: { app } })

describe('preferring neighbours', () => {
  const zones = [node('n1', 'a'), node('n2', 'b'), node('n3', 'c')]
  const term = (app: string) => ({ topologyKey: 'zone', labelSelector: { matchLabels: { app } } })
  const weighted = (app: string, weight: number) => [{ weight, podAffinityTerm: term(app) }]
  const likes = (app: string, weight = 10): Affinity => ({
    podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: weighted(app, weight) },
  })
  const shuns = (app: string, weight = 10): Affinity => ({
    podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: weighted(app, weight) },
  })
  const needs = (app: string): Affinity => ({
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app)] },
  })
  const NEAR = { n1: 100, n2: 0, n3: 0 }
  const FAR = { n1: 0, n2: 100, n3: 100 }
  /** Who stands on n1 with which affinity, who comes with which; the weight of what those need. */
  const cases: [string, string, Affinity, Affinity, number, boolean, object | undefined][] = [
    ['it likes who stands there', 'db', {}, likes('db'), 1, false, NEAR],
    ['it likes somebody else', 'db', {}, likes('x'), 1, false, undefined],
    ['it shuns who stands there', 'db', {}, shuns('db'), 1, false, FAR],
    ['it shuns somebody else', 'db', {}, shuns('x'), 1, false, undefined],
    ['who stands there likes it', 'db', likes('web'), {}, 1, false, NEAR],
    ['who stands there likes somebody else', 'db', likes('x'), {}, 1, false, undefined],
    ['who stands there shuns it', 'db', shuns('web'), {}, 1, false, FAR],
    ['who stands there shuns somebody else', 'db', shuns('x'), {}, 1, false, undefined],
    ['who stands there needs it', 'db', needs('web'), {}, 1, false, NEAR],
    ['who stands there needs somebody else', 'db', needs('x'), {}, 1, false, undefined],
    ['needs are to count for nothing', 'db', needs('web'), {}, 0, false, undefined],
    [
      'likings of others are to count for those with likings only: it has none',
      'db',
      likes('web'),
      {},
      1,
      true,
      undefined,
    ],
    [
      'likings of others are to count for those with likings only: it has one',
      'db',
      likes('web'),
      likes('x'),
      1,
      true,
      NEAR,
    ],
    ['liked as much as shunned', 'db', shuns('web'), likes('db'), 1, false, { n1: 0, n2: 0, n3: 0 }],
  ]
  for (const [name, app, theirs, own, hardWeight, needsOwn, expected] of cases) {
    it(name, () => {
      const world = picture(zones, { n1: [named(app, { affinity: theirs })] })
      assert.deepEqual(
        scoresOf(interPodAffinity(hardWeight, needsOwn), world, named('web', { affinity: own })),
        expected,
      )
    })
  }
  it('in proportion, in whole numbers', () => {
    const world = picture(zones, { n1: [named('db'), named('db'), named('db')], n2: [named('db')] })
    const scores = scoresOf(interPodAffinity(), world, named('web', { affinity: likes('db') }))
    assert.deepEqual(scores, { n1: 100, n2: 33, n3: 0 })
  })
})

describe('avoiding taints that only ask', () => {
  const soft = (key: string): Taint => ({ key, effect: 'PreferNoSchedule' })
  const cases: [string, Taint[], Taint[], Toleration[], object | undefined][] = [
    ['one has such a taint', [soft('a')], [], [], { n1: 0, n2: 100 }],
    ['beside one that forbids', [{ key: 'x', effect: 'NoSchedule' }, soft('a')], [], [], { n1: 0, n2: 100 }],
    ['only taints that forbid', [{ key: 'x', effect: 'NoSchedule' }], [], [], undefined],
    ['two are worse than one', [soft('a'), soft('b')], [soft('a')], [], { n1: 0, n2: 50 }],
    [
      'tolerated, whatever the effect',
      [soft('a')],
      [soft('b')],
      [{ key: 'a', operator: 'Exists' }],
      { n1: 100, n2: 0 },
    ],
    [
      'tolerated by this effect',
      [soft('a')],
      [soft('b')],
      [{ key: 'a', operator: 'Exists', effect: 'PreferNoSchedule' }],
      { n1: 100, n2: 0 },
    ],
    [
      'tolerated by another effect only',
      [soft('a')],
      [],
      [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }],
      { n1: 0, n2: 100 },
    ],
  ]
  for (const [name, first, second, tolerations, expected] of cases) {
    it(name, () => {
      const world = picture([
        node('n1', 'a', { spec: { taints: first } }),
        node('n2', 'b', { spec: { taints: second } }),
      ])
      assert.deepEqual(scoresOf(taintToleration, world, named('web', { tolerations })), expected)
    })
  }
})

describe('preferring nodes', () => {
  const preference = (zone: string) => ({ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] })
  const prefers = (zone: string): Partial<PodSpec> => ({
    affinity: {
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, preference: preference(zone) }] },
    },
  })
  const added = (zone: string) => [{ weight: 30, matches: compileNodeSelectorTerm(preference(zone)) }]
  const cases: [string, Partial<PodSpec>, ReturnType<typeof added>, object | undefined][] = [
    ['by nobody', {}, [], undefined],
    ['by the pod', prefers('a'), [], { n1: 100, n2: 0 }],
    ['by the configuration', {}, added('b'), { n1: 0, n2: 100 }],
    ['by both', prefers('a'), added('b'), { n1: 33, n2: 100 }],
  ]
  for (const [name, spec, more, expected] of cases) {
    it(name, () => {
      const world = picture([node('n1', 'a'), node('n2', 'b')])
      assert.deepEqual(scoresOf(nodeAffinity(more), world, named('web', spec)), expected)
    })
  }
})

describe('nodes that have the images', () => {
  const MIB = 1024 ** 2
  /** `app:1=500`: an image of 500 MiB. */
  const having = (name: string, text: string): Node => {
    const images = text
      .split(' ')
      .filter(Boolean)
      .map(word => {
        const at = word.lastIndexOf('=')
        return { names: [word.slice(0, at)], sizeBytes: Number(word.slice(at + 1)) * MIB }
      })
    return node(name, 'a', { status: { images, allocatable: { pods: '110' } } })
  }
  const cases: [string, string[], string, string, Record<string, number> | undefined][] = [
    ['one of four has it', ['app:1=1000', '', '', ''], 'app:1', '', { n1: 23, n2: 0, n3: 0, n4: 0 }],
    ['two of four have it', ['app:1=1000', 'app:1=1000', '', ''], 'app:1', '', { n1: 48, n2: 48, n3: 0, n4: 0 }],
    ['nobody has it', ['', ''], 'app:1', '', undefined],
    ['all of a large one', ['app:1=5000'], 'app:1', '', { n1: 100 }],
    ['a small one is nothing', ['app:1=23'], 'app:1', '', { n1: 0 }],
    ['one of two', ['app:1=1000'], 'app:1 log:1', '', { n1: 49 }],
    ['both', ['app:1=1000 log:1=1000'], 'app:1 log:1', '', { n1: 100 }],
    ['that of an init container counts', ['setup:1=1000'], 'app:1', 'setup:1', { n1: 49 }],
    ['without a tag: the latest', ['app:latest=1000'], 'app', '', { n1: 100 }],
    ['without a tag, from a registry with a port', ['host:5000/app:latest=1000'], 'host:5000/app', '', { n1: 100 }],
    ['by its digest', ['app@sha256:1=1000'], 'app@sha256:1', '', { n1: 100 }],
    ['another tag', ['app:2=1000'], 'app:1', '', undefined],
  ]
  for (const [name, nodes, apps, inits, expected] of cases) {
    it(name, () => {
      const of = (text: string) =>
        text
          .split(' ')
          .filter(Boolean)
          .map(image => ({ name: image, image }))
      const world = picture(nodes.map((text, i) => having(`n${i + 1}`, text)))
      assert.deepEqual(
        scoresOf(imageLocality, world, named('web', { containers: of(apps), initContainers: of(inits) })),
        expected,
      )
    })
  }
})

describe('spreading where it can', () => {
  const rule = (more: object = {}): Partial<PodSpec> => ({
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'zone',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { app: 'web' } },
        ...more,
      },
    ],
  })
  const closed = { spec: { taints: [{ key: 'x', effect: 'NoSchedule' }] } }
  const web = (count: number) => Array.from({ length: count }, () => named('web'))
  const cases: [string, object, Partial<PodSpec>, object][] = [
    ['pods on tainted nodes count', {}, {}, { n1: 37, n2: 100, n3: 37 }],
    ['unless taints are honoured', { nodeTaintsPolicy: 'Honor' }, {}, { n1: 100, n2: 33, n3: 100 }],
    [
      'and not tolerated',
      { nodeTaintsPolicy: 'Honor' },
      { tolerations: [{ operator: 'Exists' }] },
      { n1: 37, n2: 100, n3: 37 },
    ],
  ]
  for (const [name, more, spec, expected] of cases) {
    it(name, () => {
      const nodes = [node('n1', 'a'), node('n2', 'b'), node('n3', 'a', closed)]
      const world = picture(nodes, { n1: web(1), n2: web(2), n3: web(5) })
      const scores = scoresOf(podTopologySpread(), world, named('web', { ...rule(more), ...spec }))!
      assert.deepEqual(Object.keys(scores), ['n1', 'n2', 'n3'])
      assert.deepEqual(scores, expected)
    })
  }
})

describe('what is said to be none', () => {
  it('counts all the same, as what is free', () => {
    const amounts = { cpu: '2', memory: '2Gi' }
    const resources = [
      { name: 'cpu', weight: 1 },
      { name: 'memory', weight: 1 },
    ]
    const score = nodeResourcesFit({ type: 'LeastAllocated', resources })
    const world = picture([makeNode('n1', amounts)])
    assert.deepEqual(scoresOf(score, world, facts('p', { cpu: '0', memory: '1Gi' })), { n1: 75 })
  })
})

describe('balance of three resources', () => {
  const GPU = 'example.com/gpu'
  const score = balancedAllocation(['cpu', 'memory', GPU].map(name => ({ name, weight: 1 })))
  const cases: [string, Record<string, string>, Record<string, string>, number][] = [
    ['all alike', { cpu: '4', memory: '4', [GPU]: '4' }, { cpu: '1', memory: '1', [GPU]: '1' }, 100],
    ['a half, a quarter, nothing', { cpu: '4', memory: '4', [GPU]: '4' }, { cpu: '2', memory: '1' }, 79],
    ['one that the node has not is left out', { cpu: '4', memory: '4' }, { cpu: '2', memory: '1', [GPU]: '1' }, 87],
    ['beyond the node is full', { cpu: '1', memory: '4', [GPU]: '4' }, { cpu: '3', memory: '4', [GPU]: '4' }, 100],
  ]
  for (const [name, has, asks, expected] of cases) {
    it(name, () =>
      assert.deepEqual(scoresOf(score, picture([makeNode('n1', has)]), facts('p', asks)), { n1: expected }),
    )
  }
})
