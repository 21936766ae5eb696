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
    ['in its repeated hour: in order', '0,45 2 * * *', '2026-10-25T00:10:00Z', '2026-10-25T00:45:00Z', 'Europe/Berlin'],
    ['then once more', '0,45 2 * * *', '2026-10-25T00:45:00Z', '2026-10-25T01:00:00Z', 'Europe/Berlin'],
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

const NAMES: Record<string, number> = Object.fromEntries([
  ...['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'].map((name, i) => [name, i]),
  ...['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'].map((name, i) => [
    name,
    i + 1,
  ]),
])

/** Whether a value is in a field, written as plainly as cron's manual says it. */
function isIn(field: string, value: number, low: number, high: number): boolean {
  const read = (text: string) => NAMES[text.toUpperCase()] ?? Number(text)
  return field.split(',').some(part => {
    const [range = '', step] = part.split('/')
    const [first = '', last] = range.split('-')
    const isStar = range === '*' || range === '?'
    const from = isStar ? low : read(first)
    const to = isStar || (last === undefined && step !== undefined) ? high : read(last ?? first)
    return value >= from && value <= to && (value - from) % Number(step ?? 1) === 0
  })
}

interface Wall {
  time: number
  minute: number
  hour: number
  day: number
  month: number
  weekday: number
}

/** What clocks on the wall show in every minute after `start`. */
function wallClock(timeZone: string, start: number, minutes: number): Wall[] {
  const two = '2-digit' as const
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, weekday: 'short', month: two, day: two, hour: two, minute: two, hourCycle: 'h23' },
  })
  return Array.from({ length: minutes }, (_, i) => {
    const time = start + (i + 1) * MINUTE
    const shown = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]))
    const weekday = NAMES[shown.weekday!.toUpperCase()]!
    const [minute, hour, day, month] = [shown.minute, shown.hour, shown.day, shown.month].map(Number)
    return { time, minute: minute!, hour: hour!, day: day!, month: month!, weekday }
  })
}

/** Another cron: looks at the clock on the wall every minute, as the first one did. */
function isDue(text: string, wall: Wall): boolean {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = text.split(' ')
  if (!isIn(minute, wall.minute, 0, 59) || !isIn(hour, wall.hour, 0, 23) || !isIn(month, wall.month, 1, 12))
    return false
  const [onDay, onWeekday] = [isIn(day, wall.day, 1, 31), isIn(weekday, wall.weekday, 0, 6)]
  const isOpen = (field: string) => /^[*?](\/1)?$/.test(field)
  return isOpen(day) || isOpen(weekday) ? onDay && onWeekday : onDay || onWeekday
}

describe('a second implementation', () => {
  const field = (low: number, high: number, names: readonly string[] = []) =>
    fc.oneof(
      fc.constantFrom('*', '*', '?', ...names),
      fc.integer({ min: low, max: high }).map(String),
      fc.integer({ min: 1, max: 9 }).map(step => `*/${step}`),
      fc
        .tuple(fc.integer({ min: low, max: high }), fc.integer({ min: 2, max: 9 }))
        .map(([from, step]) => `${from}/${step}`),
      fc
        .tuple(fc.integer({ min: low, max: high }), fc.nat(9), fc.integer({ min: 1, max: 4 }))
        .map(([first, more, step]) => `${first}-${Math.min(high, first + more)}/${step}`),
      fc.uniqueArray(fc.integer({ min: low, max: high }), { minLength: 2, maxLength: 4 }).map(list => list.join(',')),
    )
  const schedules = fc
    .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12, ['jan', 'MAR', 'Oct']), field(0, 6, ['sun', 'FRI']))
    .map(fields => fields.join(' '))
  /** A day and a half before clocks are put on or back: in spring and autumn, by an hour or by half of one, at midnight. */
  const CHANGES: [zone: string, before: string][] = [
    ['UTC', '2026-02-27T12:00:00Z'],
    ['Europe/Berlin', '2026-03-28T12:00:00Z'],
    ['Europe/Berlin', '2026-10-24T12:00:00Z'],
    ['America/New_York', '2026-03-07T18:00:00Z'],
    ['America/New_York', '2026-10-31T18:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T03:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T03:00:00Z'],
    ['America/Santiago', '2026-04-04T15:00:00Z'],
    ['America/Santiago', '2026-09-05T15:00:00Z'],
    ['Asia/Kolkata', '2026-12-31T06:00:00Z'],
  ]
  for (const [zone, before] of CHANGES) {
    it(`agrees on every minute around ${before} in ${zone}`, () => {
      const walls = wallClock(zone, at(before), 3 * 1440)
      fc.assert(
        fc.property(schedules, fc.nat(1440), (text, offset) => {
          const start = at(before) + offset * MINUTE
          // Some that are due every minute are looked at for less long.
          const due = walls.slice(offset, offset + 2 * 1440).filter(wall => isDue(text, wall))
          const expected = due.slice(0, 100).map(({ time }) => new Date(time).toISOString())
          const schedule = parseSchedule(text, zone)
          const ours: string[] = []
          let time = nextTime(schedule, start)
          while (ours.length < expected.length && time !== undefined) {
            ours.push(new Date(time).toISOString())
            time = nextTime(schedule, time)
          }
          assert.deepEqual(ours, expected, text)
          const end = start + 2 * 1440 * MINUTE
          if (due.length === expected.length) assert.ok(time === undefined || time > end, `${text}: also ${time}`)
        }),
        { numRuns: 50 },
      )
    })
  }
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
