import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ago, livePod, NOW, type PodParts } from '../../test/support/objects.ts'
import { type Failure, planReplicas, rankForRemoval, replicaStatus, sameStatus } from './decide.ts'

const cost = (amount: string) => ({ annotations: { 'controller.kubernetes.io/pod-deletion-cost': amount } })

describe('who goes first when a set shrinks', () => {
  /** The first of each pair goes before the second, in whatever order they come. */
  const cases: [string, PodParts, PodParts][] = [
    ['not placed before placed', { node: '' }, {}],
    ['not placed, though older', { node: '', created: 9000 }, { created: 10 }],
    ['pending before running', { phase: 'Pending' }, {}],
    ['unknown before running', { phase: 'Unknown' }, {}],
    ['pending before unknown', { phase: 'Pending' }, { phase: 'Unknown', ready: false }],
    ['not ready before ready', { ready: false }, {}],
    ['not ready and dear before ready and cheap', { ready: false, ...cost('100') }, { ...cost('-100') }],
    ['cheap before dear', cost('1'), cost('2')],
    ['less than nothing before nothing', cost('-5'), {}],
    ['nothing before something', {}, cost('5')],
    ['cheap and alone before dear and crowded', { ...cost('1'), node: 'n2' }, cost('2')],
    ['a cost that is no number is none', cost('much'), cost('1')],
    ['ready for less long', { readySince: 10 }, { readySince: 5000 }],
    ['restarted more often', { restarts: 3 }, { restarts: 1 }],
    ['younger', { created: 10, readySince: 5 }, { created: 90_000, readySince: 5 }],
    ['ready since shorter counts before restarts', { readySince: 10 }, { readySince: 5000, restarts: 9 }],
    ['restarts count before age', { restarts: 9, created: 90_000 }, { created: 700 }],
  ]
  for (const [name, first, second] of cases) {
    it(name, () => {
      const [a, b] = [livePod('first', first), livePod('second', second)]
      for (const pods of [
        [a, b],
        [b, a],
      ])
        assert.equal(rankForRemoval(pods, NOW)[0]!.metadata.name, 'first')
    })
  }

  it('crowded before alone', () => {
    const pods = [livePod('alone', { node: 'n2' }), livePod('a'), livePod('b')]
    assert.deepEqual(
      rankForRemoval(pods, NOW)
        .map(({ metadata }) => metadata.name)
        .at(-1),
      'alone',
    )
  })
  it('beside siblings before alone, unless those are done', () => {
    const ranked = (siblings: Parameters<typeof rankForRemoval>[2]) =>
      rankForRemoval([livePod('a', { node: 'n1' }), livePod('b', { node: 'n2' })], NOW, siblings)[0]!.metadata.name
    assert.equal(ranked([]), 'a')
    assert.equal(ranked([livePod('old', { node: 'n2' })]), 'b')
    assert.equal(ranked([livePod('old', { node: 'n2', phase: 'Failed' })]), 'a')
    assert.equal(ranked([livePod('old', { node: 'n2', deleting: true })]), 'a')
  })

  it('pods made at about the same time are equal: the order stays', () => {
    const pods = ['c', 'a', 'b'].map((name, i) => livePod(name, { created: 1000 + i }))
    assert.deepEqual(
      rankForRemoval(pods, NOW).map(({ metadata }) => metadata.name),
      ['c', 'a', 'b'],
    )
  })
})

describe('what a set does', () => {
  const some = (count: number, parts: PodParts = {}) => Array.from({ length: count }, (_, i) => livePod(`p${i}`, parts))
  const cases: [string, number, ReturnType<typeof some>, number, number][] = [
    ['nothing', 3, some(3), 0, 0],
    ['makes what is missing', 3, some(1), 2, 0],
    ['removes what is too much', 1, some(3), 0, 2],
    ['all of them', 0, some(3), 0, 3],
    ['those that ended do not count', 2, [...some(1), livePod('x', { phase: 'Succeeded' })], 1, 0],
    ['those that failed do not either', 2, [...some(1), livePod('x', { phase: 'Failed' })], 1, 0],
    ['those that are going do not either', 2, [...some(1), livePod('x', { deleting: true })], 1, 0],
    ['no ended one is removed', 0, [livePod('x', { phase: 'Failed' })], 0, 0],
    ['pending ones count', 2, some(2, { phase: 'Pending' }), 0, 0],
    ['no more than 500 at once are made', 2000, [], 500, 0],
    ['no more than 500 at once are removed', 0, some(700), 0, 500],
  ]
  for (const [name, wanted, pods, create, remove] of cases) {
    it(name, () => {
      const plan = planReplicas(wanted, pods, NOW)
      assert.deepEqual([plan.create, plan.remove.length], [create, remove])
    })
  }
})

describe('what a set says of itself', () => {
  const clock = { now: NOW, time: ago(0) }
  const labels = { app: 'web', tier: 'front' }
  const status = (pods: ReturnType<typeof livePod>[], minReady = 0, failure?: Failure, conditions: object[] = []) =>
    replicaStatus(
      { metadata: { generation: 4 }, status: { replicas: 0, conditions: conditions as never } },
      labels,
      minReady,
      pods,
      failure,
      clock,
    )
  const cases: [string, ReturnType<typeof livePod>[], number, [number, number, number, number]][] = [
    ['no pods', [], 0, [0, 0, 0, 0]],
    ['ready ones are available', [livePod('a', { labels })], 0, [1, 1, 1, 1]],
    ['not before their time', [livePod('a', { labels, readySince: 5 })], 10, [1, 1, 1, 0]],
    ['at the second', [livePod('a', { labels, readySince: 10 })], 10, [1, 1, 1, 1]],
    ['not ready', [livePod('a', { labels, ready: false })], 0, [1, 1, 0, 0]],
    ['without all labels of the template', [livePod('a', { labels: { app: 'web' } })], 0, [1, 0, 1, 1]],
    ['with more labels', [livePod('a', { labels: { ...labels, x: 'y' } })], 0, [1, 1, 1, 1]],
    [
      'ended or going',
      [livePod('a', { labels, phase: 'Failed' }), livePod('b', { labels, deleting: true })],
      0,
      [0, 0, 0, 0],
    ],
  ]
  for (const [name, pods, minReady, expected] of cases) {
    it(name, () => {
      const { replicas, fullyLabeledReplicas, readyReplicas, availableReplicas, observedGeneration } = status(
        pods,
        minReady,
      )
      assert.deepEqual([replicas, fullyLabeledReplicas, readyReplicas, availableReplicas], expected)
      assert.equal(observedGeneration, 4)
    })
  }

  const failure: Failure = { reason: 'FailedCreate', message: 'exceeded quota' }
  const known = {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    lastTransitionTime: 'then',
    message: 'm',
  }
  const conditions: [string, Failure | undefined, object[], unknown][] = [
    ['no failure, no condition', undefined, [], undefined],
    [
      'a failure is told',
      failure,
      [],
      [{ type: 'ReplicaFailure', status: 'True', lastTransitionTime: ago(0), ...failure }],
    ],
    ['the same failure again: since when stays', failure, [known], [known]],
    ['it is over', undefined, [known], undefined],
    ['what others say stays', undefined, [known, { type: 'Mine' }], [{ type: 'Mine' }]],
  ]
  for (const [name, now, before, expected] of conditions) {
    it(name, () => assert.deepEqual(status([], 0, now, before).conditions, expected))
  }

  const same: [object | undefined, object, boolean][] = [
    [undefined, {}, true],
    [{ replicas: 0 }, {}, true],
    [{ replicas: 1 }, { replicas: 1, readyReplicas: 0 }, true],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ replicas: 1 }, { replicas: 2 }, false],
  ]
  for (const [a, b, expected] of same) {
    it(`${JSON.stringify(a)} ${expected ? 'is' : 'is not'} ${JSON.stringify(b)}`, () =>
      assert.equal(sameStatus(a, b), expected))
  }
})
