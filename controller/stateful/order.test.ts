import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StatefulSet, StatefulSetSpec } from '../../api/types/apps-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { liveMeta, livePod, NOW, type PodParts } from '../../test/support/objects.ts'
import {
  type ClaimFate,
  claimFate,
  claimName,
  memberOf,
  ordinalOf,
  planMembers,
  type Step,
  statefulStatus,
} from './decide.ts'

const set = (spec: Partial<StatefulSetSpec> = {}): Live<StatefulSet> =>
  ({
    metadata: liveMeta('db'),
    spec: { replicas: 3, serviceName: 'db', selector: {}, template: {}, ...spec },
  }) as Live<StatefulSet>

const PARALLEL = { podManagementPolicy: 'Parallel' }
const rolling = (rollingUpdate: object) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } })
const STATES: Record<string, PodParts> = {
  ok: {},
  starting: { ready: false },
  pending: { phase: 'Pending', node: '' },
  fresh: { readySince: 5 },
  failed: { phase: 'Failed' },
  succeeded: { phase: 'Succeeded' },
  ending: { deleting: true },
}

/** `0:old 1:new/starting`: members by ordinal, with their template and their state. */
function members(text: string) {
  return text
    .split(' ')
    .filter(Boolean)
    .map(word => {
      const [, ordinal, hash, state = 'ok'] = /^(\d+):(\w+)(?:\/(\w+))?$/.exec(word)!
      return livePod(`db-${ordinal}`, { ...STATES[state], labels: { 'controller-revision-hash': hash! } })
    })
}

const say = (step: Step) =>
  step.do === 'create' ? `+${step.ordinal} ${step.revision}` : `-${step.pod.metadata.name.slice(3)} ${step.why}`

function table(title: string, cases: [string, Partial<StatefulSetSpec>, string, string[]][]) {
  describe(title, () => {
    for (const [name, spec, pods, expected] of cases) {
      it(name, () => {
        const steps = planMembers(set(spec), members(pods), { current: 'old', update: 'new' }, NOW)
        assert.deepEqual(steps.map(say), expected)
      })
    }
  })
}

table('members in order', [
  ['none wanted, none there', { replicas: 0 }, '', []],
  ['the first', {}, '', ['+0 update']],
  ['a pending one holds the next up', {}, '0:new/pending', []],
  ['one that ends holds the next up', {}, '0:new/ending', []],
  ['a failed one is removed first', {}, '0:new/failed 1:new', ['-0 failed']],
  ['so is one that ended well', {}, '0:new/succeeded', ['-0 failed']],
  ['ready, but not for long enough', { minReadySeconds: 10 }, '0:new/fresh', []],
  ['ready for long enough', { minReadySeconds: 10 }, '0:new', ['+1 update']],
  ['the last', {}, '0:new 1:new', ['+2 update']],
  ['all there', {}, '0:new 1:new 2:new', []],
  ['a gap in the middle', {}, '0:new 2:new', ['+1 update']],
  ['a later one that is down does not keep an earlier one from coming', {}, '1:new/starting 2:new', ['+0 update']],
  ['from another first number', { ordinals: { start: 5 } }, '5:new', ['+6 update']],
  ['those before the first number go', { ordinals: { start: 1 }, replicas: 2 }, '0:new 1:new 2:new', ['-0 surplus']],
  ['a sparse numbering moves up', { ordinals: { start: 2 }, replicas: 2 }, '0:new 1:new 2:new', ['+3 update']],
])

table('members all at once', [
  ['all are made', PARALLEL, '', ['+0 update', '+1 update', '+2 update']],
  ['those that are missing', PARALLEL, '1:new/starting', ['+0 update', '+2 update']],
  ['failed ones beside', PARALLEL, '0:new/failed', ['-0 failed', '+1 update', '+2 update']],
  [
    'surplus goes while others start',
    { ...PARALLEL, replicas: 1 },
    '0:new/starting 1:new 2:new',
    ['-2 surplus', '-1 surplus'],
  ],
  ['what ends already is not asked again', { ...PARALLEL, replicas: 1 }, '0:new 1:new 2:new/ending', ['-1 surplus']],
])

table('fewer members', [
  ['the last one first', { replicas: 1 }, '0:new 1:new 2:new', ['-2 surplus']],
  ['then the next', { replicas: 1 }, '0:new 1:new', ['-1 surplus']],
  ['waits for one that ends', { replicas: 1 }, '0:new 1:new 2:new/ending', []],
  ['to none', { replicas: 0 }, '0:new', ['-0 surplus']],
  ['not while a wanted one is down', { replicas: 2 }, '0:new 1:new/starting 2:new', []],
  [
    'tenth after ninth, by number',
    { replicas: 9 },
    '0:new 1:new 2:new 3:new 4:new 5:new 6:new 7:new 8:new 9:new 10:new',
    ['-10 surplus'],
  ],
])

table('a new template', [
  ['the last one first', {}, '0:old 1:old 2:old', ['-2 outdated']],
  ['its successor gets the new one', {}, '0:old 1:old', ['+2 update']],
  ['waits until that works', {}, '0:old 1:old 2:new/starting', []],
  ['goes on', {}, '0:old 1:old 2:new', ['-1 outdated']],
  ['the first comes last', {}, '0:old 1:new 2:new', ['-0 outdated']],
  ['a partition above all keeps all', rolling({ partition: 3 }), '0:old 1:old 2:old', []],
  ['a canary', rolling({ partition: 2 }), '0:old 1:old 2:old', ['-2 outdated']],
  ['the canary is enough', rolling({ partition: 2 }), '0:old 1:old 2:new', []],
  ['a lost member below the partition comes back as it was', rolling({ partition: 2 }), '0:old 2:new', ['+1 current']],
  ['a lost member above it as it is to be', rolling({ partition: 1 }), '0:old 2:new', ['+1 update']],
  [
    'partitions count from the first number',
    { ordinals: { start: 10 }, ...rolling({ partition: 1 }) },
    '11:old 12:new',
    ['+10 current'],
  ],
  ['only by hand', { updateStrategy: { type: 'OnDelete' } }, '0:old 1:old 2:old', []],
  ['by hand: the new one comes in its place', { updateStrategy: { type: 'OnDelete' } }, '0:old 2:old', ['+1 update']],
  ['no update while it shrinks', { replicas: 2 }, '0:old 1:old 2:old', ['-2 surplus']],
  ['two at a time', rolling({ maxUnavailable: 2 }), '0:old 1:old 2:old', ['-2 outdated', '-1 outdated']],
  ['a share, rounded down, at least one', rolling({ maxUnavailable: '10%' }), '0:old 1:old 2:old', ['-2 outdated']],
])

table('a member that a template broke which nobody wants any more', [
  ['goes, so that a better one comes', {}, '0:mid/starting 1:old', ['-0 outdated']],
  ['of the template that was: it may come up yet', {}, '0:old/starting', []],
  ['of the new template: it may come up yet', {}, '0:new/starting', []],
  ['goes already', {}, '0:mid/ending', []],
  ['is ready, though not for long enough', { minReadySeconds: 60 }, '0:mid/fresh', []],
])

it('pods that are no members are nobody of theirs', () => {
  const steps = planMembers(
    set(),
    [...members('0:new 1:new 2:new'), livePod('db-x')],
    { current: 'new', update: 'new' },
    NOW,
  )
  assert.deepEqual(steps, [])
})

table('a new template, all at once', [
  ['still the last one first', PARALLEL, '0:old 1:old 2:old', ['-2 outdated']],
  ['waits until that works', PARALLEL, '0:old 1:old 2:new/starting', []],
  ['one that never worked is replaced, and keeps nobody', PARALLEL, '0:old/starting 1:old 2:old', ['-0 outdated']],
  [
    'all of them never worked',
    PARALLEL,
    '0:old/starting 1:old/starting 2:old/starting',
    ['-2 outdated', '-1 outdated', '-0 outdated'],
  ],
  ['one that ends is not asked again', PARALLEL, '0:old 1:old 2:old/ending', []],
])

describe('names of members', () => {
  const cases: [string, number | undefined][] = [
    ['db-0', 0],
    ['db-10', 10],
    ['db-01', undefined],
    ['db-', undefined],
    ['db', undefined],
    ['db-1-2', undefined],
    ['dbx-1', undefined],
    ['other-1', undefined],
    ['db--1', undefined],
  ]
  for (const [name, expected] of cases) it(name, () => assert.equal(ordinalOf(set(), name), expected))

  it('a claim is named after its template, the set and the member', () => {
    assert.equal(claimName({ metadata: { name: 'data' } }, set(), 2), 'data-db-2')
  })
})

describe('what a member has of its own', () => {
  const claims = { volumeClaimTemplates: [{ metadata: { name: 'data' } }, { metadata: { name: 'logs' } }] }
  const pod = (volumes?: object[]): Pod => ({
    metadata: { labels: { app: 'db' } },
    spec: { containers: [], volumes: volumes as never },
  })
  it('its name, its number and its revision', () => {
    const { metadata, spec } = memberOf(set(), pod(), 4, 'h1')
    assert.equal(metadata?.name, 'db-4')
    assert.deepEqual(metadata?.labels, {
      ...{ app: 'db', 'statefulset.kubernetes.io/pod-name': 'db-4', 'apps.kubernetes.io/pod-index': '4' },
      'controller-revision-hash': 'h1',
    })
    assert.deepEqual([spec?.hostname, spec?.subdomain, spec?.volumes], ['db-4', 'db', undefined])
  })
  const volumes: [string, object[] | undefined, string[]][] = [
    ['a claim for each template', undefined, ['data=data-db-1', 'logs=logs-db-1']],
    ['beside other volumes', [{ name: 'tmp', emptyDir: {} }], ['tmp=', 'data=data-db-1', 'logs=logs-db-1']],
    ['in the place of one with its name', [{ name: 'data', emptyDir: {} }], ['data=data-db-1', 'logs=logs-db-1']],
  ]
  for (const [name, given, expected] of volumes) {
    it(name, () => {
      const made = memberOf(set(claims), pod(given), 1, 'h')
      const told = made.spec?.volumes?.map(one => `${one.name}=${one.persistentVolumeClaim?.claimName ?? ''}`)
      assert.deepEqual(told, expected)
    })
  }
})

describe('the fate of claims', () => {
  const [KEEP, DROP] = ['Retain', 'Delete']
  const cases: [string | undefined, string | undefined, number, ClaimFate][] = [
    [undefined, undefined, 0, 'keep'],
    [KEEP, KEEP, 5, 'keep'],
    [DROP, KEEP, 0, 'follow-set'],
    [DROP, KEEP, 5, 'follow-set'],
    [KEEP, DROP, 0, 'keep'],
    [KEEP, DROP, 5, 'follow-pod'],
    [DROP, DROP, 0, 'follow-set'],
    [DROP, DROP, 5, 'follow-pod'],
    [KEEP, DROP, 3, 'follow-pod'],
    [KEEP, DROP, 2, 'keep'],
  ]
  for (const [whenDeleted, whenScaled, ordinal, expected] of cases) {
    it(`set deleted: ${whenDeleted}, scaled: ${whenScaled}, member ${ordinal}`, () => {
      const policy = { persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } }
      assert.equal(claimFate(set(policy), ordinal), expected)
    })
  }
})

describe('the status of a set', () => {
  const revisions = { current: 'old', update: 'new' }
  const names = { current: 'db-old', update: 'db-new' }
  const cases: [string, Partial<StatefulSetSpec>, string, [number, number, number, number], string][] = [
    ['in the midst of an update', {}, '0:old 1:old 2:new', [3, 3, 2, 1], 'db-old'],
    ['done', {}, '0:new 1:new 2:new', [3, 3, 3, 3], 'db-new'],
    ['done, but one does not work yet', {}, '0:new 1:new 2:new/starting', [3, 2, 0, 3], 'db-old'],
    ['one is missing', {}, '0:new 1:new', [2, 2, 0, 2], 'db-old'],
    ['one ends', {}, '0:old 1:old 2:old/ending', [3, 3, 2, 0], 'db-old'],
    [
      'replaced by hand: the revision stays',
      { updateStrategy: { type: 'OnDelete' } },
      '0:new 1:new 2:new',
      [3, 3, 3, 3],
      'db-old',
    ],
    ['a partition is never done', rolling({ partition: 2 }), '0:old 1:old 2:new', [3, 3, 2, 1], 'db-old'],
  ]
  for (const [name, spec, pods, expected, revision] of cases) {
    it(name, () => {
      const status = statefulStatus(set(spec), members(pods), revisions, names, NOW)
      const { replicas, readyReplicas, currentReplicas, updatedReplicas } = status
      assert.deepEqual([replicas, readyReplicas, currentReplicas, updatedReplicas], expected)
      assert.deepEqual([status.currentRevision, status.updateRevision], [revision, 'db-new'])
    })
  }
})
