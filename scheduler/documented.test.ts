import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Affinity, Node, PodSpec, Taint, Toleration } from '../api/types/core-v1.ts'
import { decideIn, facts, node, PROFILE, picture } from '../test/support/scheduling.ts'
import { readConfig } from './config.ts'
import { decide, nodesToFind, type Refused } from './decide.ts'
import type { PodFacts } from './facts.ts'
import { preempt } from './preempt.ts'

/*
 * The examples that Kubernetes' own documentation works through, page by page under
 * kubernetes.io/docs/concepts/scheduling-eviction/. Whoever learned there finds the same here.
 */

const ZONE = 'zone'
const inZones = (text: string): Node[] =>
  text.split(' ').map(word => {
    const [zone = '', name = ''] = word.split('/')
    return node(name, {}, { metadata: { labels: { [ZONE]: zone, node: name } } })
  })
const labelled = (name: string, labels: Record<string, string>, spec: Partial<PodSpec> = {}) =>
  facts(name, {}, spec, { labels })
/** `node1 node1 node2`: one pod for each word. */
const standingOn = (text: string, make: () => PodFacts) =>
  Object.fromEntries([...Map.groupBy(text.split(' '), name => name)].map(([name, all]) => [name, all.map(make)]))

/** All nodes that a pod could go to: each decision takes the best, which is then closed to the next. */
function allowed(nodes: readonly Node[], standing: Record<string, PodFacts[]>, make: (nodeName: string) => PodFacts) {
  return nodes
    .map(({ metadata }) => metadata?.name ?? '')
    .filter(name => decideIn(picture(nodes, standing), make(name)) === name)
}

describe('topology-spread-constraints', () => {
  const foo = () => labelled('pod', { foo: 'bar' })
  const rule = (topologyKey: string) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: { foo: 'bar' } },
  })
  const notC: Affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE, operator: 'NotIn', values: ['zoneC'] }] }],
      },
    },
  }
  const four = 'zoneA/node1 zoneA/node2 zoneB/node3 zoneB/node4'
  const cases: [string, string, string, PodSpec['topologySpreadConstraints'], Affinity | undefined, string[]][] = [
    ['one constraint', four, 'node1 node2 node3', [rule(ZONE)], undefined, ['node3', 'node4']],
    ['multiple constraints', four, 'node1 node2 node3', [rule(ZONE), rule('node')], undefined, ['node4']],
    [
      'conflicting constraints: it stays pending',
      'zoneA/node1 zoneA/node2 zoneB/node3',
      'node1 node1 node2 node3 node3',
      [rule(ZONE), rule('node')],
      undefined,
      [],
    ],
    [
      'with node affinity: zoneC is no domain for it',
      `${four} zoneC/node5`,
      'node1 node2 node3',
      [rule(ZONE)],
      notC,
      ['node3', 'node4'],
    ],
  ]
  for (const [name, nodes, pods, topologySpreadConstraints, affinity, expected] of cases) {
    it(name, () => {
      const make = (nodeName: string) =>
        labelled('mypod', { foo: 'bar' }, { topologySpreadConstraints, affinity, nodeName })
      assert.deepEqual(allowed(inZones(nodes), standingOn(pods, foo), make), expected)
    })
  }

  it('minDomains: while there are fewer, the least counts as none', () => {
    const constraint = { ...rule(ZONE), minDomains: 5 }
    const make = (nodeName: string) =>
      labelled('mypod', { foo: 'bar' }, { topologySpreadConstraints: [{ ...constraint, maxSkew: 2 }], nodeName })
    const nodes = inZones('zoneA/node1 zoneB/node2 zoneC/node3')
    const two = standingOn('node1 node1 node2 node2 node3 node3', foo)
    assert.deepEqual(allowed(nodes, two, make), [], 'a third one would make a skew of 3 in each')
  })
})

describe('taint-and-toleration', () => {
  const taints: Taint[] = [
    { key: 'key1', value: 'value1', effect: 'NoSchedule' },
    { key: 'key1', value: 'value1', effect: 'NoExecute' },
    { key: 'key2', value: 'value2', effect: 'NoSchedule' },
  ]
  const equal = (key: string, value: string, effect: string): Toleration => ({ key, operator: 'Equal', value, effect })
  const both = [equal('key1', 'value1', 'NoSchedule'), equal('key1', 'value1', 'NoExecute')]
  const cases: [string, Taint[], Toleration[], boolean][] = [
    ['a taint without a toleration', taints.slice(0, 1), [], false],
    ['key1=value1:NoSchedule, equal', taints.slice(0, 1), [equal('key1', 'value1', 'NoSchedule')], true],
    ['key1 exists', taints.slice(0, 1), [{ key: 'key1', operator: 'Exists', effect: 'NoSchedule' }], true],
    ['an empty key with Exists tolerates everything', taints, [{ operator: 'Exists' }], true],
    ['an empty effect matches all effects of key1', taints.slice(0, 2), [{ key: 'key1', operator: 'Exists' }], true],
    ['two of three are tolerated: not the third', taints, both, false],
  ]
  for (const [name, given, tolerations, fits] of cases) {
    it(name, () => {
      const world = picture([node('node1', {}, { spec: { taints: given } })])
      assert.equal(decideIn(world, facts('nginx', {}, { tolerations })) === 'node1', fits)
    })
  }
})

describe('assign-pod-node', () => {
  const labels = (name: string, given: Record<string, string>) => node(name, {}, { metadata: { labels: given } })
  const REGION = 'topology.kubernetes.io/zone'

  it('required and preferred node affinity', () => {
    const nodeAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: REGION, operator: 'In', values: ['antarctica-east1', 'antarctica-west1'] }] },
        ],
      },
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 1,
          preference: {
            matchExpressions: [{ key: 'another-node-label-key', operator: 'In', values: ['another-node-label-value'] }],
          },
        },
      ],
    }
    const world = picture([
      labels('elsewhere', { [REGION]: 'europe', 'another-node-label-key': 'another-node-label-value' }),
      labels('plain', { [REGION]: 'antarctica-west1' }),
      labels('preferred', { [REGION]: 'antarctica-east1', 'another-node-label-key': 'another-node-label-value' }),
    ])
    assert.equal(decideIn(world, facts('with-node-affinity', {}, { affinity: { nodeAffinity } })), 'preferred')
  })

  it('weights: label-2 of weight 50 before label-1 of weight 1', () => {
    const prefer = (weight: number, key: string, value: string) => ({
      weight,
      preference: { matchExpressions: [{ key, operator: 'In', values: [value] }] },
    })
    const nodeAffinity = {
      preferredDuringSchedulingIgnoredDuringExecution: [prefer(1, 'label-1', 'key-1'), prefer(50, 'label-2', 'key-2')],
    }
    const world = picture([labels('one', { 'label-1': 'key-1' }), labels('two', { 'label-2': 'key-2' })])
    assert.equal(decideIn(world, facts('with-affinity-preferred-weight', {}, { affinity: { nodeAffinity } })), 'two')
  })

  const term = (topologyKey: string, value: string, key = 'security') => ({
    topologyKey,
    labelSelector: { matchExpressions: [{ key, operator: 'In', values: [value] }] },
  })

  it('pod affinity: in the zone of S1, and rather not in that of S2', () => {
    const affinity: Affinity = {
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(REGION, 'S1')] },
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term(REGION, 'S2') }],
      },
    }
    const nodes = ['V', 'W', 'R'].map(zone => labels(zone.toLowerCase(), { [REGION]: zone }))
    const secure = (security: string) => labelled(security, { security })
    const world = picture(nodes, { v: [secure('S1')], w: [secure('S1'), secure('S2')] })
    assert.equal(decideIn(world, facts('with-pod-affinity', {}, { affinity })), 'v')
  })

  it('redis-cache and web-server: one of each on each of three nodes', () => {
    const HOST = 'kubernetes.io/hostname'
    const apart = (app: string) => ({
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(HOST, app, 'app')] },
    })
    const beside = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(HOST, 'store', 'app')] } }
    const world = picture(['node-1', 'node-2', 'node-3'].map(name => node(name)))
    const place = (app: string, affinity: Affinity) => {
      const pod = labelled(app, { app }, { affinity })
      const where = decideIn(world, pod)
      if (typeof where === 'string') world.addPod(pod, where)
      return where
    }
    const caches = [1, 2, 3].map(() => place('store', apart('store')))
    const servers = [1, 2, 3].map(() => place('web-store', { ...apart('web-store'), ...beside }))
    const all = ['node-1', 'node-2', 'node-3']
    assert.deepEqual([caches.sort(), servers.sort()], [all, all])
    assert.equal(typeof place('store', apart('store')), 'object', 'there is no room for a fourth')
  })
})

describe('resource-bin-packing', () => {
  /** Scores run from 0 to 100 here, and from 0 to 10 there: its 5 and its 7. */
  it('node scoring for capacity allocation', () => {
    const scoringStrategy = {
      type: 'RequestedToCapacityRatio',
      resources: [
        { name: 'intel.com/foo', weight: 5 },
        { name: 'memory', weight: 1 },
        { name: 'cpu', weight: 3 },
      ],
      requestedToCapacityRatio: {
        shape: [
          { utilization: 0, score: 0 },
          { utilization: 100, score: 10 },
        ],
      },
    }
    const pluginConfig = [{ name: 'NodeResourcesFit', args: { scoringStrategy } }]
    const [profile] = readConfig({ profiles: [{ pluginConfig }] }).profiles
    const { score } = profile!.scores.find(({ score: { name } }) => name === 'NodeResourcesFit')!
    const amounts = (foo: string, memory: string, cpu: string) => ({ 'intel.com/foo': foo, memory, cpu })
    const world = picture([node('node1', amounts('4', '1Gi', '8')), node('node2', amounts('8', '1Gi', '8'))], {
      node1: [facts('a', amounts('1', '256Mi', '1'))],
      node2: [facts('b', amounts('2', '512Mi', '6'))],
    })
    const scorer = score.forPod(facts('new', amounts('2', '256Mi', '2')), world, world.nodes)!
    assert.deepEqual(
      world.nodes.map(info => [info.name, scorer.score(info)]),
      [
        ['node1', 60],
        ['node2', 69],
      ],
    )
  })
})

describe('scheduler-perf-tuning', () => {
  const cases: [string, number, number, number][] = [
    ['under 100 nodes all are looked at', 99, 10, 99],
    ['a share of the nodes that is given', 5000, 50, 2500],
    ['without one, 10 % of 5,000 nodes', 5000, 0, 500],
    ['never less than 5 %', 8000, 0, 400],
  ]
  for (const [name, count, percentage, expected] of cases)
    it(name, () => assert.equal(nodesToFind(count, percentage), expected))
})

describe('pod-priority-preemption', () => {
  const options = { budgets: [], start: 0, limits: { percentage: 10, least: 100 } }
  const choose = (nodes: Node[], standing: Record<string, PodFacts[]>, pod: PodFacts) => {
    const world = picture(nodes, standing)
    const refused = decide(pod, world, PROFILE, 0)
    assert.equal(refused.node, undefined)
    return preempt(pod, world, PROFILE, refused as Refused, options)
  }
  const high = (spec: Partial<PodSpec> = {}) => facts('p', { cpu: '1' }, { priority: 1000, ...spec })

  it('not all lower ones are removed where fewer are enough', () => {
    const low = (name: string) => facts(name, { cpu: '1' }, { priority: 1 })
    const { candidate } = choose([node('n', { cpu: '2' })], { n: [low('a'), low('b')] }, high())
    assert.equal(candidate?.victims.length, 1)
  })

  it('a pod that must stand by one of lower priority does not make it go', () => {
    const q = facts('q', { cpu: '1' }, { priority: 1 }, { labels: { app: 'q' } })
    const podAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'q' } } },
      ],
    }
    const { candidate, message } = choose([node('n', { cpu: '1' })], { n: [q] }, high({ affinity: { podAffinity } }))
    assert.equal(candidate, undefined)
    assert.match(message, /1 No preemption victims found for incoming pod/)
  })

  it('no pods of other nodes are removed: anti-affinity over a zone keeps it pending', () => {
    const away = {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: ZONE, labelSelector: { matchLabels: { app: 'q' } } },
        ],
      },
    }
    const q = facts('q', { cpu: '1' }, { priority: 1 }, { labels: { app: 'q' } })
    const other = facts('o', { cpu: '1' }, { priority: 5000 })
    const nodes = ['n', 'm'].map(name => node(name, { cpu: '1' }, { metadata: { labels: { [ZONE]: 'z' } } }))
    assert.equal(choose(nodes, { n: [other], m: [q] }, high({ affinity: away })).candidate?.node.name, 'm')
    const kept = facts('q', { cpu: '1' }, { priority: 5000 }, { labels: { app: 'q' } })
    const lower = facts('o', { cpu: '1' }, { priority: 1 })
    assert.equal(choose(nodes, { n: [lower], m: [kept] }, high({ affinity: away })).candidate, undefined)
  })

  it('preemptionPolicy Never waits, whatever its priority', () => {
    const low = facts('a', { cpu: '1' }, { priority: 1 })
    const { candidate } = choose([node('n', { cpu: '1' })], { n: [low] }, high({ preemptionPolicy: 'Never' }))
    assert.equal(candidate, undefined)
  })
})
