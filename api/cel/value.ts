import type { Schema } from '../kind.ts'
import { isRecord, setProperty } from '../values.ts'

/**
 * JSON as CEL sees it, by its schema: integers are BigInt, numbers are fractions even when they are whole, times are
 * times, and fields whose names CEL cannot write stand under escaped names.
 */
export function celValue(value: unknown, schema: Schema = {}): unknown {
  if (typeof value === 'number') return isInteger(value, schema) ? BigInt(value) : value
  if (typeof value === 'string') return TIMES.has(schema.format ?? '') ? new Date(value) : value
  if (Array.isArray(value)) return value.map(item => celValue(item, schema.items))
  if (!isRecord(value)) return value
  const result: Record<string, unknown> = {}
  for (const [key, inner] of Object.entries(value)) {
    const own = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined
    setProperty(result, own ? escapedName(key) : key, celValue(inner, own ?? schema.additionalProperties))
  }
  return result
}

const TIMES = new Set(['date-time', 'date'])

function isInteger(value: number, { type }: Schema): boolean {
  return type === 'integer' || (type !== 'number' && Number.isSafeInteger(value))
}

const WORDS = new Set([
  ...['true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import'],
  ...['let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while'],
])

const SIGNS: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
}

export function escapedName(name: string): string {
  if (WORDS.has(name)) return `__${name}__`
  return name.replace(/__|[./-]/g, sign => SIGNS[sign]!)
}
