import { ApiError } from '../../../api/errors.ts'
import { fixedTime } from './entry.ts'

export interface LogOptions {
  follow: boolean
  previous: boolean
  timestamps: boolean
  /** As fixedTime gives it. */
  since?: string
  tailLines?: number
  limitBytes?: number
  stream?: 'stdout' | 'stderr'
}

/** The query of /containerLogs: the fields of PodLogOptions, with the older `tail`. `now` is in milliseconds. */
export function parseLogOptions(query: URLSearchParams, now: number): LogOptions {
  const tail = query.get('tail') ?? query.get('tailLines')
  const options: LogOptions = {
    follow: flag(query, 'follow'),
    previous: flag(query, 'previous'),
    timestamps: flag(query, 'timestamps'),
    since: since(query, now),
    tailLines: tail === null || tail === 'all' ? undefined : number('tailLines', tail, 0),
    limitBytes: optional(query, 'limitBytes', 1),
    stream: streamName(query.get('stream')),
  }
  if (options.stream && options.tailLines !== undefined) {
    throw invalid('tailLines', 'Forbidden', '`tailLines` and specific `stream` are mutually exclusive for now')
  }
  return options
}

function since(query: URLSearchParams, now: number): string | undefined {
  const seconds = optional(query, 'sinceSeconds', 1)
  const time = query.get('sinceTime')
  if (seconds !== undefined && time !== null) {
    throw invalid('', 'Forbidden', 'at most one of `sinceTime` or `sinceSeconds` may be specified')
  }
  if (seconds !== undefined) return fixedTime(new Date(now - seconds * 1000).toISOString())
  if (time === null) return undefined
  if (Number.isNaN(Date.parse(time)))
    throw invalid('sinceTime', `Invalid value: "${time}"`, 'must be a time of RFC 3339')
  return fixedTime(time)
}

function streamName(value: string | null): LogOptions['stream'] {
  if (value === null || value === '' || value === 'All') return undefined
  if (value === 'Stdout') return 'stdout'
  if (value === 'Stderr') return 'stderr'
  throw invalid('stream', `Unsupported value: "${value}"`, 'supported values: "All", "Stderr", "Stdout"')
}

function optional(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name)
  return text === null ? undefined : number(name, text, least)
}

function number(name: string, text: string, least: number): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new ApiError('BadRequest', `${name} must be a whole number, not "${text}"`)
  const value = Number(text)
  if (value >= least) return value
  throw invalid(name, `Invalid value: ${value}`, `must be greater than${least === 0 ? ' or equal to' : ''} 0`)
}

function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  // As the API server reads them: clients write True and False as well.
  return value !== null && value !== '0' && value.toLowerCase() !== 'false'
}

function invalid(field: string, what: string, detail: string): ApiError {
  const path = field ? `${field}: ` : ''
  return new ApiError('Invalid', `PodLogOptions "" is invalid: ${path}${what}: ${detail}`)
}
