import { parseDuration } from './duration.ts'

/** The schedule of a CronJob: five fields (minute, hour, day, month, weekday) or a word like `@daily`. */
interface Range {
  name: string
  low: number
  high: number
  names?: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const FIELDS: readonly Range[] = [
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day of month', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, names: MONTHS },
  { name: 'day of week', low: 0, high: 6, names: DAYS },
]

const WORDS = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'])

/** What is wrong with a schedule; undefined when nothing is. */
export function cronProblem(schedule: string): string | undefined {
  const text = schedule.trim()
  if (text.startsWith('@')) return isKnownWord(text) ? undefined : `unrecognized descriptor: ${text}`
  const fields = text.split(/\s+/)
  if (fields.length !== 5) {
    return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`
  }
  return fields.map((field, index) => fieldProblem(field, FIELDS[index]!)).find(Boolean)
}

function isKnownWord(text: string): boolean {
  const every = /^@every (\S+)$/.exec(text)?.[1]
  return every === undefined ? WORDS.has(text) : parseDuration(every) !== undefined
}

function fieldProblem(field: string, range: Range): string | undefined {
  return field
    .split(',')
    .map(part => partProblem(part, range))
    .find(Boolean)
}

function partProblem(part: string, range: Range): string | undefined {
  const [span = '', step, more] = part.split('/')
  if (more !== undefined) return `too many slashes: ${part}`
  if (step !== undefined && !(Number(step) > 0 && /^\d+$/.test(step))) return `failed to parse int from ${step}`
  if (span === '*' || span === '?') return undefined
  const ends = span.split('-')
  if (ends.length > 2) return `too many hyphens: ${part}`
  const numbers = ends.map(end => numberOf(end, range))
  const bad = numbers.indexOf(undefined)
  if (bad >= 0) return `failed to parse int from ${ends[bad]}`
  const [first, last = first] = numbers as [number, number?]
  if (first < range.low) return `beginning of range (${first}) below minimum (${range.low}): ${part}`
  if (last! > range.high) return `end of range (${last}) above maximum (${range.high}): ${part}`
  return first > last! ? `beginning of range (${first}) beyond end of range (${last}): ${part}` : undefined
}

function numberOf(text: string, { low, names }: Range): number | undefined {
  const named = names?.indexOf(text.toLowerCase()) ?? -1
  if (named >= 0) return named + low
  return /^\d+$/.test(text) ? Number(text) : undefined
}
