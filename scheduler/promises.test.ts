import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSpec } from '../api/types/core-v1.ts'
import type { PodDisruptionBudget } from '../api/types/policy-v1.ts'
import { decideIn, facts, node, PROFILE, picture } from '../test/support/scheduling.ts'
import { decide, type Refused } from './decide.ts'
import type { PodFacts } from './facts.ts'
import type { Picture } from './picture.ts'
import { type PreemptionLimits, preempt } from './preempt.ts'

const HOST = 'kubernetes.io/hostname'
const low = (name: string, priority = 1, spec: Partial<PodSpec> = {}) =>
  facts(name, { cpu: '1' }, { priority, ...spec }, { labels: { app: name } })
const high = (spec: Partial<PodSpec> = {}) =>
  facts('high', { cpu: '1' }, { priority: 100, ...spec }, { labels: { app: 'high' } })
const ALL: PreemptionLimits = { percentage: 100, least: 100 }

/** `n1: a b`: who should leave where; nothing: nobody. */
function choose(world: Picture, pod: PodFacts, limits = ALL, start = 0, budgets: PodDisruptionBudget[] = []): string {
  const refused = decide(pod, world, PROFILE, 0)
  assert.equal(refused.node, undefined)
  const { candidate } = preempt(pod, world, PROFILE, refused as Refused, { budgets, start, limits })
  const names = candidate?.victims.map(({ name }) => name).sort()
  return candidate ? `${candidate.node.name}: ${names!.join(' ')}` : ''
}

describe('a pod that was promised a node', () => {
  const two = (standing: Record<string, PodFacts[]> = {}) =>
    picture(
      ['n1', 'n2'].map(name => node(name, { cpu: '1' })),
      standing,
    )
  const cases: [string, () => [Picture, PodFacts], string][] = [
    ['goes there, though another comes first', () => promised(two(), high(), 'n2'), 'n2'],
    ['goes elsewhere where it is full', () => promised(two({ n2: [low('a')] }), high(), 'n2'), 'n1'],
    ['goes elsewhere where it is gone', () => promised(two(), high(), 'n9'), 'n1'],
    [
      'goes elsewhere where another as important was promised it too',
      () => promised(rival(two(), 100), high(), 'n2'),
      'n1',
    ],
    ['goes there where only a lesser one was', () => promised(rival(two(), 99), high(), 'n2'), 'n2'],
  ]
  function promised(world: Picture, pod: PodFacts, nodeName: string): [Picture, PodFacts] {
    world.nominate(pod, nodeName)
    return [world, pod]
  }
  function rival(world: Picture, priority: number): Picture {
    world.nominate(low('rival', priority), 'n2')
    return world
  }
  for (const [name, make, expected] of cases) it(name, () => assert.equal(decideIn(...make()), expected))

  it('a pod for one node alone is refused by the others as well', () => {
    const matchFields = [{ key: 'metadata.name', operator: 'In', values: ['n1'] }]
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } }
    assert.deepEqual(decideIn(two({ n1: [low('a')] }), high({ affinity: { nodeAffinity } })), {
      n1: ['Insufficient cpu'],
      n2: ["node(s) didn't match Pod's node affinity/selector"],
    })
  })
})

describe('where room is made', () => {
  /** Nodes of one core, each with one pod of this priority. */
  const row = (...priorities: number[]) =>
    picture(
      priorities.map((_, i) => node(`n${i + 1}`, { cpu: '1' })),
      Object.fromEntries(priorities.map((priority, i) => [`n${i + 1}`, [low(`p${i + 1}`, priority)]])),
    )
  const cases: [string, Picture, PreemptionLimits, number, string][] = [
    ['the best of all', row(4, 3, 2, 1), ALL, 0, 'n4: p4'],
    ['of the first half', row(4, 3, 2, 1), { percentage: 50, least: 0 }, 0, 'n2: p2'],
    ['a share is rounded down', row(4, 3, 2, 1), { percentage: 70, least: 0 }, 0, 'n2: p2'],
    ['of one at least', row(4, 3, 2, 1), { percentage: 0, least: 0 }, 0, 'n1: p1'],
    ['of so many at least', row(4, 3, 2, 1), { percentage: 1, least: 3 }, 0, 'n3: p3'],
    ['nodes where nobody can go do not count', row(200, 3, 2), { percentage: 0, least: 1 }, 0, 'n2: p2'],
    ['in turns', row(4, 3, 2, 1), { percentage: 0, least: 1 }, 2, 'n3: p3'],
    ['and round', row(4, 3, 2, 1), { percentage: 0, least: 1 }, 5, 'n2: p2'],
  ]
  for (const [name, world, limits, start, expected] of cases)
    it(name, () => assert.equal(choose(world, high(), limits, start), expected))

  it('where both would break a budget, the less important one', () => {
    const budget = (app: string) => ({
      metadata: { namespace: 'default' },
      spec: { selector: { matchLabels: { app } } },
    })
    const budgets = [budget('p1'), budget('p2')]
    assert.equal(choose(row(1, 50), high(), ALL, 0, budgets), 'n1: p1')
    assert.equal(
      choose(row(1, 50), high(), ALL, 0, budgets.slice(0, 1)),
      'n2: p2',
      'without a status a budget spares nobody',
    )
  })

  const nominations: [string, (pod: PodFacts) => PodFacts, string][] = [
    ['beside one as important that was promised a place: two go', () => low('first', 100), 'n1: a b'],
    ['beside a lesser one: it may wait', () => low('first', 99), 'n1: b'],
    ['beside itself', pod => pod, 'n1: b'],
  ]
  for (const [name, nominated, expected] of nominations) {
    it(name, () => {
      const world = picture([node('n1', { cpu: '2' })], { n1: [low('a', 5), low('b', 4)] })
      const pod = high()
      world.nominate(nominated(pod), 'n1')
      assert.equal(choose(world, pod), expected)
    })
  }

  it('those go that keep it too far from the others', () => {
    const spread = {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: HOST,
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'high' } },
        },
      ],
    }
    const same = (name: string) => facts(name, { cpu: '1' }, { priority: 1 }, { labels: { app: 'high' } })
    const nodes = [node('n1', { cpu: '2' }), node('n2', { cpu: '1' })]
    const world = picture(nodes, { n1: [same('a'), same('b')], n2: [low('other', 500)] })
    assert.equal(choose(world, high(spread)), 'n1: a b')
  })

  it('those go that do not want it beside them', () => {
    const term = { topologyKey: HOST, labelSelector: { matchLabels: { app: 'high' } } }
    const shy = { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }
    const world = picture([node('n1', { cpu: '4' })], { n1: [low('shy', 1, shy), low('other')] })
    assert.equal(choose(world, high()), 'n1: shy')
  })
})
