import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CronJob, CronJobSpec, Job } from '../../api/types/batch-v1.ts'
import type { Live } from '../../client/client.ts'
import { liveMeta } from '../../test/support/objects.ts'
import { jobFor, planCronJob, resultOf } from './decide.ts'
import { nextTime, parseSchedule, ScheduleError } from './schedule.ts'

const at = (text: string) => Date.parse(text.length === 16 ? `${text}:00Z` : text)
const text = (time: number | undefined) => (time === undefined ? 'never' : new Date(time).toISOString().slice(0, 16))

describe('when a schedule is due next', () => {
  /** Schedule, after when, due. 2026-01-01 is a Thursday. */
  const cases: [string, string, string][] = [
    ['* * * * *', '2026-01-01T00:00', '2026-01-01T00:01'],
    ['*/15 * * * *', '2026-01-01T00:01', '2026-01-01T00:15'],
    ['*/15 * * * *', '2026-01-01T00:45', '2026-01-01T01:00'],
    ['5-10/2 * * * *', '2026-01-01T00:06', '2026-01-01T00:07'],
    ['50/5 * * * *', '2026-01-01T00:50', '2026-01-01T00:55'],
    ['50/5 * * * *', '2026-01-01T00:55', '2026-01-01T01:50'],
    ['1,3,5 * * * *', '2026-01-01T00:03', '2026-01-01T00:05'],
    ['0 */6 * * *', '2026-01-01T07:00', '2026-01-01T12:00'],
    ['0 9-17 * * *', '2026-01-01T17:30', '2026-01-02T09:00'],
    ['0 0 1 * *', '2026-01-01T00:00', '2026-02-01T00:00'],
    ['0 0 31 * *', '2026-01-31T00:00', '2026-03-31T00:00'],
    ['0 0 30 2 *', '2026-01-01T00:00', 'never'],
    ['0 0 29 2 *', '2026-01-01T00:00', '2028-02-29T00:00'],
    ['0 0 * 6 *', '2026-01-01T00:00', '2026-06-01T00:00'],
    ['0 0 * jan *', '2026-01-31T00:00', '2027-01-01T00:00'],
    ['0 0 * * 1', '2026-01-01T00:00', '2026-01-05T00:00'],
    ['0 0 * * MON', '2026-01-01T00:00', '2026-01-05T00:00'],
    ['0 0 * * mon-fri', '2026-01-02T00:00', '2026-01-05T00:00'],
    ['0 0 * * 0', '2026-01-01T00:00', '2026-01-04T00:00'],
    ['0 0 * * sun', '2026-01-01T00:00', '2026-01-04T00:00'],
    ['0 0 ? * ?', '2026-01-01T00:00', '2026-01-02T00:00'],
    ['0 0 13 * 5', '2026-01-01T00:00', '2026-01-02T00:00'],
    ['0 0 13 * 5', '2026-01-09T00:00', '2026-01-13T00:00'],
    ['0 0 13 * *', '2026-01-01T00:00', '2026-01-13T00:00'],
    ['0 9 */1 * 1-5', '2026-01-02T10:00', '2026-01-05T09:00'],
    ['0 9 13 * */1', '2026-01-02T10:00', '2026-01-13T09:00'],
    ['0 9 1,* * 1', '2026-01-01T10:00', '2026-01-05T09:00'],
    ['0 0 */2 * 1', '2026-01-02T00:00', '2026-01-03T00:00'],
    ['@hourly', '2026-01-01T00:30', '2026-01-01T01:00'],
    ['@daily', '2026-01-01T00:30', '2026-01-02T00:00'],
    ['@midnight', '2026-01-01T00:30', '2026-01-02T00:00'],
    ['@weekly', '2026-01-01T00:30', '2026-01-04T00:00'],
    ['@monthly', '2026-01-01T00:30', '2026-02-01T00:00'],
    ['@yearly', '2026-01-01T00:30', '2027-01-01T00:00'],
    ['@annually', '2026-01-01T00:30', '2027-01-01T00:00'],
    ['@every 90m', '2026-01-01T00:10', '2026-01-01T01:40'],
    ['  0   0  *  * * ', '2026-01-01T00:30', '2026-01-02T00:00'],
  ]
  for (const [schedule, after, due] of cases) {
    it(`${schedule} after ${after}`, () => assert.equal(text(nextTime(parseSchedule(schedule), at(after))), due))
  }
})

describe('schedules in time zones', () => {
  const cases: [string, string, string, string, string][] = [
    ['ahead of UTC', '0 9 * * *', 'Asia/Tokyo', '2026-01-01T00:00', '2026-01-02T00:00'],
    ['behind UTC', '0 9 * * *', 'America/New_York', '2026-01-01T00:00', '2026-01-01T14:00'],
    ['in summer', '0 9 * * *', 'America/New_York', '2026-07-01T00:00', '2026-07-01T13:00'],
    ['half an hour', '0 9 * * *', 'Asia/Kolkata', '2026-01-01T00:00', '2026-01-01T03:30'],
    ['the day there', '0 1 1 * *', 'Asia/Tokyo', '2026-01-01T00:00', '2026-01-31T16:00'],
    ['the weekday there', '0 1 * * 1', 'Asia/Tokyo', '2026-01-01T00:00', '2026-01-04T16:00'],
    [
      'an hour that does not come in spring is left out',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00',
      '2026-03-30T00:30',
    ],
    ['the hour after it comes', '30 3 * * *', 'Europe/Berlin', '2026-03-28T12:00', '2026-03-29T01:30'],
    ['an hour that comes twice in autumn', '30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00', '2026-10-25T00:30'],
    ['Etc/UTC is UTC', '0 9 * * *', 'Etc/UTC', '2026-01-01T00:00', '2026-01-01T09:00'],
  ]
  for (const [name, schedule, zone, after, due] of cases) {
    it(name, () => assert.equal(text(nextTime(parseSchedule(schedule, zone), at(after))), due))
  }
})

describe('what is no schedule', () => {
  const cases: [string, string?][] = [
    [''],
    ['* * * *'],
    ['* * * * * *'],
    ['60 * * * *'],
    ['* 24 * * *'],
    ['* * 32 * *'],
    ['* * * 13 *'],
    ['* * 0 * *'],
    ['a * * * *'],
    ['*/0 * * * *'],
    ['@sometimes'],
    ['@every x'],
    ['@every'],
    ['TZ=UTC 0 0 * * *'],
    ['CRON_TZ=Asia/Tokyo 0 0 * * *'],
    ['0 0 * * *', 'Mars/Olympus'],
  ]
  for (const [schedule, zone] of cases)
    it(`${schedule} ${zone ?? ''}`, () => assert.throws(() => parseSchedule(schedule, zone), ScheduleError))
})

const NOW = at('2026-01-10T10:00')
const ago = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString().replace('.000', '')

function cron(spec: Partial<CronJobSpec> = {}, lastMinutes?: number, createdMinutes = 100_000): Live<CronJob> {
  return {
    metadata: liveMeta('backup', { creationTimestamp: ago(createdMinutes) }),
    spec: { schedule: '', jobTemplate: { metadata: { labels: { a: 'b' } }, spec: { template: {} } }, ...spec },
    status: lastMinutes === undefined ? {} : { lastScheduleTime: ago(lastMinutes) },
  } as Live<CronJob>
}
function job(name: string, result?: 'Complete' | 'Failed', startedMinutes = 5): Live<Job> {
  const conditions = result ? [{ type: result, status: 'True' }] : []
  return {
    metadata: liveMeta(name),
    spec: { template: {} },
    status: { conditions, startTime: ago(startedMinutes) },
  } as Live<Job>
}
const hourly = parseSchedule('0 * * * *')
const minutely = parseSchedule('* * * * *')

describe('what a CronJob does', () => {
  type Row = [string, Live<CronJob>, typeof hourly, Live<Job>[], string]
  const old = { startingDeadlineSeconds: 60 }
  const cases: Row[] = [
    ['not due yet', cron({}, 0), hourly, [], 'next 11:00'],
    ['due now', cron({}, 60), hourly, [], 'start 10:00 next 11:00'],
    ['new, and not due since it was made', cron({}, undefined, 0), hourly, [], 'next 11:00'],
    ['new, and due since it was made', cron({}, undefined, 30), hourly, [], 'start 10:00 next 11:00'],
    ['several were missed: the last one only', cron({}, 300), hourly, [], 'start 10:00 next 11:00'],
    ['many were missed', cron({}, 200), minutely, [], 'start 10:00 next 10:01 TooManyMissedTimes'],
    ['a hundred are not too many', cron({}, 100), minutely, [], 'start 10:00 next 10:01'],
    [
      'many were missed, but long ago',
      cron({ startingDeadlineSeconds: 300 }, 200),
      minutely,
      [],
      'start 10:00 next 10:01',
    ],
    ['started already', cron({}, 60), hourly, [job(`backup-${NOW / 60_000}`)], 'next 11:00'],
    ['suspended', cron({ suspend: true }, 60), hourly, [], ''],
    ['too late', cron(old, 90), parseSchedule('30 9 * * *'), [], 'next 09:30'],
    [
      'just in time',
      cron({ startingDeadlineSeconds: 1801 }, 1500),
      parseSchedule('30 9 * * *'),
      [],
      'start 09:30 next 09:30',
    ],
    ['another one still runs', cron({}, 60), hourly, [job('x')], 'start 10:00 next 11:00'],
    [
      'another one still runs, and must not be disturbed',
      cron({ concurrencyPolicy: 'Forbid' }, 60),
      hourly,
      [job('x')],
      'next 11:00 JobAlreadyActive',
    ],
    [
      'another one has ended',
      cron({ concurrencyPolicy: 'Forbid' }, 60),
      hourly,
      [job('x', 'Complete')],
      'start 10:00 next 11:00',
    ],
    [
      'another one is in the way',
      cron({ concurrencyPolicy: 'Replace' }, 60),
      hourly,
      [job('x'), job('y', 'Failed')],
      'start 10:00 replace x next 11:00',
    ],
  ]
  for (const [name, subject, schedule, jobs, expected] of cases) {
    it(name, () => {
      const { start, replace, next, warning } = planCronJob(subject, schedule, jobs, NOW)
      const told = [
        ...(start === undefined ? [] : [`start ${text(start).slice(11)}`]),
        ...(replace.length === 0 ? [] : [`replace ${replace.map(({ metadata }) => metadata.name).join()}`]),
        ...(next === undefined ? [] : [`next ${text(next).slice(11)}`]),
        ...(warning ? [warning.reason] : []),
      ]
      assert.equal(told.join(' '), expected)
    })
  }
})

describe('which Jobs a CronJob forgets', () => {
  const done = (...minutes: number[]) => minutes.map(minute => job(`c${minute}`, 'Complete', minute))
  const failed = (...minutes: number[]) => minutes.map(minute => job(`f${minute}`, 'Failed', minute))
  const cases: [string, Partial<CronJobSpec>, Live<Job>[], string][] = [
    ['three successes stay', {}, done(1, 2, 3), ''],
    ['the oldest beyond goes', {}, done(4, 1, 2, 3, 5), 'c5 c4'],
    ['one failure stays', {}, failed(1, 2), 'f2'],
    ['each is counted for itself', {}, [...done(1, 2, 3, 4), ...failed(1, 2)], 'c4 f2'],
    ['none stays', { successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 0 }, [...done(1), ...failed(1)], 'c1 f1'],
    ['more may stay', { successfulJobsHistoryLimit: 9 }, done(1, 2, 3, 4, 5), ''],
    ['those that run stay', { successfulJobsHistoryLimit: 0 }, [job('run')], ''],
    ['also of a suspended one', { suspend: true }, done(1, 2, 3, 4), 'c4'],
  ]
  for (const [name, spec, jobs, expected] of cases) {
    it(name, () => {
      const { forget } = planCronJob(cron(spec, 0), hourly, jobs, NOW)
      assert.equal(forget.map(({ metadata }) => metadata.name).join(' '), expected)
    })
  }
})

describe('the Job of a CronJob', () => {
  it('is named after the minute it was due, and tells it', () => {
    const { metadata } = jobFor(cron(), NOW)
    assert.equal(metadata?.name, `backup-${NOW / 60_000}`)
    assert.deepEqual(metadata?.annotations, {
      'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-10T10:00:00Z',
    })
    assert.deepEqual(metadata?.labels, { a: 'b' })
    assert.equal(metadata?.ownerReferences?.[0]?.kind, 'CronJob')
  })
  const results: [string, string, ReturnType<typeof resultOf>][] = [
    ['Complete', 'True', 'Complete'],
    ['Failed', 'True', 'Failed'],
    ['Failed', 'False', undefined],
    ['Suspended', 'True', undefined],
    ['SuccessCriteriaMet', 'True', undefined],
    ['FailureTarget', 'True', undefined],
  ]
  for (const [type, status, expected] of results) {
    it(`${type} ${status} is ${expected ?? 'no end'}`, () =>
      assert.equal(resultOf({ status: { conditions: [{ type, status }] } }), expected))
  }
})
