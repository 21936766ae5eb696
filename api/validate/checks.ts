import type { FieldError } from '../kind.ts'
import { isLabelValue, isQualifiedName, isSubdomainName, type NameRule } from '../names.ts'
import { isQuantity, parseQuantity } from '../quantity.ts'
import { invalid, required, unsupported } from './errors.ts'

/** Says what is wrong with the value of one field. Most are asked only when the field is there; `present` always. */
export type Check = (value: never, path: string) => FieldError[]

/**
 * Rules of single fields stand in tables, by the message they belong to: so a container is checked the same way wherever
 * it stands. `*` are rules of the message as a whole. What concerns a kind as a whole is in the kind's own file.
 */
export type Rules = Readonly<Record<string, Readonly<Record<string, readonly Check[]>>>>

type Check1<T> = (value: T, path: string) => FieldError[]

function when<T>(isWrong: (value: T) => boolean, detail: string): Check1<T> {
  return (value, path) => (isWrong(value) ? [invalid(path, value, detail)] : [])
}

/** Absent and empty are the same. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

export const present: Check1<unknown> = (value, path) => (isEmpty(value) ? [required(path)] : [])

/** Present, with a sentence of its own. */
export function needed(detail: string): Check1<unknown> {
  const check: Check1<unknown> = (value, path) => (isEmpty(value) ? [required(path, detail)] : [])
  return asksAlways(check)
}

/** There, and not zero. */
export const nonZero: Check1<number> = (value, path) => (value ? [] : [required(path)])

/** There, though it may be zero or empty. */
export const given: Check1<unknown> = (value, path) => (value === undefined ? [required(path)] : [])

const always = new WeakSet<Check1<unknown>>([present, given, nonZero as Check1<unknown>])

function asksAlways(check: Check1<unknown>): Check1<unknown> {
  always.add(check)
  return check
}

export function isAskedAlways(check: Check): boolean {
  return always.has(check as Check1<unknown>)
}

export function oneOf(...values: string[]): Check1<string> {
  return (value, path) => (values.includes(value) ? [] : [unsupported(path, value, values.filter(Boolean))])
}

export function eachOneOf(...values: string[]): Check1<string[]> {
  const check = oneOf(...values)
  return (list, path) => list.flatMap((value, index) => check(value, `${path}[${index}]`))
}

export const notNegative = when<number>(value => value < 0, 'must be greater than or equal to 0')
export const positive = when<number>(value => value <= 0, 'must be greater than 0')

export function between(low: number, high: number): Check1<number> {
  return when(value => value < low || value > high, `must be between ${low} and ${high}, inclusive`)
}

export const port = between(1, 65535)
export const userId = between(0, 2147483647)
export const eachUserId: Check1<number[]> = (ids, path) => ids.flatMap((id, index) => userId(id, `${path}[${index}]`))

/** 0 is as if it were not there. */
export const portOrZero: Check1<number> = (value, path) => (value === 0 ? [] : port(value, path))

export function named(rule: NameRule): Check1<string> {
  return (value, path) => (value === '' ? [] : rule(value).map(problem => invalid(path, value, problem)))
}

export const subdomain = named(isSubdomainName)
export const qualified = named(isQualifiedName)

export const labels: Check1<Record<string, string>> = (map, path) =>
  Object.entries(map).flatMap(([key, value]) => [
    ...isQualifiedName(key).map(problem => invalid(path, key, problem)),
    ...isLabelValue(value).map(problem => invalid(path, value, problem)),
  ])

export const absolutePath = when<string>(value => value !== '' && !value.startsWith('/'), 'must be an absolute path')

/** A path below a volume. */
export const pathInside: Check1<string> = (value, path) => {
  if (value.startsWith('/')) return [invalid(path, value, 'must be a relative path')]
  return noParent(value, path)
}

export const noParent = when<string>(value => value.split('/').includes('..'), "must not contain '..'")

export const fileMode = when<number>(
  value => value < 0 || value > 0o777,
  'must be a number between 0 and 0777 (octal), both inclusive',
)

export const amount: Check1<string | number> = (value, path) => {
  if (!isQuantity(value)) return [invalid(path, value, 'must be a quantity')]
  const isNegative = parseQuantity(value).nano < 0n
  return isNegative ? [invalid(path, String(value), 'must be greater than or equal to 0')] : []
}

export const amounts: Check1<Record<string, string | number>> = (map, path) =>
  Object.entries(map).flatMap(([name, value]) => amount(value, `${path}[${name}]`))

const PERCENT = /^[0-9]+%$/

/** A count or a percentage. */
export const countOrPercent: Check1<number | string> = (value, path) => {
  if (typeof value === 'number') return notNegative(value, path)
  const detail =
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
  return PERCENT.test(value) ? [] : [invalid(path, value, detail)]
}

export const atMostAll = when<number | string>(
  value => typeof value === 'string' && PERCENT.test(value) && Number.parseInt(value, 10) > 100,
  'must not be greater than 100%',
)

export function maxItems(most: number): Check1<unknown[]> {
  return (list, path) =>
    list.length > most
      ? [{ type: 'Too many', field: path, value: list.length, detail: `must have at most ${most} items` }]
      : []
}

/** How long a token that a volume or a client asks for may be good. */
export const tokenLifetime: Check1<number> = (seconds, path) => [
  ...(seconds < 600 ? [invalid(path, seconds, 'may not specify a duration less than 10 minutes')] : []),
  ...(seconds > 2 ** 32 ? [invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds')] : []),
]

/** Exactly one of the fields of an object must be set. */
export function exactlyOne(names: readonly string[], missing: string, several: string) {
  return (object: object, path: string): FieldError[] => {
    const set = names.filter(name => (object as Record<string, unknown>)[name] !== undefined)
    if (set.length === 0) return [required(path, missing)]
    return set.slice(1).map(name => ({ type: 'Forbidden', field: `${path}.${name}`, detail: several }))
  }
}

/** Elements of a list that repeat what must be unique. */
export function duplicates<T>(list: readonly T[], path: string, key: string, read: (item: T) => unknown): FieldError[] {
  const seen = new Set<unknown>()
  return list.flatMap((item, index): FieldError[] => {
    const value = read(item)
    if (isEmpty(value)) return []
    if (seen.has(value)) return [{ type: 'Duplicate value', field: `${path}[${index}]${key}`, value, detail: '' }]
    seen.add(value)
    return []
  })
}
