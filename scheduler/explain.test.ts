import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { facts, node, PROFILE, picture } from '../test/support/scheduling.ts'
import { decide, type Refused } from './decide.ts'
import { countTexts, explain, explainAmounts } from './explain.ts'

const refusedWith = (...reasons: string[][]): Refused => {
  const nodes = picture(reasons.map((_, i) => node(`n${i}`))).nodes
  const filter = 'X'
  return {
    node: undefined,
    refusals: new Map(nodes.map((info, i) => [info, { reasons: reasons[i]!, isFinal: false, filter }])),
    next: 0,
  }
}

describe('why a pod waits', () => {
  const CPU = 'Insufficient cpu'
  const cases: [string, Refused, number, string | undefined, string][] = [
    ['no nodes', refusedWith(), 0, undefined, 'no nodes available to schedule pods'],
    ['one reason', refusedWith([CPU], [CPU]), 2, undefined, '0/2 nodes are available: 2 Insufficient cpu.'],
    [
      'several on one node, sorted as text',
      refusedWith(['Too many pods', CPU], [CPU], ['node(s) were unschedulable']),
      3,
      undefined,
      '0/3 nodes are available: 1 Too many pods, 1 node(s) were unschedulable, 2 Insufficient cpu.',
    ],
    [
      'and what preemption has to say',
      refusedWith([CPU]),
      1,
      'not eligible due to preemptionPolicy=Never.',
      '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
    ],
    [
      'no node can do',
      { ...refusedWith(), hopeless: { message: 'persistentvolumeclaim "x" not found', filter: 'VolumeBinding' } },
      3,
      undefined,
      '0/3 nodes are available: persistentvolumeclaim "x" not found.',
    ],
  ]
  for (const [name, refused, count, preemption, expected] of cases)
    it(name, () => assert.equal(explain(refused, count, preemption), expected))

  it('counts', () => assert.deepEqual(countTexts(['b', 'a', 'b']), ['1 a', '2 b']))
})

describe('which amounts are lacking', () => {
  /** What nodes have, what stands on each, what is asked for. */
  const cases: [
    string,
    Record<string, string>[],
    Record<string, string>,
    Record<string, string>,
    string | undefined,
  ][] = [
    [
      'memory',
      [{ memory: '1Gi' }],
      { memory: '324Mi' },
      { memory: '2Gi' },
      'needs 2048Mi memory: n0 has 700Mi of 1024Mi left',
    ],
    [
      'much memory',
      [{ memory: '10Gi' }],
      {},
      { memory: '16896Mi' },
      'needs 16.5Gi memory: n0 has 10.0Gi of 10.0Gi left',
    ],
    [
      'a little less',
      [{ memory: '10239Mi' }],
      {},
      { memory: '12Gi' },
      'needs 12.0Gi memory: n0 has 10239Mi of 10239Mi left',
    ],
    [
      'parts of a mebibyte are cut',
      [{ memory: '1535Ki' }],
      {},
      { memory: '2Mi' },
      'needs 2Mi memory: n0 has 1Mi of 1Mi left',
    ],
    ['cores', [{ cpu: '2' }], { cpu: '1500m' }, { cpu: '1' }, 'needs 1 cpu: n0 has 500m of 2 left'],
    [
      'what is counted',
      [{ 'a.b/gpu': '2' }],
      { 'a.b/gpu': '1' },
      { 'a.b/gpu': '3' },
      'needs 3 a.b/gpu: n0 has 1 of 2 left',
    ],
    [
      'disk',
      [{ 'ephemeral-storage': '5Mi' }],
      {},
      { 'ephemeral-storage': '6Mi' },
      'needs 6Mi ephemeral-storage: n0 has 5Mi of 5Mi left',
    ],
    [
      'several',
      [{ cpu: '1', memory: '1Mi' }],
      {},
      { cpu: '2', memory: '2Mi' },
      'needs 2 cpu: n0 has 1 of 1 left; needs 2Mi memory: n0 has 1Mi of 1Mi left',
    ],
    [
      'the first eight nodes',
      Array.from({ length: 10 }, () => ({ cpu: '1' })),
      {},
      { cpu: '2' },
      `needs 2 cpu: ${[0, 1, 2, 3, 4, 5, 6, 7].map(i => `n${i} has 1 of 1 left`).join(', ')}, and 2 more nodes have too little`,
    ],
    ['only the number of pods', [{ pods: '0' }], {}, {}, undefined],
  ]
  for (const [name, nodes, taken, asked, expected] of cases) {
    it(name, () => {
      const world = picture(
        nodes.map((has, i) => node(`n${i}`, has)),
        Object.keys(taken).length > 0 ? { n0: [facts('a', taken)] } : {},
      )
      const pod = facts('p', asked)
      const refused = decide(pod, world, PROFILE, 0)
      assert.equal(refused.node, undefined)
      assert.equal(explainAmounts(pod, refused as Refused), expected)
    })
  }
})
