import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StatefulSet, StatefulSetSpec } from '../../api/types/apps-v1.ts'
import type { Live } from '../../client/client.ts'
import { liveMeta, livePod, NOW, type PodParts } from '../../test/support/objects.ts'
import { claimFate, ordinalOf, planMembers, type Step } from './decide.ts'

function set(spec: Partial<StatefulSetSpec> = {}): Live<StatefulSet> {
  return { metadata: liveMeta('db'), spec: { replicas: 3, serviceName: 'db', selector: {}, template: {}, ...spec } }
}

const member = (ordinal: number, hash = 'new', parts: PodParts = {}) =>
  livePod(`db-${ordinal}`, { ...parts, labels: { 'controller-revision-hash': hash } })
const say = (step: Step) =>
  step.do === 'create'
    ? `+${step.ordinal}${step.revision === 'current' ? ' old' : ''}`
    : `-${step.pod.metadata.name.slice(3)} ${step.why}`

describe('planMembers', () => {
  const down = { ready: false }
  const parallel = { podManagementPolicy: 'Parallel' }
  const rolling = (rollingUpdate: object) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } })
  const cases: [string, Live<StatefulSet>, ReturnType<typeof livePod>[], string[]][] = [
    ['the first one first', set(), [], ['+0']],
    ['waits until it is ready', set(), [member(0, 'new', down)], []],
    ['then the next', set(), [member(0)], ['+1']],
    ['fills gaps', set(), [member(0), member(2)], ['+1']],
    ['all at once', set(parallel), [], ['+0', '+1', '+2']],
    ['another first number', set({ ordinals: { start: 5 } }), [], ['+5']],
    ['a failed member is made anew', set(), [member(0, 'new', { phase: 'Failed' })], ['-0 failed']],
    ['shrinks from the end', set({ replicas: 1 }), [member(0), member(1), member(2)], ['-2 surplus']],
    ['one at a time', set({ replicas: 1 }), [member(0), member(1), member(2, 'new', { deleting: true })], []],
    ['does not shrink while one is down', set({ replicas: 1 }), [member(0, 'new', down), member(1)], []],
    [
      'shrinks all at once',
      set({ replicas: 1, ...parallel }),
      [member(0), member(1), member(2)],
      ['-2 surplus', '-1 surplus'],
    ],
    ['updates from the end', set(), [member(0, 'old'), member(1, 'old'), member(2, 'old')], ['-2 outdated']],
    ['waits for the updated one', set(), [member(0, 'old'), member(1, 'old'), member(2, 'new', down)], []],
    ['then the next one', set(), [member(0, 'old'), member(1, 'old'), member(2)], ['-1 outdated']],
    ['only down to the partition', set(rolling({ partition: 2 })), [member(0, 'old'), member(1, 'old'), member(2)], []],
    ['below it the old template', set(rolling({ partition: 2 })), [member(1, 'old'), member(2)], ['+0 old']],
    [
      'two at a time',
      set(rolling({ maxUnavailable: 2 })),
      [member(0, 'old'), member(1, 'old'), member(2, 'old')],
      ['-2 outdated', '-1 outdated'],
    ],
    [
      'only when deleted by hand',
      set({ updateStrategy: { type: 'OnDelete' } }),
      [member(0, 'old'), member(1, 'old'), member(2, 'old')],
      [],
    ],
    [
      'a template that was broken in between',
      set(),
      [member(0, 'old'), member(1, 'old'), member(2, 'bad', down)],
      ['-2 outdated'],
    ],
    ['done', set(), [member(0), member(1), member(2)], []],
  ]
  for (const [name, subject, pods, expected] of cases) {
    it(name, () =>
      assert.deepEqual(planMembers(subject, pods, { current: 'old', update: 'new' }, NOW).map(say), expected),
    )
  }
})

describe('ordinalOf', () => {
  for (const [name, expected] of [
    ['db-0', 0],
    ['db-12', 12],
    ['db-01', undefined],
    ['db-x', undefined],
    ['other-1', undefined],
    ['db', undefined],
  ] as const) {
    it(name, () => assert.equal(ordinalOf(set(), name), expected))
  }
})

describe('claimFate', () => {
  const policy = (whenDeleted: string, whenScaled: string) =>
    set({ persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } })
  const cases: [Live<StatefulSet>, number, string][] = [
    [set(), 0, 'keep'],
    [policy('Delete', 'Retain'), 0, 'follow-set'],
    [policy('Delete', 'Delete'), 0, 'follow-set'],
    [policy('Delete', 'Delete'), 3, 'follow-pod'],
    [policy('Retain', 'Delete'), 3, 'follow-pod'],
    [policy('Retain', 'Delete'), 0, 'keep'],
    [policy('Delete', 'Retain'), 3, 'follow-set'],
  ]
  for (const [subject, ordinal, expected] of cases) {
    const { whenDeleted, whenScaled } = subject.spec.persistentVolumeClaimRetentionPolicy ?? {}
    it(`${whenDeleted} ${whenScaled}, member ${ordinal}: ${expected}`, () =>
      assert.equal(claimFate(subject, ordinal), expected))
  }
})
