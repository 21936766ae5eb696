import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { PodSpec } from '../api/types/core-v1.ts'
import { decideIn, facts, node, outcome, PROFILE, picture } from '../test/support/scheduling.ts'
import { readConfig } from './config.ts'
import { decide, nodesToFind, type Refused } from './decide.ts'
import { explain, explainAmounts } from './explain.ts'
import { ConfigError } from './plugin-args.ts'
import { preempt } from './preempt.ts'

describe('nodesToFind', () => {
  const cases: [number, number, number][] = [
    [10, 0, 10],
    [99, 5, 99],
    [100, 0, 100],
    [1000, 0, 420],
    [5000, 0, 500],
    [6000, 0, 300],
    [20_000, 0, 1000],
    [1000, 30, 300],
    [1000, 100, 1000],
  ]
  for (const [count, percentage, expected] of cases) {
    it(`${count} nodes, ${percentage} %`, () => assert.equal(nodesToFind(count, percentage), expected))
  }
})

describe('decide', () => {
  it('goes round among equals', () => {
    const world = picture(['n1', 'n2', 'n3'].map(name => node(name)))
    let start = 0
    const names = Array.from({ length: 6 }, () => {
      const decision = decide(facts('p'), world, PROFILE, start)
      start = decision.next
      return outcome(decision)
    })
    assert.deepEqual(names, ['n1', 'n2', 'n3', 'n1', 'n2', 'n3'])
  })

  it('looks at some nodes of many only, and at others next time', () => {
    const world = picture(Array.from({ length: 1000 }, (_, i) => node(`n${i}`)))
    const decision = decide(facts('p'), world, PROFILE, 900)
    assert.equal(decision.next, 320)
  })

  const preferring = (spec: Partial<PodSpec>) => facts('p', { cpu: '100m', memory: '100Mi' }, spec)
  const ssd = node('n2', {}, { metadata: { labels: { disk: 'ssd' } } })
  const soft = { key: 'old', effect: 'PreferNoSchedule' }
  const cases: [string, Parameters<typeof picture>, ReturnType<typeof facts>, string][] = [
    [
      'the emptier node',
      [[node('n1'), node('n2')], { n1: [facts('q', { cpu: '1', memory: '2Gi' })] }],
      facts('p', { cpu: '1' }),
      'n2',
    ],
    [
      'the one that stays balanced',
      [[node('n1', { cpu: '4', memory: '4Gi' }), node('n2', { cpu: '8', memory: '4Gi' })], { n2: [] }],
      facts('p', { cpu: '2', memory: '1Gi' }),
      'n2',
    ],
    ['no soft taint', [[node('n1', {}, { spec: { taints: [soft] } }), node('n2')]], facts('p'), 'n2'],
    [
      'preferred node affinity',
      [[node('n1'), ssd]],
      preferring({
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, preference: { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] } },
            ],
          },
        },
      }),
      'n2',
    ],
    [
      'a preferred neighbour',
      [[node('n1'), node('n2')], { n2: [facts('friend', {}, {}, { labels: { app: 'db' } })] }],
      preferring({
        affinity: {
          podAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              {
                weight: 100,
                podAffinityTerm: {
                  topologyKey: 'kubernetes.io/hostname',
                  labelSelector: { matchLabels: { app: 'db' } },
                },
              },
            ],
          },
        },
      }),
      'n2',
    ],
    [
      'the image is there',
      [
        [
          node('n1'),
          node(
            'n2',
            {},
            {
              status: {
                images: [{ names: ['app:latest'], sizeBytes: 2 ** 32 }],
                allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
              },
            },
          ),
        ],
      ],
      facts('p'),
      'n2',
    ],
    [
      'away from its siblings by default',
      [
        [node('n1'), node('n2')],
        {
          n1: [
            facts(
              'a',
              {},
              {},
              { ownerReferences: [{ apiVersion: 'v1', kind: 'R', name: 'r', uid: 'r', controller: true }] },
            ),
          ],
        },
      ],
      facts('b', {}, {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'R', name: 'r', uid: 'r', controller: true }] }),
      'n2',
    ],
    [
      'soft spread over zones',
      [
        ['a', 'b'].map((zone, i) => node(`n${i + 1}`, {}, { metadata: { labels: { zone } } })),
        { n1: [facts('q', {}, {}, { labels: { c: 'x' } })] },
      ],
      facts(
        'p',
        {},
        {
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'zone',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: { c: 'x' } },
            },
          ],
        },
        { labels: { c: 'x' } },
      ),
      'n2',
    ],
  ]
  for (const [title, world, pod, expected] of cases) {
    it(`prefers ${title}`, () => assert.equal(decideIn(picture(...world), pod), expected))
  }

  it('never gives away more than there is, whatever comes and goes', () => {
    const steps = fc.array(
      fc.record({ cpu: fc.integer({ min: 1, max: 12 }), leaves: fc.boolean(), which: fc.nat(100) }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(steps, plan => {
        const world = picture(['n1', 'n2', 'n3'].map(name => node(name, { cpu: '1', pods: '5' })))
        const placed: { uid: string; nodeName: string }[] = []
        let start = 0
        for (const { cpu, leaves, which } of plan) {
          if (leaves && placed.length > 0) {
            const [gone] = placed.splice(which % placed.length, 1)
            world.removePod(gone!.uid, gone!.nodeName)
          }
          const pod = facts('p', { cpu: `${cpu * 100}m` })
          const decision = decide(pod, world, PROFILE, start)
          start = decision.next
          if (!decision.node) continue
          world.addPod(pod, decision.node.name)
          placed.push({ uid: pod.uid, nodeName: decision.node.name })
        }
        for (const info of world.nodes) {
          assert.ok(info.requested.cpu <= 1000 && info.pods.size <= 5, `${info.name} is over-committed`)
        }
        assert.equal(
          world.nodes.reduce((sum, info) => sum + info.pods.size, 0),
          placed.length,
        )
      }),
      { numRuns: 200 },
    )
  })
})

describe('explain', () => {
  const refusedBy = (nodes: Parameters<typeof picture>[0], pod = facts('p', { memory: '2Gi' })) =>
    decide(pod, picture(nodes), PROFILE, 0) as Refused
  it('counts reasons and sorts them as text', () => {
    const refused = refusedBy([
      node('w1', { memory: '1Gi' }),
      node('w2', {}, { spec: { taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }] } }),
      node('w3', { memory: '700Mi' }),
    ])
    assert.equal(
      explain(refused, 3),
      '0/3 nodes are available: 1 node(s) had untolerated taint {a: b}, 2 Insufficient memory.',
    )
    assert.equal(
      explainAmounts(facts('p', { memory: '2Gi' }), refused),
      'needs 2048Mi memory: w1 has 1024Mi of 1024Mi left, w3 has 700Mi of 700Mi left',
    )
  })
  it('has words for an empty cluster', () => {
    assert.equal(explain(refusedBy([]), 0), 'no nodes available to schedule pods')
  })
})

describe('preempt', () => {
  const low = (name: string, cpu: string, priority = 0) => facts(name, { cpu }, { priority })
  const high = facts('high', { cpu: '1' }, { priority: 100 })
  const choose = (
    standing: Record<string, ReturnType<typeof facts>[]>,
    budgets: Parameters<typeof preempt>[4]['budgets'] = [],
    pod = high,
  ) => {
    const world = picture(
      Object.keys(standing).map(name => node(name, { cpu: '1' })),
      standing,
    )
    const refused = decide(pod, world, PROFILE, 0) as Refused
    const limits = PROFILE.preemption!
    const { candidate, message } = preempt(pod, world, PROFILE, refused, { budgets, start: 0, limits })
    return candidate ? [candidate.node.name, candidate.victims.map(victim => victim.name)] : message
  }
  const budget = (name: string, allowed: number) => ({
    metadata: { name, namespace: 'default' },
    spec: { selector: { matchLabels: { app: name } } },
    status: { disruptionsAllowed: allowed, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
  })
  it('takes the least important', () => {
    assert.deepEqual(choose({ n1: [low('a', '1', 50)], n2: [low('b', '1', 10)] }), ['n2', ['b']])
  })
  it('takes as few as it must', () => {
    const pod = facts('mid', { cpu: '500m' }, { priority: 100 })
    assert.deepEqual(choose({ n1: [low('a', '500m', 1), low('b', '500m', 2)] }, [], pod), ['n1', ['a']])
  })
  it('spares what a budget protects', () => {
    assert.deepEqual(choose({ n1: [low('a', '1')], n2: [low('b', '1')] }, [budget('a', 0)]), ['n2', ['b']])
    assert.deepEqual(
      choose({ n1: [low('a', '1')] }, [budget('a', 0)]),
      ['n1', ['a']],
      'if nothing else is left, even that',
    )
  })
  it('says why not', () => {
    assert.equal(
      choose({ n1: [low('a', '1', 100)] }),
      '0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    )
    const never = facts('never', { cpu: '1' }, { priority: 100, preemptionPolicy: 'Never' })
    assert.equal(choose({ n1: [low('a', '1')] }, [], never), 'not eligible due to preemptionPolicy=Never.')
    const huge = facts('huge', { cpu: '2' }, { priority: 100 })
    assert.equal(
      choose({ n1: [low('a', '1')] }, [], huge),
      '0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    )
  })
  it('keeps the place that was promised to somebody at least as important', () => {
    const world = picture([node('n1', { cpu: '1' })])
    world.nominate(facts('first', { cpu: '1' }, { priority: 200 }), 'n1')
    assert.deepEqual(decideIn(world, high), { n1: ['Insufficient cpu'] })
    assert.equal(decideIn(world, facts('king', { cpu: '1' }, { priority: 300 })), 'n1')
  })
})

describe('readConfig', () => {
  const names = (config: Parameters<typeof readConfig>[0]) => {
    const [profile] = readConfig(config).profiles
    return {
      filters: profile!.filters.map(({ name }) => name),
      scores: profile!.scores.map(({ score, weight }) => `${score.name} ${weight}`),
    }
  }
  it('has the defaults of Kubernetes', () => {
    assert.deepEqual(names({}).scores.sort(), [
      'ImageLocality 1',
      'InterPodAffinity 2',
      'NodeAffinity 2',
      'NodeResourcesBalancedAllocation 1',
      'NodeResourcesFit 1',
      'PodTopologySpread 2',
      'TaintToleration 3',
    ])
  })
  it('switches plugins off and weighs them anew', () => {
    const plugins = {
      multiPoint: { disabled: [{ name: 'ImageLocality' }] },
      score: { enabled: [{ name: 'NodeAffinity', weight: 9 }], disabled: [{ name: 'TaintToleration' }] },
    }
    const { filters, scores } = names({ profiles: [{ plugins }] })
    assert.ok(filters.includes('TaintToleration'))
    assert.ok(scores.includes('NodeAffinity 9') && !scores.some(name => /^(ImageLocality|TaintToleration)/.test(name)))
  })
  it('packs nodes when told to', () => {
    const pluginConfig = [{ name: 'NodeResourcesFit', args: { scoringStrategy: { type: 'MostAllocated' } } }]
    const [profile] = readConfig({
      profiles: [{ pluginConfig, plugins: { score: { disabled: [{ name: 'NodeResourcesBalancedAllocation' }] } } }],
    }).profiles
    const world = picture([node('n1'), node('n2')], { n2: [facts('q', { cpu: '1', memory: '1Gi' })] })
    assert.equal(outcome(decide(facts('p', { cpu: '1', memory: '1Gi' }), world, profile!, 0)), 'n2')
  })
  const refusals: [string, object][] = [
    ['an unknown plugin', { profiles: [{ plugins: { score: { enabled: [{ name: 'Nope' }] } } }] }],
    ['two profiles of one name', { profiles: [{}, {}] }],
    ['another kind', { kind: 'Pod' }],
    [
      'an unknown strategy',
      { profiles: [{ pluginConfig: [{ name: 'NodeResourcesFit', args: { scoringStrategy: { type: 'Best' } } }] }] },
    ],
  ]
  for (const [title, config] of refusals)
    it(`refuses ${title}`, () => assert.throws(() => readConfig(config), ConfigError))
})
