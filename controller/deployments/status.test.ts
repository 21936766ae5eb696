import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Deployment, DeploymentSpec, DeploymentStatus, ReplicaSet } from '../../api/types/apps-v1.ts'
import type { Live } from '../../client/client.ts'
import { ago, liveMeta, NOW } from '../../test/support/objects.ts'
import { deploymentStatus, isSameStatus, type StatusInput, untilDeadlineMs } from './status.ts'
import { findNewSet, hasTemplate, makeNewSet, newSetAnnotations, outdatedSets, revisionOf } from './template.ts'

const template = (image: string, labels: object = {}) => ({
  metadata: { labels: { app: 'web', ...labels } },
  spec: { containers: [{ name: 'app', image }] },
})

function deployment(spec: Partial<DeploymentSpec> = {}, status: DeploymentStatus = {}, meta: object = {}) {
  const selector = { matchLabels: { app: 'web' } }
  const base = { replicas: 3, selector, template: template('v2'), progressDeadlineSeconds: 600 }
  return { metadata: liveMeta('web', meta), spec: { ...base, ...spec }, status } as Live<Deployment>
}

type Parts = {
  image?: string
  wanted?: number
  has?: number
  ready?: number
  revision?: number
  made?: number
  status?: object
  meta?: object
}
function set(
  name: string,
  { image = 'v2', wanted = 0, has = wanted, ready = has, revision = 0, made = 0, ...rest }: Parts = {},
) {
  const annotations = revision ? { 'deployment.kubernetes.io/revision': String(revision) } : {}
  const counts = { replicas: has, readyReplicas: ready, availableReplicas: ready, observedGeneration: 1 }
  return {
    metadata: liveMeta(name, { annotations, creationTimestamp: ago(1000 - made), ...rest.meta }),
    spec: { replicas: wanted, template: template(image, { 'pod-template-hash': name }) },
    status: { ...counts, ...rest.status },
  } as unknown as Live<ReplicaSet>
}

const progressing = (status: string, reason: string, seconds = 10, message = 'ReplicaSet "new" is progressing.') => ({
  type: 'Progressing',
  status,
  reason,
  message,
  lastUpdateTime: ago(seconds),
  lastTransitionTime: ago(seconds),
})
const still = { replicas: 3, updatedReplicas: 1, readyReplicas: 3, availableReplicas: 3 }
const stuck = (seconds: number) => ({ ...still, conditions: [progressing('True', 'ReplicaSetUpdated', seconds)] })
const half = [set('new', { wanted: 1 }), set('old', { wanted: 2, image: 'v1' })]
const whole = [set('new', { wanted: 3 }), set('old', { image: 'v1' })]

/** What Progressing says, after Kubernetes' page about Deployments. */
const progress: [string, Live<Deployment>, Live<ReplicaSet>[], string | undefined, Partial<StatusInput>?][] = [
  ['complete', deployment(), whole, 'True NewReplicaSetAvailable'],
  ['of no pods is complete as well', deployment({ replicas: 0 }), [set('new')], 'True NewReplicaSetAvailable'],
  ['a new set was made', deployment({}, still), half, 'True NewReplicaSetCreated', { created: true }],
  ['a new set could not be made', deployment(), [], 'False ReplicaSetCreateError', { createError: 'quota' }],
  ['more pods are new', deployment({}, { ...still, updatedReplicas: 0 }), half, 'True ReplicaSetUpdated'],
  ['fewer pods are old', deployment({}, { ...still, replicas: 4 }), half, 'True ReplicaSetUpdated'],
  ['more pods are ready', deployment({}, { ...still, readyReplicas: 2 }), half, 'True ReplicaSetUpdated'],
  ['nothing moves, for a while', deployment({}, stuck(599)), half, 'True ReplicaSetUpdated'],
  ['nothing moves any more', deployment({}, stuck(600)), half, 'False ProgressDeadlineExceeded'],
  [
    'a deadline of its own',
    deployment({ progressDeadlineSeconds: 5 }, stuck(6)),
    half,
    'False ProgressDeadlineExceeded',
  ],
  [
    'it has been too long, and still is',
    deployment({}, { ...still, conditions: [progressing('False', 'ProgressDeadlineExceeded')] }),
    half,
    'False ProgressDeadlineExceeded',
  ],
  [
    'it was too long, but now it moves',
    deployment({}, { ...still, readyReplicas: 1, conditions: [progressing('False', 'ProgressDeadlineExceeded')] }),
    half,
    'True ReplicaSetUpdated',
  ],
  [
    'a new rollout begins',
    deployment({}, { ...still, conditions: [progressing('True', 'NewReplicaSetAvailable', 9999)] }),
    half,
    'True ReplicaSetUpdated',
  ],
  ['paused', deployment({ paused: true }, still), half, 'Unknown DeploymentPaused'],
  [
    'resumed',
    deployment({}, { ...still, conditions: [progressing('Unknown', 'DeploymentPaused')] }),
    half,
    'Unknown DeploymentResumed',
  ],
  ['no deadline', deployment({ progressDeadlineSeconds: undefined }), half, undefined],
  ['the longest deadline is none', deployment({ progressDeadlineSeconds: 2_147_483_647 }), half, undefined],
]

const statusOf = (subject: Live<Deployment>, sets: Live<ReplicaSet>[], extra: Partial<StatusInput> = {}) =>
  deploymentStatus({ deployment: subject, sets, newSet: sets[0], now: NOW, time: ago(0), ...extra })
const conditionOf = (status: DeploymentStatus, type: string) => status.conditions?.find(one => one.type === type)
const said = (status: DeploymentStatus, type: string) => {
  const found = conditionOf(status, type)
  return found && `${found.status} ${found.reason}`
}

describe('Progressing', () => {
  for (const [name, subject, sets, expected, extra] of progress) {
    it(name, () => assert.equal(said(statusOf(subject, sets, extra), 'Progressing'), expected))
  }

  it('is dated by the last movement, and by the last change of its truth', () => {
    const moved = conditionOf(statusOf(deployment({}, { ...stuck(300), readyReplicas: 2 }), half), 'Progressing')
    assert.deepEqual([moved?.lastUpdateTime, moved?.lastTransitionTime], [ago(0), ago(300)])
    const failed = conditionOf(statusOf(deployment({}, stuck(600)), half), 'Progressing')
    assert.deepEqual([failed?.lastUpdateTime, failed?.lastTransitionTime], [ago(0), ago(0)])
    const same = conditionOf(statusOf(deployment({}, stuck(300)), half), 'Progressing')
    assert.deepEqual([same?.lastUpdateTime, same?.lastTransitionTime], [ago(300), ago(300)])
  })

  const waits: [string, Live<Deployment>, number | undefined][] = [
    ['what is left', deployment({}, stuck(100)), 500_000],
    ['nothing left', deployment({}, stuck(700)), -100_000],
    ['settled', deployment({}, { conditions: [progressing('True', 'NewReplicaSetAvailable')] }), undefined],
    ['paused', deployment({}, { conditions: [progressing('Unknown', 'DeploymentPaused')] }), undefined],
    ['not begun', deployment(), undefined],
  ]
  for (const [name, subject, expected] of waits)
    it(`is looked at again: ${name}`, () => assert.equal(untilDeadlineMs(subject, NOW), expected))
})

describe('Available and the counts', () => {
  const available: [string, Live<Deployment>, number, string][] = [
    ['all', deployment(), 3, 'True MinimumReplicasAvailable'],
    ['a quarter of three, rounded down, may be away: none', deployment(), 2, 'False MinimumReplicasUnavailable'],
    [
      'one may be away',
      deployment({ strategy: { rollingUpdate: { maxUnavailable: 1 } } }),
      2,
      'True MinimumReplicasAvailable',
    ],
    [
      'one may be away, two are',
      deployment({ strategy: { rollingUpdate: { maxUnavailable: 1 } } }),
      1,
      'False MinimumReplicasUnavailable',
    ],
    ['Recreate needs all', deployment({ strategy: { type: 'Recreate' } }), 2, 'False MinimumReplicasUnavailable'],
    ['none are wanted', deployment({ replicas: 0 }), 0, 'True MinimumReplicasAvailable'],
  ]
  for (const [name, subject, ready, expected] of available) {
    it(name, () => assert.equal(said(statusOf(subject, [set('new', { wanted: 3, ready })]), 'Available'), expected))
  }

  it('are summed over the sets', () => {
    const { conditions: _, ...counts } = statusOf(deployment({}, { collisionCount: 2 }), [
      set('new', { wanted: 2, ready: 1 }),
      set('old', { wanted: 2, image: 'v1' }),
    ])
    assert.deepEqual(counts, {
      observedGeneration: 1,
      replicas: 4,
      updatedReplicas: 2,
      readyReplicas: 3,
      availableReplicas: 3,
      unavailableReplicas: 1,
      collisionCount: 2,
    })
  })

  it('hand on why a set makes no pods, and keep what others say', () => {
    const failing = set('new', {
      wanted: 3,
      has: 0,
      status: { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' }] },
    })
    const foreign = { type: 'Mine', status: 'True' }
    const status = statusOf(deployment({}, { conditions: [foreign] }), [failing])
    assert.equal(said(status, 'ReplicaFailure'), 'True FailedCreate')
    assert.deepEqual(conditionOf(status, 'Mine'), foreign)
    assert.equal(said(statusOf(deployment({}, status), whole), 'ReplicaFailure'), undefined)
  })

  it('are the same whatever order they come in', () => {
    const [a, b] = [
      { type: 'A', status: 'True' },
      { type: 'B', status: 'True' },
    ]
    assert.ok(isSameStatus({ replicas: 1, readyReplicas: 0, conditions: [a, b] }, { replicas: 1, conditions: [b, a] }))
    assert.ok(!isSameStatus({ replicas: 1, conditions: [a] }, { replicas: 1, conditions: [{ ...a, status: 'False' }] }))
    assert.ok(isSameStatus(undefined, { replicas: 0, conditions: [] }))
  })
})

describe('which set has the template', () => {
  const cases: [string, object, boolean][] = [
    ['but for the hash', template('v2'), true],
    ['another image', template('v1'), false],
    ['another label', template('v2', { tier: 'x' }), false],
    [
      'an empty creation time',
      { ...template('v2'), metadata: { ...template('v2').metadata, creationTimestamp: null } },
      true,
    ],
  ]
  for (const [name, wanted, expected] of cases)
    it(name, () => assert.equal(hasTemplate(set('s'), wanted as never), expected))

  it('the oldest of several, or none', () => {
    const sets = [set('young', { made: 9 }), set('old', { made: 1 }), set('other', { image: 'v1' })]
    assert.equal(findNewSet(deployment(), sets)?.metadata.name, 'old')
    assert.equal(findNewSet(deployment({ template: template('v3') as never }), sets), undefined)
  })

  it('a new one is told apart by its hash, and by how often that collided', () => {
    const annotations = {
      note: 'x',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      'deployment.kubernetes.io/revision': '7',
    }
    const made = makeNewSet(deployment({}, {}, { annotations }), 8, 2, 4)
    const hash = made.metadata?.labels?.['pod-template-hash']
    assert.equal(made.metadata?.name, `web-${hash}`)
    assert.deepEqual(made.spec?.selector.matchLabels, { app: 'web', 'pod-template-hash': hash })
    assert.deepEqual(made.metadata?.annotations, {
      note: 'x',
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
      'deployment.kubernetes.io/revision': '8',
    })
    assert.notEqual(makeNewSet(deployment({}, { collisionCount: 1 }), 8, 2, 4).metadata?.name, made.metadata?.name)
    assert.ok(hasTemplate(made, deployment().spec.template))
  })
})

describe('revisions', () => {
  it('go up when a set is used again, which remembers the old ones', () => {
    const subject = deployment({}, {}, { annotations: { note: 'new' } })
    const again = newSetAnnotations(subject, set('s', { revision: 2 }), 5)
    assert.partialDeepStrictEqual(again, {
      note: 'new',
      'deployment.kubernetes.io/revision': '5',
      'deployment.kubernetes.io/revision-history': '2',
    })
    const third = newSetAnnotations(subject, set('s', { meta: { annotations: again } }), 7)
    assert.equal(third['deployment.kubernetes.io/revision-history'], '2,5')
    assert.equal(revisionOf({ metadata: { annotations: newSetAnnotations(subject, set('s', { revision: 9 }), 7) } }), 9)
  })

  const outdated: [string, Live<ReplicaSet>[], number, string[]][] = [
    [
      'the oldest revisions beyond the limit',
      [set('a', { revision: 3 }), set('b', { revision: 1 }), set('c', { revision: 2 })],
      1,
      ['b', 'c'],
    ],
    ['none within the limit', [set('a', { revision: 1 })], 1, []],
    ['none that still has pods', [set('a', { revision: 1, has: 1 }), set('b', { revision: 2 })], 0, ['b']],
    ['none that is to have pods', [set('a', { revision: 1, wanted: 1, has: 0 }), set('b', { revision: 2 })], 0, ['b']],
    ['none whose status is from before', [set('a', { revision: 1, meta: { generation: 2 } })], 0, []],
    ['none that goes already', [set('a', { revision: 1, meta: { deletionTimestamp: ago(1) } })], 0, []],
  ]
  for (const [name, sets, limit, expected] of outdated)
    it(`are cleaned up: ${name}`, () =>
      assert.deepEqual(
        outdatedSets(sets, limit).map(({ metadata }) => metadata.name),
        expected,
      ))
})
