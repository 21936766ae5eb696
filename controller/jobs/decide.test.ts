import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Job, JobSpec, JobStatus } from '../../api/types/batch-v1.ts'
import type { Live } from '../../client/client.ts'
import { ago, liveMeta, livePod, NOW, type PodParts } from '../../test/support/objects.ts'
import { measure, planJob } from './decide.ts'
import { INDEX } from './indexed-pod.ts'
import { formatIndexes, parseIndexes } from './indexes.ts'
import { fulfilledRule, judgeFailure } from './policy.ts'

function job(spec: Partial<JobSpec> = {}, status: JobStatus = {}): Live<Job> {
  const defaults = { parallelism: 1, completions: 1, backoffLimit: 6, template: { spec: { containers: [] } } }
  return { metadata: liveMeta('job'), spec: { ...defaults, ...spec }, status } as Live<Job>
}

const at = (index: number, parts: PodParts = {}) =>
  livePod(`p${index}`, { ...parts, annotations: { [INDEX]: String(index) } })
const succeeded = { phase: 'Succeeded' }
const failed = { phase: 'Failed', exitCode: 1, readySince: 3000 }

/** What is to be done, in short: how many or which are made, who is removed, and how it ends. */
function plan(subject: Live<Job>, pods: ReturnType<typeof livePod>[]) {
  const fresh = pods.filter(({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed')
  const { create, remove, end } = planJob(subject, measure(subject, pods, fresh), NOW)
  const made = create.map(({ index }) => index ?? '*').join(',')
  return [made, remove.map(({ metadata }) => metadata.name).join(','), end ? `${end.type} ${end.reason}` : '']
}

describe('an index', () => {
  const failing = { action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } } as const
  const spec = {
    completionMode: 'Indexed',
    completions: 2,
    backoffLimitPerIndex: 0,
    podFailurePolicy: { rules: [failing] },
  } as const
  const outcome = (status: JobStatus, pod: ReturnType<typeof livePod>) => {
    const { succeededIndexes, failedIndexes } = measure(job(spec as unknown as JobSpec, status), [pod], [pod])
    return { succeeded: [...succeededIndexes], failed: [...failedIndexes] }
  }

  it('that failed does not succeed by a pod that was still running', () =>
    assert.deepEqual(outcome({ failedIndexes: '1' }, at(1, succeeded)), { succeeded: [], failed: [1] }))

  it('that succeeded does not fail by another of its pods', () =>
    assert.deepEqual(outcome({ completedIndexes: '1' }, at(1, failed)), { succeeded: [1], failed: [] }))
})

describe('planJob', () => {
  const indexed = (spec: Partial<JobSpec> = {}) => ({
    completionMode: 'Indexed',
    completions: 3,
    parallelism: 3,
    ...spec,
  })
  const cases: [string, Live<Job>, ReturnType<typeof livePod>[], [string, string, string]][] = [
    ['begins', job(), [], ['*', '', '']],
    ['as many at once as it may', job({ completions: 5, parallelism: 2 }), [], ['*,*', '', '']],
    ['no more than are still needed', job({ completions: 5, parallelism: 3 }, { succeeded: 4 }), [], ['*', '', '']],
    ['runs', job(), [livePod('a')], ['', '', '']],
    ['done', job(), [livePod('a', succeeded)], ['', '', 'Complete CompletionsReached']],
    [
      'less parallel now',
      job({ completions: 5, parallelism: 1 }),
      [livePod('a', { created: 50 }), livePod('b', { created: 10 })],
      ['', 'b', ''],
    ],
    ['one failed a while ago: again', job(), [livePod('a', failed)], ['*', '', '']],
    ['one failed just now: later', job(), [livePod('a', { ...failed, readySince: 1 })], ['', '', '']],
    [
      'too often',
      job({ backoffLimit: 0 }),
      [livePod('a', failed), livePod('b')],
      ['', 'b', 'Failed BackoffLimitExceeded'],
    ],
    [
      'too long',
      job({ activeDeadlineSeconds: 60 }, { startTime: ago(61) }),
      [livePod('a')],
      ['', 'a', 'Failed DeadlineExceeded'],
    ],
    ['suspended', job({ suspend: true }), [livePod('a')], ['', 'a', '']],
    ['a work queue', job({ completions: undefined, parallelism: 3 }), [], ['*,*,*', '', '']],
    [
      'a work queue that winds down',
      job({ completions: undefined, parallelism: 3 }),
      [livePod('a', succeeded), livePod('b')],
      ['', '', ''],
    ],
    [
      'a work queue that is empty',
      job({ completions: undefined, parallelism: 3 }),
      [livePod('a', succeeded)],
      ['', '', 'Complete CompletionsReached'],
    ],
    ['all indexes', job(indexed()), [], ['0,1,2', '', '']],
    ['the indexes that are missing', job(indexed(), { completedIndexes: '0' }), [at(2)], ['1', '', '']],
    [
      'two pods of one index',
      job(indexed({ completions: 1 })),
      [at(0), { ...at(0), metadata: { ...at(0).metadata, name: 'twin', uid: 'x' } }],
      ['', 'twin', ''],
    ],
    [
      'all indexes done',
      job(indexed(), { completedIndexes: '0,1' }),
      [at(2, succeeded)],
      ['', '', 'Complete CompletionsReached'],
    ],
    [
      'an index failed for good',
      job(indexed({ backoffLimitPerIndex: 0, backoffLimit: 99 }), { completedIndexes: '0-1' }),
      [at(2, failed)],
      ['', '', 'Failed FailedIndexes'],
    ],
    [
      'too many indexes failed',
      job(indexed({ backoffLimitPerIndex: 0, backoffLimit: 99, maxFailedIndexes: 0 })),
      [at(2, failed)],
      ['', '', 'Failed MaxFailedIndexesExceeded'],
    ],
    [
      'enough succeeded',
      job(indexed({ successPolicy: { rules: [{ succeededIndexes: '0' }] } })),
      [at(0, succeeded), at(1)],
      ['', 'p1', 'Complete SuccessPolicy'],
    ],
    [
      'a failure that ends it all',
      job({ podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }] } }),
      [livePod('a', failed)],
      ['', '', 'Failed PodFailurePolicy'],
    ],
    [
      'a failure that does not count',
      job({
        backoffLimit: 0,
        podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'Ready', status: 'False' }] }] },
      }),
      [livePod('a', failed)],
      ['*', '', ''],
    ],
    [
      'the end was decided before',
      job({}, { conditions: [{ type: 'FailureTarget', status: 'True', reason: 'R' }] }),
      [livePod('a')],
      ['', 'a', 'Failed R'],
    ],
  ]
  for (const [name, subject, pods, expected] of cases) it(name, () => assert.deepEqual(plan(subject, pods), expected))
})

describe('judgeFailure', () => {
  it('names the container, its code and the rule', () => {
    const rules = [
      { action: 'Count', onExitCodes: { operator: 'In', values: [2] } },
      { action: 'FailJob', onExitCodes: { containerName: 'app', operator: 'NotIn', values: [7] } },
    ]
    assert.deepEqual(judgeFailure(job({ podFailurePolicy: { rules } }), livePod('a', failed)), {
      action: 'FailJob',
      message: 'Container app for pod default/a failed with exit code 1 matching FailJob rule at index 1',
    })
  })
})

describe('fulfilledRule', () => {
  const rules = [{ succeededIndexes: '0-2', succeededCount: 2 }, { succeededCount: 4 }]
  const subject = job({ successPolicy: { rules } })
  for (const [done, expected] of [
    ['0', undefined],
    ['0,2', 0],
    ['3-5', undefined],
    ['3-6', 1],
  ] as const) {
    it(`${done}`, () => assert.equal(fulfilledRule(subject, parseIndexes(done)), expected))
  }
})

describe('indexes', () => {
  for (const [indexes, text] of [
    [[], ''],
    [[1], '1'],
    [[1, 2], '1,2'],
    [[3, 1, 2], '1-3'],
    [[0, 2, 3, 4, 9], '0,2-4,9'],
  ] as const) {
    it(`writes ${text || 'nothing'}`, () => assert.equal(formatIndexes(indexes), text))
  }
  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(50)), indexes => {
        assert.deepEqual(
          [...parseIndexes(formatIndexes(indexes))],
          [...indexes].sort((a, b) => a - b),
        )
      }),
    )
  })
})
