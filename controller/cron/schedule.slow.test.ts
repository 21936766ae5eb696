import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createTask } from 'node-cron'
import { cronProblem } from '../../api/cron.ts'
import { nextTime, parseSchedule, ScheduleError } from './schedule.ts'

const at = (text: string) => Date.parse(text)
const MINUTE = 60_000

describe('nextTime', () => {
  const cases: [string, string, string, string, string?][] = [
    ['every minute', '* * * * *', '2026-01-01T00:00:30Z', '2026-01-01T00:01:00Z'],
    ['strictly after', '* * * * *', '2026-01-01T00:01:00Z', '2026-01-01T00:02:00Z'],
    ['every five minutes', '*/5 * * * *', '2026-01-01T00:01:00Z', '2026-01-01T00:05:00Z'],
    ['a range with steps', '10-40/15 * * * *', '2026-01-01T00:26:00Z', '2026-01-01T00:40:00Z'],
    ['steps from a number on', '5/20 * * * *', '2026-01-01T00:26:00Z', '2026-01-01T00:45:00Z'],
    ['over midnight', '30 2 * * *', '2026-01-01T03:00:00Z', '2026-01-02T02:30:00Z'],
    ['a weekday by name', '0 9 * * MON', '2026-01-01T00:00:00Z', '2026-01-05T09:00:00Z'],
    ['Sunday is 0 and 7', '0 9 * * 7', '2026-01-01T00:00:00Z', '2026-01-04T09:00:00Z'],
    ['either of both days', '0 0 13 * 5', '2026-01-01T12:00:00Z', '2026-01-02T00:00:00Z'],
    ['a month by name', '0 0 1 feb *', '2026-01-15T00:00:00Z', '2026-02-01T00:00:00Z'],
    ['29 February', '0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['a question mark', '0 0 ? * *', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ['every so often', '@every 90m', '2026-01-01T00:10:00Z', '2026-01-01T01:40:00Z'],
    ['every so often, on the second', '@every 1m30s', '2026-01-01T00:10:00.7Z', '2026-01-01T00:11:30Z'],
    ['no more often than every second', '@every 1ms', '2026-01-01T00:10:00Z', '2026-01-01T00:10:01Z'],
    ['@hourly', '@hourly', '2026-01-01T00:10:00Z', '2026-01-01T01:00:00Z'],
    ['@weekly', '@weekly', '2026-01-01T00:10:00Z', '2026-01-04T00:00:00Z'],
    ['another zone', '0 9 * * *', '2026-01-01T00:00:00Z', '2026-01-01T08:00:00Z', 'Europe/Berlin'],
    ['a zone with half hours', '0 9 * * *', '2026-01-01T00:00:00Z', '2026-01-01T03:30:00Z', 'Asia/Kolkata'],
    ['its summer time', '0 9 * * *', '2026-07-01T00:00:00Z', '2026-07-01T07:00:00Z', 'Europe/Berlin'],
    ['an hour that spring skips', '30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-30T00:30:00Z', 'Europe/Berlin'],
    ['an hour that autumn repeats', '30 2 * * *', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00Z', 'Europe/Berlin'],
  ]
  for (const [name, text, after, expected, zone] of cases) {
    it(name, () => {
      const time = nextTime(parseSchedule(text, zone), at(after))
      assert.equal(time === undefined ? undefined : new Date(time).toISOString(), new Date(expected).toISOString())
    })
  }

  it('agrees with node-cron on every minute', () => {
    const field = (low: number, high: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min: low, max: high }).map(String),
        fc.integer({ min: 2, max: 9 }).map(step => `*/${step}`),
        fc
          .tuple(fc.integer({ min: low, max: high }), fc.nat(5))
          .map(([first, more]) => `${first}-${Math.min(high, first + more)}`),
        fc.uniqueArray(fc.integer({ min: low, max: high }), { minLength: 2, maxLength: 3 }).map(list => list.join(',')),
      )
    // One of the days stays open: where both are given, cron takes either and node-cron may not.
    const days = fc.oneof(fc.tuple(field(1, 28), fc.constant('*')), fc.tuple(fc.constant('*'), field(0, 6)))
    const schedules = fc.tuple(field(0, 59), field(0, 23), days, field(1, 12))
    fc.assert(
      fc.property(schedules, fc.nat(365 * 1440), ([minute, hour, [day, weekday], month], offset) => {
        const text = `${minute} ${hour} ${day} ${month} ${weekday}`
        const start = at('2026-01-01T00:00:00Z') + offset * MINUTE
        const next = nextTime(parseSchedule(text), start)
        const other = createTask(text, () => {}, { timezone: 'UTC' })
        if (next !== undefined)
          assert.ok(other.match(new Date(next)), `${text}: ${new Date(next).toISOString()} is no match`)
        const horizon = Math.min(next ?? Number.POSITIVE_INFINITY, start + 2000 * MINUTE)
        for (let time = start + MINUTE; time < horizon; time += MINUTE) {
          assert.ok(!other.match(new Date(time)), `${text}: ${new Date(time).toISOString()} was passed over`)
        }
      }),
      { numRuns: 15 },
    )
  })
})

describe('parseSchedule', () => {
  for (const text of [
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    'a b c d e',
    '0 0 L * *',
    'TZ=UTC * * * * *',
    '@never',
    '@every',
    '@every day',
    '@every 5',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseSchedule(text), ScheduleError))
  }
  it('reads whatever the API server takes', () => {
    const part = fc.constantFrom('*', '?', '1', '3-5', '*/2', '1-9/3', '2/3', '1,4-6', '0', '12')
    const name = fc.constantFrom('mon', 'FRI', 'Sun', '6')
    const fields = fc.tuple(part, part, part, fc.constantFrom('*', 'jan', 'DEC', '2-4'), fc.oneof(part, name))
    fc.assert(
      fc.property(
        fc.oneof(
          fields.map(list => list.join(' ')),
          fc.constantFrom('@every 1h30m', '@every 1.5h', '@daily'),
        ),
        text => {
          fc.pre(cronProblem(text) === undefined)
          parseSchedule(text)
        },
      ),
    )
  })
  it('refuses an unknown zone', () =>
    assert.throws(() => parseSchedule('* * * * *', 'Mars/Base'), /unknown time zone Mars/))
})
