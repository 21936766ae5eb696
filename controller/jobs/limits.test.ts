import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Job, JobSpec, JobStatus } from '../../api/types/batch-v1.ts'
import type { PodSpec } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { ago, liveMeta, livePod, NOW, type PodParts } from '../../test/support/objects.ts'
import { isFailedPod, measure, planJob } from './decide.ts'
import { INDEX, indexedPod } from './indexed-pod.ts'

function job(spec: Partial<JobSpec> = {}, status: JobStatus = {}, pod: Partial<PodSpec> = {}): Live<Job> {
  const template = { spec: { containers: [], restartPolicy: 'Never', ...pod } }
  return {
    metadata: liveMeta('job'),
    spec: { parallelism: 1, completions: 1, backoffLimit: 6, template, ...spec },
    status,
  } as Live<Job>
}
const indexed = (spec: Partial<JobSpec> = {}, status: JobStatus = {}) =>
  job({ completionMode: 'Indexed', completions: 3, parallelism: 3, ...spec }, status)
const some = (count: number, parts: PodParts = {}) => Array.from({ length: count }, (_, i) => livePod(`p${i}`, parts))
const at = (index: number, parts: PodParts = {}, failures?: number) =>
  livePod(`i${index}`, {
    ...parts,
    annotations: {
      [INDEX]: String(index),
      ...(failures === undefined ? {} : { 'batch.kubernetes.io/job-index-failure-count': String(failures) }),
    },
  })
const good = { phase: 'Succeeded', readySince: 3000 }
const bad = { phase: 'Failed', exitCode: 1, readySince: 3000 }

/** `2 made | names removed | end`. */
function say(subject: Live<Job>, pods: ReturnType<typeof livePod>[]) {
  const fresh = pods.filter(({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed')
  const { create, remove, end } = planJob(subject, measure(subject, pods, fresh), NOW)
  const made = create.some(({ index }) => index !== undefined)
    ? `#${create.map(({ index }) => index).join(',')}`
    : `${create.length}`
  return [made, remove.map(({ metadata }) => metadata.name).join(','), end?.reason ?? ''].join(' | ')
}

type Row = [string, Live<Job>, ReturnType<typeof livePod>[], string]
function table(title: string, rows: Row[]) {
  describe(title, () => {
    for (const [name, subject, pods, expected] of rows) it(name, () => assert.equal(say(subject, pods), expected))
  })
}

table('how many pods a Job runs', [
  ['as many as it may', job({ completions: 5, parallelism: 2 }), [], '2 |  | '],
  ['as many as are missing', job({ completions: 5, parallelism: 2 }), some(1), '1 |  | '],
  ['no more than are left to do', job({ completions: 5, parallelism: 4 }, { succeeded: 3 }), [], '2 |  | '],
  ['none while all run', job({ completions: 5, parallelism: 2 }), some(2), '0 |  | '],
  ['none at all for now', job({ completions: 5, parallelism: 0 }), [], '0 |  | '],
  ['fewer than there are', job({ completions: 5, parallelism: 0 }), some(2), '0 | p0,p1 | '],
  ['nothing to do is done', job({ completions: 0 }), [], '0 |  | CompletionsReached'],
  ['no more than 500 at once', job({ completions: 9000, parallelism: 9000 }), [], '500 |  | '],
  ['pending ones count', job({ completions: 2, parallelism: 2 }), some(2, { phase: 'Pending' }), '0 |  | '],
  ['suspended: none', job({ suspend: true, completions: 3 }), [], '0 |  | '],
  ['suspended in the midst', job({ suspend: true, completions: 3, parallelism: 3 }), some(2), '0 | p0,p1 | '],
  ['a queue: as many as it may', job({ completions: undefined, parallelism: 3 }), [], '3 |  | '],
  ['a queue: lost ones come again', job({ completions: undefined, parallelism: 3 }), some(1), '2 |  | '],
  [
    'a queue that one has finished: no more',
    job({ completions: undefined, parallelism: 3 }, { succeeded: 1 }),
    some(1),
    '0 |  | ',
  ],
  [
    'a queue that is finished',
    job({ completions: undefined, parallelism: 3 }, { succeeded: 1 }),
    [],
    '0 |  | CompletionsReached',
  ],
  [
    'also when nothing may run any more',
    job({ completions: undefined, parallelism: 0 }, { succeeded: 1 }),
    [],
    '0 |  | CompletionsReached',
  ],
  ['more successes than asked for', job({ completions: 2 }, { succeeded: 3 }), [], '0 |  | CompletionsReached'],
  ['the last one runs', job({ completions: 2, parallelism: 2 }, { succeeded: 1 }), some(1), '0 |  | '],
])

table('who goes when a Job may run fewer', [
  [
    'pending before running, though older',
    job({ completions: 5 }),
    [livePod('run', { created: 5 }), livePod('wait', { phase: 'Pending', created: 900 })],
    '0 | wait | ',
  ],
  [
    'not ready before ready',
    job({ completions: 5 }),
    [livePod('ready', { created: 5 }), livePod('not', { ready: false, created: 900 })],
    '0 | not | ',
  ],
  [
    'not placed first of all',
    job({ completions: 5 }),
    [livePod('placed', { phase: 'Pending' }), livePod('not', { phase: 'Pending', node: '' })],
    '0 | not | ',
  ],
  ['of indexes too', indexed({ parallelism: 1 }), [at(0, { ready: false }), at(1)], '# | i0 | '.replace('#', '0')],
])

table('when a Job gives up', [
  ['one failure too many', job({ backoffLimit: 0 }), [livePod('a', bad)], '0 |  | BackoffLimitExceeded'],
  ['as many as it may', job({ backoffLimit: 1 }), [livePod('a', bad)], '1 |  | '],
  ['six by default', job({ backoffLimit: undefined }, { failed: 6 }), [], '1 |  | '],
  [
    'seven are too many',
    job({ backoffLimit: undefined }, { failed: 6 }),
    [livePod('a', bad)],
    '0 |  | BackoffLimitExceeded',
  ],
  [
    'those that run go with it',
    job({ backoffLimit: 0, completions: 3, parallelism: 3 }),
    [livePod('a', bad), livePod('b')],
    '0 | b | BackoffLimitExceeded',
  ],
  ['too late', job({ activeDeadlineSeconds: 10 }, { startTime: ago(10) }), some(1), '0 | p0 | DeadlineExceeded'],
  ['in time', job({ activeDeadlineSeconds: 10 }, { startTime: ago(9) }), some(1), '0 |  | '],
  ['not before it began', job({ activeDeadlineSeconds: 10 }), [], '1 |  | '],
  [
    'not while it is suspended',
    job({ activeDeadlineSeconds: 10, suspend: true }, { startTime: ago(99) }),
    [],
    '0 |  | ',
  ],
  [
    'failures count before the deadline',
    job({ backoffLimit: 0, activeDeadlineSeconds: 10 }, { startTime: ago(99) }),
    [livePod('a', bad)],
    '0 |  | BackoffLimitExceeded',
  ],
])

const restarting = (spec: Partial<JobSpec>) => job(spec, {}, { restartPolicy: 'OnFailure' })
table('where containers are restarted in place', [
  [
    'restarts count as failures',
    restarting({ backoffLimit: 3 }),
    some(1, { restarts: 3 }),
    '0 | p0 | BackoffLimitExceeded',
  ],
  ['fewer do not', restarting({ backoffLimit: 3 }), some(1, { restarts: 2 }), '0 |  | '],
  [
    'those of all pods together',
    restarting({ backoffLimit: 3, completions: 2, parallelism: 2 }),
    some(2, { restarts: 2 }),
    '0 | p0,p1 | BackoffLimitExceeded',
  ],
  [
    'with no failure allowed one is too many',
    restarting({ backoffLimit: 0 }),
    some(1, { restarts: 1 }),
    '0 | p0 | BackoffLimitExceeded',
  ],
  ['with no failure allowed, and none there', restarting({ backoffLimit: 0 }), some(1), '0 |  | '],
  ['not where a new pod comes for each', job({ backoffLimit: 1 }), some(1, { restarts: 9 }), '0 |  | '],
])

table('indexes', [
  ['the first ones', indexed({ parallelism: 2 }), [], '#0,1 |  | '],
  ['gaps', indexed({}, { completedIndexes: '1' }), [], '#0,2 |  | '],
  ['one that failed comes again', indexed(), [at(1, bad), at(0), at(2)], '#1 |  | '],
  [
    'of two pods of one index the younger goes',
    indexed(),
    [at(0), at(1), { ...at(1), metadata: { ...at(1).metadata, name: 'twin' } }, at(2)],
    '0 | twin | ',
  ],
  ['an index that is done needs no pod', indexed({}, { completedIndexes: '0' }), [at(0), at(1), at(2)], '0 | i0 | '],
  ['an index beyond the end', indexed({ completions: 2 }), [at(0), at(1), at(7)], '0 | i7 | '],
  ['a pod without an index', indexed({ completions: 1 }), [livePod('none'), at(0)], '0 | none | '],
  ['all done', indexed({}, { completedIndexes: '0-2' }), [], '0 |  | CompletionsReached'],
  [
    'a success beyond the end does not count',
    indexed({ completions: 2 }, { completedIndexes: '0' }),
    [at(5, good)],
    '#1 |  | ',
  ],
  ['one success twice is one', indexed({}, { completedIndexes: '0' }), [at(0, good)], '#1,2 |  | '],
])

const PER_INDEX = { backoffLimitPerIndex: 1, backoffLimit: 2_147_483_647 }
table('failures of each index', [
  ['the first is forgiven', indexed(PER_INDEX), [at(0, bad), at(1), at(2)], '#0 |  | '],
  ['the second is not', indexed(PER_INDEX), [at(0, bad, 1), at(1), at(2)], '0 |  | '],
  ['the others go on', indexed(PER_INDEX, { failedIndexes: '0' }), [], '#1,2 |  | '],
  [
    'at the end the Job has failed',
    indexed(PER_INDEX, { failedIndexes: '0', completedIndexes: '1,2' }),
    [],
    '0 |  | FailedIndexes',
  ],
  [
    'too many',
    indexed({ ...PER_INDEX, maxFailedIndexes: 1 }, { failedIndexes: '0,1' }),
    [at(2)],
    '0 | i2 | MaxFailedIndexesExceeded',
  ],
  ['as many as may', indexed({ ...PER_INDEX, maxFailedIndexes: 2 }, { failedIndexes: '0,1' }), [at(2)], '0 |  | '],
  [
    'none may',
    indexed({ ...PER_INDEX, maxFailedIndexes: 0 }, { failedIndexes: '0' }),
    [],
    '0 |  | MaxFailedIndexesExceeded',
  ],
  [
    'an index that succeeded in the end has not failed',
    indexed(PER_INDEX, { completedIndexes: '0' }),
    [at(0, bad, 5)],
    '#1,2 |  | ',
  ],
])

const success = (...rules: object[]) => ({ successPolicy: { rules: rules as never } })
table('enough is enough', [
  [
    'the leader is through',
    indexed(success({ succeededIndexes: '0' }), { completedIndexes: '0' }),
    [at(1)],
    '0 | i1 | SuccessPolicy',
  ],
  [
    'somebody else is',
    indexed(success({ succeededIndexes: '0' }), { completedIndexes: '1' }),
    [at(0), at(2)],
    '0 |  | ',
  ],
  ['any two', indexed(success({ succeededCount: 2 }), { completedIndexes: '0,2' }), [at(1)], '0 | i1 | SuccessPolicy'],
  [
    'two of the first three',
    indexed(
      { completions: 5, parallelism: 5, ...success({ succeededIndexes: '0-2', succeededCount: 2 }) },
      { completedIndexes: '2,3' },
    ),
    [at(0), at(1), at(4)],
    '0 |  | ',
  ],
  [
    'the second rule',
    indexed(success({ succeededIndexes: '0' }, { succeededCount: 1 }), { completedIndexes: '2' }),
    [],
    '0 |  | SuccessPolicy',
  ],
  [
    'failure counts before success',
    indexed({ backoffLimit: 0, ...success({ succeededIndexes: '0' }) }, { completedIndexes: '0' }),
    [at(1, bad)],
    '0 |  | BackoffLimitExceeded',
  ],
  [
    'so does the deadline',
    indexed(
      { activeDeadlineSeconds: 1, ...success({ succeededCount: 1 }) },
      { completedIndexes: '0', startTime: ago(9) },
    ),
    [],
    '0 |  | DeadlineExceeded',
  ],
  [
    'not for Jobs without indexes',
    job({ completions: 2, ...success({ succeededCount: 1 }) }, { succeeded: 1 }),
    [],
    '1 |  | ',
  ],
])

describe('what counts as failed', () => {
  const rules = { podFailurePolicy: { rules: [] } }
  const cases: [string, Partial<JobSpec>, PodParts, boolean][] = [
    ['failed', {}, { phase: 'Failed' }, true],
    ['running', {}, {}, false],
    ['done', {}, good, false],
    ['on its way out', {}, { deleting: true }, true],
    ['done and on its way out', {}, { ...good, deleting: true }, false],
    [
      'on its way out, where only ended ones are replaced',
      { podReplacementPolicy: 'Failed' },
      { deleting: true },
      false,
    ],
    ['on its way out, where failures are judged', rules, { deleting: true }, false],
    ['failed, where only ended ones are replaced', { podReplacementPolicy: 'Failed' }, { phase: 'Failed' }, true],
  ]
  for (const [name, spec, parts, expected] of cases)
    it(name, () => assert.equal(isFailedPod(job(spec), livePod('a', parts)), expected))
})

describe('the pause after failures', () => {
  const failures = (count: number, seconds: number) =>
    Array.from({ length: count }, (_, i) => livePod(`f${i}`, { ...bad, readySince: seconds + i }))
  const cases: [string, ReturnType<typeof livePod>[], number, number | undefined][] = [
    ['none without a failure', [], 1, undefined],
    ['ten seconds', failures(1, 4), 0, 6000],
    ['over', failures(1, 10), 1, undefined],
    ['twice as long after the second', failures(2, 4), 0, 16_000],
    ['four times after the third', failures(3, 4), 0, 36_000],
    ['never more than ten minutes', failures(20, 0), 0, 600_000],
    [
      'a success wipes them out',
      [...failures(3, 60), livePod('ok', { ...good, exitCode: 0, readySince: 5 })],
      1,
      undefined,
    ],
  ]
  for (const [name, pods, made, wait] of cases) {
    it(name, () => {
      const subject = job({ completions: 9, backoffLimit: 99 }, { succeeded: 0 })
      const { create, againMs } = planJob(subject, measure(subject, pods, []), NOW)
      assert.deepEqual([create.length, againMs], [made, wait])
    })
  }

  /** Seconds since the failure of index 0 (of which `before` came earlier); who is made, and when to look again. */
  const perIndex: [string, Partial<JobSpec>, number, number, number[], number | undefined][] = [
    ['an index that failed waits alone', PER_INDEX, 4, 0, [1, 2], 6000],
    ['it comes when its own pause is over', PER_INDEX, 10, 0, [0, 1, 2], undefined],
    ['twice as long after its second failure', { ...PER_INDEX, backoffLimitPerIndex: 9 }, 4, 1, [1, 2], 16_000],
    ['the deadline comes first', { ...PER_INDEX, activeDeadlineSeconds: 25 }, 4, 0, [1, 2], 5000],
    ['the pause is over first', { ...PER_INDEX, activeDeadlineSeconds: 60 }, 4, 0, [1, 2], 6000],
    ['it keeps its turn while it waits', { ...PER_INDEX, parallelism: 1 }, 4, 0, [], 6000],
    ['without a limit for each index all wait', {}, 4, 0, [], 6000],
  ]
  for (const [name, spec, seconds, before, made, wait] of perIndex) {
    it(name, () => {
      const subject = indexed(spec, { startTime: ago(20) })
      const failed = at(0, { ...bad, readySince: seconds }, before)
      const { create, againMs } = planJob(subject, measure(subject, [failed], []), NOW)
      assert.deepEqual([create.map(({ index }) => index), againMs], [made, wait])
    })
  }

  it('the deadline is looked at when it comes', () => {
    const subject = job({ activeDeadlineSeconds: 60 }, { startTime: ago(20) })
    assert.equal(planJob(subject, measure(subject, some(1), []), NOW).againMs, 40_000)
  })
})

describe('the pod of an index', () => {
  const made = (spec: Partial<JobSpec>) =>
    indexedPod(
      indexed(spec),
      {
        metadata: { labels: { a: 'b' } },
        spec: { containers: [{ name: 'c', env: [{ name: 'X' }] }], initContainers: [{ name: 'i' }] },
      },
      4,
      2,
    )
  it('knows its number', () => {
    const { metadata, spec } = made({})
    assert.deepEqual([metadata?.generateName, spec?.hostname, metadata?.labels?.[INDEX]], ['job-4-', 'job-4', '4'])
    assert.deepEqual(metadata?.annotations, { [INDEX]: '4' })
    assert.deepEqual(
      spec?.containers[0]?.env?.map(({ name }) => name),
      ['X', 'JOB_COMPLETION_INDEX'],
    )
    assert.deepEqual(
      spec?.initContainers?.[0]?.env?.map(({ name }) => name),
      ['JOB_COMPLETION_INDEX'],
    )
  })
  it('carries how often it failed, where that is limited', () => {
    assert.equal(
      made({ backoffLimitPerIndex: 3 }).metadata?.annotations?.['batch.kubernetes.io/job-index-failure-count'],
      '2',
    )
  })
})
