import { parse } from 'node-cron'
import { parseDuration } from '../../api/duration.ts'

/** When a CronJob is due. */
export type Schedule = Calendar | { everyMs: number }

/** The fields of a schedule, as sets of numbers, in its time zone. */
interface Calendar {
  minutes: readonly number[]
  hours: readonly number[]
  isDay(month: number, dayOfMonth: number, dayOfWeek: number): boolean
  timeZone: string
}

const MACROS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const DAY_MS = 86_400_000
/** A schedule that matches no day in so many years never does. */
const LONGEST_DAYS = 366 * 8

export class ScheduleError extends Error {
  override name = 'ScheduleError'
}

export function parseSchedule(text: string, timeZone = 'UTC'): Schedule {
  if (/(^|\s)(CRON_)?TZ=/.test(text)) throw new ScheduleError('the time zone belongs into spec.timeZone')
  const every = /^\s*@every (\S+)\s*$/.exec(text)?.[1]
  return every === undefined ? parseCalendar(text, timeZone) : parseEvery(every)
}

/** Whole seconds, and no less than one: so cron has it that knows `@every`. */
function parseEvery(duration: string): Schedule {
  const ms = parseDuration(duration)
  if (ms === undefined) throw new ScheduleError(`failed to parse duration @every ${duration}`)
  return { everyMs: Math.max(1, Math.floor(ms / 1000)) * 1000 }
}

function parseCalendar(text: string, timeZone: string): Calendar {
  const fields = (MACROS[text.trim()] ?? text.trim().replaceAll('?', '*')).split(/\s+/)
  if (fields.length !== 5) throw new ScheduleError(`expected exactly 5 fields, found ${fields.length}: [${text}]`)
  const parsed = parseFields(fields.map(withOpenSteps))
  const daysOfMonth = new Set(numbers(parsed.dayOfMonth, text))
  const daysOfWeek = new Set(numbers(parsed.dayOfWeek, text).map(day => day % 7))
  const months = new Set(parsed.month)
  const isEveryDay = isOpen(fields[2]!)
  const isEveryWeekday = isOpen(fields[4]!)
  return {
    minutes: [...parsed.minute].sort((a, b) => a - b),
    hours: [...parsed.hour].sort((a, b) => a - b),
    timeZone: checkedZone(timeZone),
    // Where both days are given, either will do: so cron has it.
    isDay(month, dayOfMonth, dayOfWeek) {
      if (!months.has(month)) return false
      const [monthly, weekly] = [daysOfMonth.has(dayOfMonth), daysOfWeek.has(dayOfWeek)]
      return isEveryDay || isEveryWeekday ? monthly && weekly : monthly || weekly
    },
  }
}

/** A star, also in steps of one or beside other numbers, leaves the choice of days to the other field. */
function isOpen(field: string): boolean {
  return field.split(',').some(part => part === '*' || part === '*/1')
}

const HIGHEST = [59, 23, 31, 12, 6]

/** `5/20` means from 5 on in steps of 20. */
function withOpenSteps(field: string, position: number): string {
  return field.replaceAll(/(^|,)(\d+)\//g, `$1$2-${HIGHEST[position]}/`)
}

function parseFields(fields: readonly string[]) {
  const [minute, hour, day, month, weekday] = fields
  try {
    // The month by itself: a day that it never has, as the 30th of February, is a schedule that is never due.
    return { ...parse([minute, hour, day, '*', weekday].join(' ')), month: parse(`* * * ${month} *`).month }
  } catch (cause) {
    throw new ScheduleError(`${fields.join(' ')} is no schedule: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}

function numbers(values: readonly (number | string)[], text: string): number[] {
  return values.map(value => {
    if (typeof value !== 'number') throw new ScheduleError(`${value} is not supported in [${text}]`)
    return value
  })
}

function checkedZone(timeZone: string): string {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone }).resolvedOptions().timeZone
  } catch (cause) {
    throw new ScheduleError(`unknown time zone ${timeZone}`, { cause })
  }
}

/** The first time after `after`; undefined: there is none. */
export function nextTime(schedule: Schedule, after: number): number | undefined {
  return 'everyMs' in schedule ? after - (after % 1000) + schedule.everyMs : nextOnCalendar(schedule, after)
}

function nextOnCalendar(schedule: Calendar, after: number): number | undefined {
  const today = Math.floor((after + offsetAt(after, schedule.timeZone)) / DAY_MS)
  for (let day = today; day <= today + LONGEST_DAYS; day++) {
    const time = isDueOn(schedule, day) ? soonestOn(schedule, day * DAY_MS, after) : undefined
    if (time !== undefined) return time
  }
  return undefined
}

/** The soonest of a day's times after `after`: on a day that repeats an hour that may not be the first on the wall. */
function soonestOn({ hours, minutes, timeZone }: Calendar, midnight: number, after: number): number | undefined {
  const offsets = new Set([offsetAt(midnight - DAY_MS, timeZone), offsetAt(midnight + 2 * DAY_MS, timeZone)])
  let soonest: number | undefined
  for (const hour of hours) {
    for (const minute of minutes) {
      const time = fromLocal(midnight + (hour * 60 + minute) * 60_000, offsets, timeZone, after)
      if (time !== undefined && offsets.size === 1) return time
      if (time !== undefined && (soonest === undefined || time < soonest)) soonest = time
    }
  }
  return soonest
}

function isDueOn(schedule: Calendar, day: number): boolean {
  const date = new Date(day * DAY_MS)
  return schedule.isDay(date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCDay())
}

/**
 * The moment after `after` at which clocks in the zone show this time, by the offsets that the zone has around that day.
 * A time that is skipped in spring never comes; of one that comes twice in autumn the first that is still ahead is meant.
 */
function fromLocal(local: number, offsets: Set<number>, timeZone: string, after: number): number | undefined {
  const times = Array.from(offsets, offset => local - offset).filter(time => {
    return time > after && (offsets.size === 1 || time + offsetAt(time, timeZone) === local)
  })
  return times.length > 0 ? Math.min(...times) : undefined
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** How far clocks in the zone are ahead of UTC at a moment, in milliseconds. */
function offsetAt(time: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0
  let format = formats.get(timeZone)
  if (!format) {
    const digits = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const
    format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', second: 'numeric', ...digits })
    formats.set(timeZone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000
}
