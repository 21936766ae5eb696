/**
 * columns/ prints objects as rows of a table, with the columns kubectl users know. Here are the pieces: how a column is
 * written, ages, lists; the other files hold a family of kinds each.
 */
import type { Column } from '../kind.ts'
import type { KubeObject } from '../objects.ts'
import type { Container, PodSpec } from '../types/core-v1.ts'
import type { LabelSelector } from '../types/meta-v1.ts'

export interface ColumnOptions {
  wide?: boolean
  type?: Column['type']
  format?: string
  description?: string
}

type Cell<T> = (object: T, now: number) => unknown

/** A column of a kind; `wide` ones are shown with -o wide only. */
export function column<T extends KubeObject>(name: string, cell: Cell<T>, options: ColumnOptions = {}): Column {
  return {
    name,
    type: options.type ?? 'string',
    format: options.format ?? '',
    description: options.description ?? '',
    priority: options.wide ? 1 : 0,
    cell: cell as Cell<KubeObject>,
  }
}

export const nameColumn = column('Name', object => object.metadata?.name ?? '', {
  format: 'name',
  description: 'Name of the object, unique among its kind in its namespace.',
})

export const ageColumn = column('Age', (object, now) => age(object.metadata?.creationTimestamp, now), {
  description: 'How long ago the object was created.',
})

export const createdAtColumn = column('Created At', object => object.metadata?.creationTimestamp ?? '<unknown>', {
  description: 'When the object was created.',
})

export const UNKNOWN = '<unknown>'
export const NONE = '<none>'
export const UNSET = '<unset>'

/** Time since a timestamp: `5m`, `2d4h`. */
export function age(timestamp: string | undefined, now: number): string {
  return timestamp ? humanDuration(now - Date.parse(timestamp)) : UNKNOWN
}

/** Two or three significant figures of a duration, as kubectl prints it. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.trunc(seconds / 60)
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.trunc(minutes / 60)
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.trunc(hours / 24)
  if (hours < 192) return pair(days, 'd', hours % 24, 'h')
  if (hours < 24 * 365 * 2) return `${days}d`
  const years = Math.trunc(days / 365)
  return hours < 24 * 365 * 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`
}

function pair(whole: number, unit: string, part: number, partUnit: string): string {
  return part === 0 ? `${whole}${unit}` : `${whole}${unit}${part}${partUnit}`
}

/** `a,b`, or `a,b + 2 more...` when there are more than `max`. */
export function firstOf(values: readonly string[], max: number): string {
  if (values.length <= max) return values.join(',')
  return `${values.slice(0, max).join(',')} + ${values.length - max} more...`
}

function containerNames(spec: PodSpec | undefined): string {
  return (spec?.containers ?? []).map((container: Container) => container.name).join(',')
}

function containerImages(spec: PodSpec | undefined): string {
  return (spec?.containers ?? []).map((container: Container) => container.image ?? '').join(',')
}

const OPERATORS: Readonly<Record<string, string>> = { In: 'in', NotIn: 'notin' }

/** A label selector as people write it: `app=web,tier in (a,b)`. */
export function selectorText(selector: LabelSelector | undefined): string {
  if (!selector) return NONE
  const pairs = mapPairs(selector.matchLabels)
  const rules = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    return `${key} ${OPERATORS[operator] ?? operator} (${[...values].sort().join(',')})`
  })
  return [...pairs, ...rules].sort().join(',') || NONE
}

export function mapText(map: Record<string, string> | undefined): string {
  return mapPairs(map).join(',') || NONE
}

function mapPairs(map: Record<string, string> = {}): string[] {
  return Object.keys(map)
    .sort()
    .map(key => `${key}=${map[key]}`)
}

/** Columns of what has a pod template: names and images of its containers, selector. */
export function templateColumns<T extends KubeObject>(
  spec: (object: T) => PodSpec | undefined,
  selector?: (object: T) => string,
): Column[] {
  const columns = [
    column<T>('Containers', object => containerNames(spec(object)), { wide: true }),
    column<T>('Images', object => containerImages(spec(object)), { wide: true }),
  ]
  if (selector) columns.push(column<T>('Selector', selector, { wide: true }))
  return columns
}
