import { ApiError, type StatusCause } from '../errors.ts'
import type { FieldError } from '../kind.ts'

/**
 * validate/ says what is wrong with an object, in Kubernetes' words. Here is how a single fault is written and how many
 * become one answer; the other files hold a family of kinds each. Everything is pure: an object in, a list of faults out.
 */
export function required(field: string, detail = ''): FieldError {
  return { type: 'Required value', field, detail }
}

export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { type: 'Invalid value', field, value, detail }
}

/** A fault of a value that is too large to be shown. */
export function unshown(field: string, detail: string): FieldError {
  return { type: 'Invalid value', field, hidden: true, detail }
}

export function unsupported(field: string, value: unknown, supported: Iterable<string>): FieldError {
  const quoted = [...supported].sort().map(one => JSON.stringify(one))
  return { type: 'Unsupported value', field, value, detail: `supported values: ${quoted.join(', ')}` }
}

export function forbidden(field: string, detail: string): FieldError {
  return { type: 'Forbidden', field, detail }
}

export function duplicate(field: string, value: unknown): FieldError {
  return { type: 'Duplicate value', field, value, detail: '' }
}

export function tooLong(field: string, max: number): FieldError {
  return { type: 'Too long', field, detail: `may not be more than ${max} bytes` }
}

export function tooMany(field: string, actual: number, max: number): FieldError {
  return { type: 'Too many', field, value: actual, detail: `must have at most ${max} items` }
}

export function notFoundValue(field: string, value: unknown): FieldError {
  return { type: 'Not found', field, value, detail: '' }
}

const VALUELESS = new Set(['Required value', 'Forbidden', 'Too long', 'Internal error'])

const CAUSES: Readonly<Record<FieldError['type'], string>> = {
  'Required value': 'FieldValueRequired',
  'Invalid value': 'FieldValueInvalid',
  'Unsupported value': 'FieldValueNotSupported',
  Forbidden: 'FieldValueForbidden',
  'Duplicate value': 'FieldValueDuplicate',
  'Too long': 'FieldValueTooLong',
  'Too many': 'FieldValueTooMany',
  'Not found': 'FieldValueNotFound',
  'Internal error': 'InternalError',
}

/** `Invalid value: "x": must be ...`: a fault without its field. */
function describeFault(error: FieldError): string {
  const parts: string[] = [error.type]
  if (!VALUELESS.has(error.type) && !error.hidden) parts.push(JSON.stringify(error.value) ?? 'null')
  if (error.detail) parts.push(error.detail)
  return parts.join(': ')
}

export function describeFieldError(error: FieldError): string {
  return `${error.field}: ${describeFault(error)}`
}

/** The answer to an object with faults: `Pod "web" is invalid: spec.containers: Required value`. */
export function invalidObject(kind: { group: string; kind: string }, name: string, errors: FieldError[]): ApiError {
  const qualified = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`
  const sentences = errors.map(describeFieldError)
  const list = sentences.length === 1 ? sentences[0] : `[${sentences.join(', ')}]`
  const causes = errors.map(
    (error): StatusCause => ({ reason: CAUSES[error.type], message: describeFault(error), field: error.field }),
  )
  const details = { name: name || undefined, group: kind.group || undefined, kind: kind.kind, causes }
  return new ApiError('Invalid', `${qualified} "${name}" is invalid: ${list}`, details)
}
