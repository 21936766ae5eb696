import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Node, PodSpec } from '../api/types/core-v1.ts'
import { facts, node, outcome, picture } from '../test/support/scheduling.ts'
import { readConfig } from './config.ts'
import { decide, type Refused } from './decide.ts'
import type { PodFacts } from './facts.ts'
import { ConfigError } from './plugin-args.ts'
import { preempt } from './preempt.ts'

const ZONE = 'topology.kubernetes.io/zone'

function profileWith(name: string, args: Record<string, unknown>, plugins?: object) {
  return readConfig({ profiles: [{ pluginConfig: [{ name, args }], plugins: plugins as never }] }).profiles[0]!
}

const inZone = (name: string, zone: string, extra: Partial<Node> = {}) =>
  node(name, {}, { metadata: { labels: { [ZONE]: zone } }, ...extra })
const where = (key: string, ...values: string[]) => ({ matchExpressions: [{ key, operator: 'In', values }] })

describe('NodeAffinity.addedAffinity', () => {
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [where(ZONE, 'b')] } }
  it('is asked of every pod', () => {
    const world = picture([inZone('n1', 'a'), inZone('n2', 'b')])
    const profile = profileWith('NodeAffinity', { addedAffinity: required })
    assert.equal(outcome(decide(facts('p'), world, profile, 0)), 'n2')
  })
  it('is told apart from the pod’s own', () => {
    const world = picture([inZone('n1', 'a'), inZone('n2', 'b')])
    const profile = profileWith('NodeAffinity', { addedAffinity: required })
    assert.deepEqual(outcome(decide(facts('p', {}, { nodeSelector: { [ZONE]: 'a' } }), world, profile, 0)), {
      n1: ["node(s) didn't match scheduler-enforced node affinity"],
      n2: ["node(s) didn't match Pod's node affinity/selector"],
    })
  })
  it('adds its preferences to the pod’s', () => {
    const preferred = [{ weight: 10, preference: where(ZONE, 'b') }]
    const profile = profileWith('NodeAffinity', {
      addedAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred },
    })
    const world = picture([inZone('n1', 'a'), inZone('n2', 'b')])
    assert.equal(outcome(decide(facts('p'), world, profile, 0)), 'n2')
  })
})

describe('PodTopologySpread.defaultConstraints', () => {
  const owned = (name: string, owner: string | undefined) => {
    const reference = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: owner ?? '', controller: true }
    return facts(name, {}, {}, owner ? { ownerReferences: [reference] } : {})
  }
  const args = {
    defaultingType: 'List',
    defaultConstraints: [{ topologyKey: ZONE, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }],
  }
  const full = { spec: { unschedulable: true } }
  const cases: [string, PodFacts, Record<string, PodFacts[]>, unknown][] = [
    ['hold for pods of one controller', owned('p', 'web'), { n1: [owned('q', 'web')] }, 'skewed'],
    ['do not mind pods of another', owned('p', 'web'), { n1: [owned('q', 'db')] }, 'n1'],
    ['do not mind a pod that nobody made', owned('p', undefined), { n1: [owned('q', undefined)] }, 'n1'],
  ]
  for (const [title, pod, standing, expected] of cases) {
    it(title, () => {
      const world = picture([inZone('n1', 'a'), inZone('n2', 'b', full)], standing)
      const found = outcome(decide(pod, world, profileWith('PodTopologySpread', args), 0))
      const skewed = {
        n1: ["node(s) didn't match pod topology spread constraints"],
        n2: ['node(s) were unschedulable'],
      }
      assert.deepEqual(found, expected === 'skewed' ? skewed : expected)
    })
  }
  it('an empty list spreads nothing', () => {
    const profile = profileWith('PodTopologySpread', { defaultingType: 'List' })
    const spread = profile.scores.find(({ score }) => score.name === 'PodTopologySpread')!.score
    const world = picture([node('n1')], { n1: [owned('q', 'web')] })
    assert.equal(spread.forPod(owned('p', 'web'), world, world.nodes), undefined)
  })
})

describe('InterPodAffinity', () => {
  const likes = (kind: 'required' | 'preferred'): Partial<PodSpec> => {
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'p' } } }
    const podAffinity =
      kind === 'required'
        ? { requiredDuringSchedulingIgnoredDuringExecution: [term] }
        : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 5, podAffinityTerm: term }] }
    return { affinity: { podAffinity } }
  }
  const cases: [string, Record<string, unknown>, 'required' | 'preferred', number | undefined][] = [
    ['required affinity of others attracts', {}, 'required', 100],
    ['unless it weighs nothing', { hardPodAffinityWeight: 0 }, 'required', undefined],
    ['preferences of others attract', {}, 'preferred', 100],
    ['unless they are ignored', { ignorePreferredTermsOfExistingPods: true }, 'preferred', undefined],
  ]
  for (const [title, args, kind, expected] of cases) {
    it(title, () => {
      const { score } = profileWith('InterPodAffinity', args).scores.find(
        entry => entry.score.name === 'InterPodAffinity',
      )!
      const world = picture([node('n1'), node('n2')], { n2: [facts('q', {}, likes(kind))] })
      const scorer = score.forPod(facts('p'), world, world.nodes)
      const scores = Float64Array.from(world.nodes, info => scorer?.score(info) ?? 0)
      scorer?.normalize?.(scores)
      assert.equal(scorer && scores[1], expected)
    })
  }
})

describe('NodeResourcesFit', () => {
  const pod = facts('p', { 'example.com/fpga': '1' })
  const cases: [string, Record<string, unknown>, unknown][] = [
    ['minds every resource', {}, { n1: ['Insufficient example.com/fpga'] }],
    ['but for ignored ones', { ignoredResources: ['example.com/fpga'] }, 'n1'],
    ['and ignored groups', { ignoredResourceGroups: ['example.com'] }, 'n1'],
    ['of exactly that name', { ignoredResourceGroups: ['example'] }, { n1: ['Insufficient example.com/fpga'] }],
  ]
  for (const [title, args, expected] of cases) {
    it(title, () =>
      assert.deepEqual(outcome(decide(pod, picture([node('n1')]), profileWith('NodeResourcesFit', args), 0)), expected),
    )
  }
})

describe('DefaultPreemption', () => {
  it('looks at as many candidates as it is told', () => {
    const args = { minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 1 }
    const profile = profileWith('DefaultPreemption', args)
    const low = (name: string, priority: number) => facts(name, { cpu: '1' }, { priority })
    const nodes = ['n1', 'n2'].map(name => node(name, { cpu: '1' }))
    const world = picture(nodes, { n1: [low('a', 5)], n2: [low('b', 1)] })
    const high = facts('high', { cpu: '1' }, { priority: 100 })
    const choose = (limits: { percentage: number; least: number }) => {
      const refused = decide(high, world, profile, 0) as Refused
      return preempt(high, world, profile, refused, { budgets: [], start: 0, limits }).candidate?.node.name
    }
    assert.deepEqual(profile.preemption, { percentage: 0, least: 1 })
    assert.equal(choose(profile.preemption!), 'n1', 'the first that would do')
    assert.equal(choose({ percentage: 100, least: 1 }), 'n2', 'the best of all')
  })
})

describe('arguments of plugins', () => {
  const curve = (...utilizations: number[]) => {
    const shape = utilizations.map(utilization => ({ utilization, score: 1 }))
    return { scoringStrategy: { type: 'RequestedToCapacityRatio', requestedToCapacityRatio: { shape } } }
  }
  it('may draw a curve', () => {
    for (const points of [[0], [0, 100], [10, 20, 30]]) assert.ok(profileWith('NodeResourcesFit', curve(...points)))
  })
  it('may be just what is the most or the least', () => {
    profileWith('InterPodAffinity', { hardPodAffinityWeight: 0 })
    profileWith('InterPodAffinity', { hardPodAffinityWeight: 100 })
  })
  it('say how long volumes may take', () => {
    assert.equal(profileWith('VolumeBinding', { bindTimeoutSeconds: 7 }).bindTimeoutMs, 7000)
    assert.equal(profileWith('VolumeBinding', {}).bindTimeoutMs, 600_000)
  })
  it('may name their own kind', () => {
    profileWith('InterPodAffinity', { apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'InterPodAffinityArgs' })
  })
  const wrong: [string, string, Record<string, unknown>, RegExp][] = [
    ['an unknown one', 'NodeAffinity', { addedAfinity: {} }, /unknown argument "addedAfinity"/],
    ['one of a plugin that takes none', 'NodePorts', { ports: 1 }, /takes no arguments/],
    ['a weight over 100', 'InterPodAffinity', { hardPodAffinityWeight: 101 }, /between 0 and 100/],
    ['defaults without List', 'PodTopologySpread', { defaultConstraints: [{}] }, /defaultingType List only/],
    ['an unknown defaulting', 'PodTopologySpread', { defaultingType: 'Some' }, /System or List/],
    [
      'a selector among the defaults',
      'PodTopologySpread',
      { defaultingType: 'List', defaultConstraints: [{ topologyKey: 'a', labelSelector: {} }] },
      /must not have a labelSelector/,
    ],
    [
      'an unknown strategy',
      'NodeResourcesFit',
      { scoringStrategy: { type: 'Some' } },
      /unknown scoringStrategy.type "Some"/,
    ],
    ['a curve without points', 'NodeResourcesFit', curve(), /must rise in utilization/],
    ['a curve that goes back', 'NodeResourcesFit', curve(0, 50, 40), /must rise in utilization/],
    ['a curve that stands still', 'NodeResourcesFit', curve(0, 50, 50), /must rise in utilization/],
    ['a group with a slash', 'NodeResourcesFit', { ignoredResourceGroups: ['a/b'] }, /must not contain/],
    ['more than all nodes', 'DefaultPreemption', { minCandidateNodesPercentage: 200 }, /between 0 and 100/],
    [
      'no candidates at all',
      'DefaultPreemption',
      { minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0 },
      /both minima/,
    ],
  ]
  for (const [title, name, args, message] of wrong) {
    it(`are refused: ${title}`, () => {
      assert.throws(
        () => profileWith(name, args),
        (error: Error) => error instanceof ConfigError && message.test(error.message),
      )
    })
  }
})
