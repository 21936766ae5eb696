import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ago, livePod, NOW } from '../../test/support/objects.ts'
import { planReplicas, replicaStatus } from './decide.ts'

describe('planReplicas', () => {
  it('makes what is missing, ended and ending pods not counted', () => {
    const pods = [livePod('a'), livePod('b', { phase: 'Failed' }), livePod('c', { deleting: true })]
    assert.deepEqual(planReplicas(3, pods, NOW), { create: 2, remove: [] })
  })
  it('never makes more than five hundred at once', () => assert.equal(planReplicas(2000, [], NOW).create, 500))

  const pairs: [string, ReturnType<typeof livePod>, ReturnType<typeof livePod>][] = [
    ['one without a node', livePod('x', { node: '', phase: 'Pending' }), livePod('y', { phase: 'Pending' })],
    ['a pending one', livePod('x', { phase: 'Pending' }), livePod('y', { ready: false })],
    ['one that is not ready', livePod('x', { ready: false }), livePod('y')],
    [
      'the cheaper one',
      livePod('x', { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-5' } }),
      livePod('y'),
    ],
    ['the one that was ready for less', livePod('x', { readySince: 10 }), livePod('y', { readySince: 3000 })],
    ['the one that restarts', livePod('x', { restarts: 3 }), livePod('y')],
    ['the younger one', livePod('x', { created: 10 }), livePod('y', { created: 10_000 })],
  ]
  for (const [name, first, second] of pairs) {
    it(`removes ${name} first`, () => {
      for (const pods of [
        [first, second],
        [second, first],
      ]) {
        assert.deepEqual(
          planReplicas(1, pods, NOW).remove.map(({ metadata }) => metadata.name),
          ['x'],
        )
      }
    })
  }
  it('removes of those that stand together first', () => {
    const pods = [livePod('a', { node: 'n1' }), livePod('b', { node: 'n2' }), livePod('c', { node: 'n2' })]
    assert.ok(['b', 'c'].includes(planReplicas(2, pods, NOW).remove[0]!.metadata.name))
  })
})

describe('replicaStatus', () => {
  const set = { metadata: { generation: 7 } }
  it('counts', () => {
    const pods = [
      livePod('a', { labels: { app: 'web' }, readySince: 100 }),
      livePod('b', { labels: { app: 'web' }, readySince: 5 }),
      livePod('c', { ready: false }),
      livePod('d', { phase: 'Succeeded' }),
    ]
    assert.deepEqual(replicaStatus(set, { app: 'web' }, 10, pods, undefined, { now: NOW, time: ago(0) }), {
      replicas: 3,
      fullyLabeledReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 1,
      observedGeneration: 7,
    })
  })
  it('tells of failures, and forgets them', () => {
    const failure = { reason: 'FailedCreate' as const, message: 'quota' }
    const failed = replicaStatus(set, {}, 0, [], failure, { now: NOW, time: ago(0) })
    assert.partialDeepStrictEqual(failed.conditions?.[0], { type: 'ReplicaFailure', status: 'True', ...failure })
    const healed = replicaStatus({ ...set, status: failed }, {}, 0, [], undefined, { now: NOW, time: ago(0) })
    assert.equal(healed.conditions, undefined)
  })
})
