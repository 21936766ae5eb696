import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Deployment, DeploymentSpec, DeploymentStatus, ReplicaSet } from '../../api/types/apps-v1.ts'
import type { Live } from '../../client/client.ts'
import { ago, liveMeta, NOW } from '../../test/support/objects.ts'
import { deploymentStatus, isSameStatus, untilDeadlineMs } from './status.ts'
import { newSetAnnotations, outdatedSets, REVISION, REVISION_HISTORY, revisionOf } from './template.ts'

type Counts = [wanted: number, pods: number, ready: number, available: number]

const set = (name: string, [replicas, pods, readyReplicas, availableReplicas]: Counts): Live<ReplicaSet> =>
  ({
    metadata: liveMeta(name),
    spec: { replicas, selector: {} },
    status: { replicas: pods, readyReplicas, availableReplicas, observedGeneration: 1 },
  }) as Live<ReplicaSet>

function deployment(spec: Partial<DeploymentSpec>, status: DeploymentStatus): Live<Deployment> {
  const defaults = { replicas: 3, selector: {}, template: {}, progressDeadlineSeconds: 600 }
  return { metadata: liveMeta('web'), spec: { ...defaults, ...spec }, status } as Live<Deployment>
}

/** What was told last: the reason of Progressing, how many seconds ago, and the numbers. */
const told = (reason: string, seconds: number, counts: Partial<DeploymentStatus> = {}): DeploymentStatus => ({
  observedGeneration: 1,
  ...counts,
  conditions: [
    {
      ...{ type: 'Progressing', reason, message: 'm', lastUpdateTime: ago(seconds), lastTransitionTime: ago(seconds) },
      status: reason === 'ProgressDeadlineExceeded' ? 'False' : reason.startsWith('DeploymentP') ? 'Unknown' : 'True',
    },
  ],
})

const FULL = { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 }
const HALF = { replicas: 4, updatedReplicas: 1, readyReplicas: 3, availableReplicas: 3 }

describe('the progress of a Deployment', () => {
  const cases: [string, Partial<DeploymentSpec>, DeploymentStatus, Counts, Counts | undefined, string | undefined][] = [
    ['a first look', {}, {}, [3, 0, 0, 0], undefined, 'True ReplicaSetUpdated'],
    ['complete', {}, told('ReplicaSetUpdated', 10, HALF), [3, 3, 3, 3], undefined, 'True NewReplicaSetAvailable'],
    [
      'stays complete',
      {},
      told('NewReplicaSetAvailable', 10, FULL),
      [3, 3, 3, 3],
      undefined,
      'True NewReplicaSetAvailable',
    ],
    [
      'stays complete when a pod fails, for that is no rollout',
      {},
      told('NewReplicaSetAvailable', 10, FULL),
      [3, 3, 2, 2],
      undefined,
      'True NewReplicaSetAvailable',
    ],
    [
      'and when the pod comes back',
      {},
      told('NewReplicaSetAvailable', 10, { ...FULL, readyReplicas: 2, availableReplicas: 2 }),
      [3, 3, 3, 3],
      undefined,
      'True NewReplicaSetAvailable',
    ],
    [
      'does not fail long after it was complete',
      {},
      told('NewReplicaSetAvailable', 9000, FULL),
      [3, 3, 0, 0],
      undefined,
      'True NewReplicaSetAvailable',
    ],
    [
      'scaling is no rollout',
      { replicas: 5 },
      told('NewReplicaSetAvailable', 10, FULL),
      [5, 5, 3, 3],
      undefined,
      'True NewReplicaSetAvailable',
    ],
    [
      'a new template is one',
      {},
      told('NewReplicaSetAvailable', 10, FULL),
      [1, 1, 0, 0],
      [3, 3, 3, 3],
      'True ReplicaSetUpdated',
    ],
    [
      'new pods that came: it moves on',
      {},
      told('ReplicaSetUpdated', 590, { ...HALF, updatedReplicas: 0, replicas: 3 }),
      [1, 1, 0, 0],
      [3, 3, 3, 3],
      'True ReplicaSetUpdated',
    ],
    [
      'nothing moves, but not for long',
      {},
      told('ReplicaSetUpdated', 590, HALF),
      [1, 1, 0, 0],
      [3, 3, 3, 3],
      'True ReplicaSetUpdated',
    ],
    [
      'nothing moved for too long',
      {},
      told('ReplicaSetUpdated', 600, HALF),
      [1, 1, 0, 0],
      [3, 3, 3, 3],
      'False ProgressDeadlineExceeded',
    ],
    [
      'old pods that went: it moves on',
      {},
      told('ReplicaSetUpdated', 700, { ...HALF, replicas: 5 }),
      [1, 1, 0, 0],
      [3, 3, 3, 3],
      'True ReplicaSetUpdated',
    ],
    [
      'what was told stays while nothing moves',
      {},
      told('NewReplicaSetCreated', 590, HALF),
      [1, 1, 0, 0],
      [3, 3, 3, 3],
      'True NewReplicaSetCreated',
    ],
    [
      'given up stays given up',
      {},
      told('ProgressDeadlineExceeded', 1, HALF),
      [1, 1, 0, 0],
      [3, 3, 3, 3],
      'False ProgressDeadlineExceeded',
    ],
    [
      'unless something moves after all',
      {},
      told('ProgressDeadlineExceeded', 900, HALF),
      [2, 2, 1, 1],
      [3, 3, 3, 3],
      'True ReplicaSetUpdated',
    ],
    [
      'or it comes to its end',
      {},
      told('ProgressDeadlineExceeded', 900, HALF),
      [3, 3, 3, 3],
      undefined,
      'True NewReplicaSetAvailable',
    ],
    [
      'paused',
      { paused: true },
      told('ReplicaSetUpdated', 9000, HALF),
      [1, 1, 0, 0],
      [3, 3, 3, 3],
      'Unknown DeploymentPaused',
    ],
    ['resumed', {}, told('DeploymentPaused', 9000, HALF), [1, 1, 0, 0], [3, 3, 3, 3], 'Unknown DeploymentResumed'],
    [
      'given up, and paused to be looked at: it is still told that it failed',
      { paused: true },
      told('ProgressDeadlineExceeded', 900, HALF),
      [1, 1, 0, 0],
      [3, 3, 3, 3],
      'False ProgressDeadlineExceeded',
    ],
    [
      'without a deadline nothing is told',
      { progressDeadlineSeconds: undefined },
      told('ReplicaSetUpdated', 9000, HALF),
      [1, 1, 0, 0],
      [3, 3, 3, 3],
      undefined,
    ],
    [
      'the largest number is no deadline',
      { progressDeadlineSeconds: 2147483647 },
      {},
      [1, 1, 0, 0],
      [3, 3, 3, 3],
      undefined,
    ],
  ]
  for (const [name, spec, status, now, old, expected] of cases) {
    it(name, () => {
      const subject = deployment(spec, status)
      const newSet = set('new', now)
      const sets = old ? [set('old', old), newSet] : [newSet]
      const { conditions = [] } = deploymentStatus({ deployment: subject, newSet, sets, now: NOW, time: ago(0) })
      const found = conditions.find(({ type }) => type === 'Progressing')
      assert.equal(found && `${found.status} ${found.reason}`, expected)
    })
  }
})

describe('the numbers of a Deployment', () => {
  const cases: [string, Counts, Counts | undefined, Partial<DeploymentStatus>][] = [
    ['all there', [3, 3, 3, 3], undefined, { ...FULL, unavailableReplicas: 0 }],
    [
      'ready, but not for long enough',
      [3, 3, 3, 1],
      undefined,
      { ...FULL, availableReplicas: 1, unavailableReplicas: 2 },
    ],
    ['wanted, but not made yet', [3, 0, 0, 0], undefined, { replicas: 0, updatedReplicas: 0, unavailableReplicas: 3 }],
    [
      'in the midst of a rollout',
      [1, 1, 0, 0],
      [3, 3, 3, 3],
      { replicas: 4, updatedReplicas: 1, readyReplicas: 3, unavailableReplicas: 1 },
    ],
    [
      'more available than wanted is not less than none',
      [1, 3, 3, 3],
      undefined,
      { availableReplicas: 3, unavailableReplicas: 0 },
    ],
  ]
  for (const [name, now, old, expected] of cases) {
    it(name, () => {
      const newSet = set('new', now)
      const sets = old ? [set('old', old), newSet] : [newSet]
      const subject = deployment({}, {})
      assert.partialDeepStrictEqual(
        deploymentStatus({ deployment: subject, newSet, sets, now: NOW, time: '' }),
        expected,
      )
    })
  }

  const available: [string, Partial<DeploymentSpec>, number, string][] = [
    ['all but a quarter are enough', { replicas: 4 }, 3, 'True'],
    ['fewer are not', { replicas: 4 }, 2, 'False'],
    ['a quarter of three is none', { replicas: 3 }, 2, 'False'],
    ['as many as it says', { replicas: 10, strategy: { rollingUpdate: { maxUnavailable: 5 } } }, 5, 'True'],
    ['with Recreate none may be missing', { replicas: 4, strategy: { type: 'Recreate' } }, 3, 'False'],
    ['none wanted is enough', { replicas: 0 }, 0, 'True'],
  ]
  for (const [name, spec, count, expected] of available) {
    it(`available: ${name}`, () => {
      const newSet = set('new', [spec.replicas ?? 1, count, count, count])
      const subject = deployment(spec, {})
      const { conditions = [] } = deploymentStatus({ deployment: subject, newSet, sets: [newSet], now: NOW, time: '' })
      assert.equal(conditions.find(({ type }) => type === 'Available')?.status, expected)
    })
  }

  const same: [string, DeploymentStatus, DeploymentStatus, boolean][] = [
    ['0 and nothing', { replicas: 0 }, {}, true],
    ['another number', { replicas: 1 }, { replicas: 2 }, false],
    ['conditions in another order', both('a', 'b'), both('b', 'a'), true],
    ['one condition less', both('a', 'b'), both('a'), false],
  ]
  for (const [name, a, b, expected] of same) it(`same: ${name}`, () => assert.equal(isSameStatus(a, b), expected))
  function both(...types: string[]): DeploymentStatus {
    return { conditions: types.map(type => ({ type, status: 'True' })) }
  }
})

describe('when to look at a rollout again', () => {
  const cases: [string, DeploymentStatus, Partial<DeploymentSpec>, number | undefined][] = [
    ['at the deadline', told('ReplicaSetUpdated', 100), {}, 500_000],
    ['it is over', told('ReplicaSetUpdated', 700), {}, -100_000],
    ['never, once complete', told('NewReplicaSetAvailable', 100), {}, undefined],
    ['never, once given up', told('ProgressDeadlineExceeded', 100), {}, undefined],
    ['never while paused', told('DeploymentPaused', 100), {}, undefined],
    ['never without a deadline', told('ReplicaSetUpdated', 100), { progressDeadlineSeconds: undefined }, undefined],
    ['never before anything was told', {}, {}, undefined],
  ]
  for (const [name, status, spec, expected] of cases) {
    it(name, () => assert.equal(untilDeadlineMs(deployment(spec, status), NOW), expected))
  }
})

describe('old sets that are forgotten', () => {
  const old = (revision: number, replicas = 0, more: object = {}, status: object = {}): Live<ReplicaSet> =>
    ({
      metadata: liveMeta(`r${revision}`, { annotations: { [REVISION]: String(revision) }, ...more }),
      spec: { replicas, selector: {} },
      status: { replicas: 0, observedGeneration: 1, ...status },
    }) as Live<ReplicaSet>
  const cases: [string, Live<ReplicaSet>[], number, string][] = [
    ['none beyond the limit', [old(1), old(2)], 2, ''],
    ['the oldest', [old(3), old(1), old(2)], 1, 'r1 r2'],
    ['numbers, not texts, are compared', [old(10), old(9)], 1, 'r9'],
    ['all, where nothing is to be kept', [old(1), old(2)], 0, 'r1 r2'],
    ['one that has pods stays, and no younger one goes in its place', [old(1, 2), old(2), old(3)], 2, ''],
    ['one whose pods are still ending stays', [old(1, 0, {}, { replicas: 1 }), old(2)], 1, ''],
    ['one that was changed a moment ago stays', [old(1, 0, { generation: 2 }), old(2)], 1, ''],
    ['one that is going already does not count', [old(1, 0, { deletionTimestamp: ago(1) }), old(2), old(3)], 2, ''],
  ]
  for (const [name, sets, limit, expected] of cases) {
    it(name, () =>
      assert.equal(
        outdatedSets(sets, limit)
          .map(({ metadata }) => metadata.name)
          .join(' '),
        expected,
      ),
    )
  }
})

describe('revisions', () => {
  const annotated = (annotations: Record<string, string>) =>
    ({ metadata: liveMeta('s', { annotations }), spec: { selector: {} } }) as Live<ReplicaSet>
  const cases: [string, Record<string, string>, number, [string | undefined, string | undefined]][] = [
    ['a new set', {}, 1, ['1', undefined]],
    ['a set that is used again remembers', { [REVISION]: '1' }, 3, ['3', '1']],
    ['and again', { [REVISION]: '3', [REVISION_HISTORY]: '1' }, 5, ['5', '1,3']],
    ['the newest stays as it is', { [REVISION]: '5', [REVISION_HISTORY]: '1,3' }, 5, ['5', '1,3']],
    ['never backwards', { [REVISION]: '7' }, 5, ['7', undefined]],
  ]
  for (const [name, annotations, revision, expected] of cases) {
    it(name, () => {
      const made = newSetAnnotations(deployment({}, {}), annotated(annotations), revision)
      assert.deepEqual([made[REVISION], made[REVISION_HISTORY]], expected)
    })
  }
  const numbers: [string | undefined, number][] = [
    [undefined, 0],
    ['12', 12],
    ['x', 0],
    ['', 0],
  ]
  for (const [text, expected] of numbers) {
    it(`revision ${text}`, () =>
      assert.equal(revisionOf(annotated(text === undefined ? {} : { [REVISION]: text })), expected))
  }
})
