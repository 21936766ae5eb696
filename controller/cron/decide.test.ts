import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CronJob, CronJobSpec, Job } from '../../api/types/batch-v1.ts'
import type { Live } from '../../client/client.ts'
import { ago, liveMeta, NOW } from '../../test/support/objects.ts'
import { cronStatus, jobFor, planCronJob } from './decide.ts'
import { parseSchedule } from './schedule.ts'

/** It is noon. */
const HOURLY = '0 * * * *'

function cron(spec: Partial<CronJobSpec> = {}, status: CronJob['status'] = {}, meta: object = {}): Live<CronJob> {
  const jobTemplate = { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec: { template: {} } }
  return {
    metadata: liveMeta('backup', { creationTimestamp: ago(1800), ...meta }),
    spec: { schedule: HOURLY, jobTemplate, ...spec },
    status,
  } as Live<CronJob>
}

function job(name: string, end?: 'Complete' | 'Failed', started = 0): Live<Job> {
  const conditions = end ? [{ type: end, status: 'True' }] : []
  return { metadata: liveMeta(name), spec: {}, status: { conditions, startTime: ago(started) } } as unknown as Live<Job>
}

const minute = (time: number | undefined) => time && new Date(time).toISOString().slice(11, 16)
const names = (jobs: readonly Live<Job>[]) => jobs.map(({ metadata }) => metadata.name)
const running = job('backup-1')

type Expected = { start?: string; replace?: string[]; warning?: string }
const starts: [string, Live<CronJob>, Live<Job>[], Expected][] = [
  ['due now', cron(), [], { start: '12:00' }],
  ['not due since it was made', cron({ schedule: '30 10 * * *' }), [], {}],
  ['due while nobody looked', cron({ schedule: '45 * * * *' }), [], { start: '11:45' }],
  ['of several missed only the last', cron({ schedule: '*/10 * * * *' }), [], { start: '12:00' }],
  ['started already, by its status', cron({}, { lastScheduleTime: ago(0) }), [], {}],
  ['started already, by the name of its Job', cron(), [job(`backup-${NOW / 60_000}`)], {}],
  ['the one before was started', cron({}, { lastScheduleTime: ago(3600) }), [], { start: '12:00' }],
  ['suspended', cron({ suspend: true }), [], {}],
  ['on its way out', cron({}, {}, { deletionTimestamp: ago(1) }), [], {}],
  ['late, but in time', cron({ schedule: '59 * * * *', startingDeadlineSeconds: 61 }), [], { start: '11:59' }],
  ['too late, and forgotten', cron({ schedule: '50 * * * *', startingDeadlineSeconds: 60 }), [], {}],
  ['a run goes on, which is allowed', cron({ concurrencyPolicy: 'Allow' }), [running], { start: '12:00' }],
  [
    'a run goes on, which is forbidden',
    cron({ concurrencyPolicy: 'Forbid' }),
    [running],
    { warning: 'JobAlreadyActive' },
  ],
  [
    'a run goes on, and is replaced',
    cron({ concurrencyPolicy: 'Replace' }),
    [running],
    { start: '12:00', replace: ['backup-1'] },
  ],
  [
    'a run has ended: nothing is in the way',
    cron({ concurrencyPolicy: 'Forbid' }),
    [job('backup-1', 'Failed')],
    { start: '12:00' },
  ],
  [
    'nothing ended is replaced',
    cron({ concurrencyPolicy: 'Replace' }),
    [job('backup-1', 'Complete')],
    { start: '12:00' },
  ],
  ['every so often from when it was made', cron({ schedule: '@every 20m' }), [], { start: '11:50' }],
  [
    'every so often from the last time',
    cron({ schedule: '@every 20m' }, { lastScheduleTime: ago(1260) }),
    [],
    { start: '11:59' },
  ],
  ['not so often', cron({ schedule: '@every 31m' }), [], {}],
  [
    'more than a hundred missed: the last, and a warning',
    cron({ schedule: '* * * * *' }, { lastScheduleTime: ago(102 * 60) }),
    [],
    { start: '12:00', warning: 'TooManyMissedTimes' },
  ],
  ['a hundred missed', cron({ schedule: '* * * * *' }, { lastScheduleTime: ago(100 * 60) }), [], { start: '12:00' }],
  [
    'a deadline keeps the number of missed ones small',
    cron({ schedule: '* * * * *', startingDeadlineSeconds: 200 }, { lastScheduleTime: ago(86_400) }),
    [],
    { start: '12:00' },
  ],
]

describe('planCronJob starts', () => {
  for (const [name, subject, jobs, { start, replace = [], warning }] of starts) {
    it(name, () => {
      const plan = planCronJob(subject, parseSchedule(subject.spec.schedule), jobs, NOW)
      assert.deepEqual([minute(plan.start), names(plan.replace), plan.warning?.reason], [start, replace, warning])
    })
  }

  it('crosses months without counting each minute of them', () => {
    const asleep = cron({ schedule: '* * * * *' }, { lastScheduleTime: ago(200 * 86_400) })
    assert.equal(planCronJob(asleep, parseSchedule('* * * * *'), [], NOW + 30_000).start, NOW)
  })

  const next: [string, Live<CronJob>, string | undefined][] = [
    ['looks again when it is due', cron(), '13:00'],
    ['looks again by the last time, not by now', cron({ schedule: '@every 20m' }), '12:10'],
    ['looks again by when it was made', cron({ schedule: '@every 31m' }), '12:01'],
    ['looks again though a run is in the way', cron({ concurrencyPolicy: 'Forbid' }), '13:00'],
    ['not while it is suspended', cron({ suspend: true }), undefined],
  ]
  for (const [name, subject, expected] of next) {
    it(name, () => {
      const plan = planCronJob(subject, parseSchedule(subject.spec.schedule), [running], NOW)
      assert.equal(minute(plan.next), expected)
    })
  }
})

describe('planCronJob forgets', () => {
  const done = [1, 2, 3, 4, 5].map(n => job(`done-${n}`, 'Complete', n))
  const failed = [1, 2, 3].map(n => job(`failed-${n}`, 'Failed', n))
  const all = [...done, running, ...failed]
  const cases: [string, Partial<CronJobSpec>, string[]][] = [
    ['the oldest beyond three that succeeded and one that failed', {}, ['done-5', 'done-4', 'failed-3', 'failed-2']],
    ['as many as it is told', { successfulJobsHistoryLimit: 4, failedJobsHistoryLimit: 2 }, ['done-5', 'failed-3']],
    [
      'all of them',
      { successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 3 },
      ['done-5', 'done-4', 'done-3', 'done-2', 'done-1'],
    ],
    ['also while it is suspended', { suspend: true, failedJobsHistoryLimit: 9 }, ['done-5', 'done-4']],
  ]
  for (const [name, spec, expected] of cases) {
    it(name, () => {
      const subject = cron(spec)
      assert.deepEqual(names(planCronJob(subject, parseSchedule(HOURLY), all, NOW).forget), expected)
    })
  }
})

describe('jobFor', () => {
  it('makes the Job of a time, always the same', () => {
    const subject = cron()
    const made = jobFor(subject, NOW)
    assert.deepEqual(made, jobFor(subject, NOW + 59_000 - 59_000))
    assert.equal(made.metadata?.name, `backup-${NOW / 60_000}`)
    assert.deepEqual(made.metadata?.labels, { a: 'b' })
    assert.deepEqual(made.metadata?.annotations, { c: 'd', 'batch.kubernetes.io/cronjob-scheduled-timestamp': ago(0) })
    assert.partialDeepStrictEqual(made.metadata?.ownerReferences?.[0], {
      kind: 'CronJob',
      uid: 'u-backup',
      controller: true,
    })
    assert.notEqual(made.spec, subject.spec.jobTemplate.spec, 'the template is nobody else to change')
  })
})

describe('the status of a CronJob', () => {
  const completed = (name: string, seconds: number): Live<Job> => {
    const made = job(name, 'Complete')
    return { ...made, status: { ...made.status, completionTime: ago(seconds) } }
  }
  const cases: [
    string,
    CronJob['status'],
    Live<Job>[],
    number | undefined,
    [string[] | undefined, string | undefined, string | undefined],
  ][] = [
    ['nothing yet', {}, [], undefined, [undefined, undefined, undefined]],
    ['what runs, by name', {}, [job('c'), job('a'), job('b', 'Failed')], undefined, [['a', 'c'], undefined, undefined]],
    ['what was started now', { lastScheduleTime: ago(60) }, [], NOW, [undefined, ago(0), undefined]],
    ['what was started before stays', { lastScheduleTime: ago(60) }, [], undefined, [undefined, ago(60), undefined]],
    ['the last success', {}, [completed('a', 30), completed('b', 20)], undefined, [undefined, undefined, ago(20)]],
    [
      'a later success than those that are left',
      { lastSuccessfulTime: ago(10) },
      [completed('a', 30)],
      undefined,
      [undefined, undefined, ago(10)],
    ],
    ['a failure is none', {}, [job('a', 'Failed')], undefined, [undefined, undefined, undefined]],
  ]
  for (const [name, before, jobs, started, expected] of cases) {
    it(name, () => {
      const { active, lastScheduleTime, lastSuccessfulTime } = cronStatus(cron({}, before), jobs, started)
      assert.deepEqual([active?.map(one => one.name), lastScheduleTime, lastSuccessfulTime], expected)
    })
  }
})
