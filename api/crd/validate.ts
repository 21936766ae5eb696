import type { FieldError, Schema } from '../kind.ts'
import { compilePattern } from '../regex/pattern.ts'
import { PatternError } from '../regex/syntax.ts'
import { duplicate, invalid, required, tooLong, tooMany, unsupported } from '../validate/errors.ts'
import { deepEqual, isRecord } from '../values.ts'
import { isOfFormat } from './formats.ts'

/** Everything that a schema finds wrong in a value, in the words of Kubernetes' validator. */
export function validateBySchema(value: unknown, schema: Schema, path: string): FieldError[] {
  if (value === null && schema.nullable) return []
  const wrongType = checkType(value, schema, path)
  if (wrongType) return [wrongType]
  return [
    ...checkEnum(value, schema, path),
    ...checkCombined(value, schema, path),
    ...(typeof value === 'number' ? checkNumber(value, schema, path) : []),
    ...(typeof value === 'string' ? checkString(value, schema, path) : []),
    ...(Array.isArray(value) ? checkList(value, schema, path) : []),
    ...(isRecord(value) ? checkObject(value, schema, path) : []),
  ]
}

function shown(path: string): string {
  return path === '' ? 'value' : path
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function checkType(value: unknown, { type, intOrString }: Schema, path: string): FieldError | undefined {
  const found = typeName(value)
  if (intOrString) {
    if (found === 'integer' || found === 'string') return undefined
    return invalid(path, found, `${shown(path)} in body must be of type integer or string: ${JSON.stringify(found)}`)
  }
  if (type === undefined || type === found || (type === 'number' && found === 'integer')) return undefined
  return invalid(path, found, `${shown(path)} in body must be of type ${type}: ${JSON.stringify(found)}`)
}

function checkEnum(value: unknown, schema: Schema, path: string): FieldError[] {
  if (!schema.enum || schema.enum.some(one => deepEqual(one, value))) return []
  return [
    unsupported(
      path,
      value,
      schema.enum.map(one => (typeof one === 'string' ? one : JSON.stringify(one))),
    ),
  ]
}

function checkCombined(value: unknown, schema: Schema, path: string): FieldError[] {
  const holds = (one: Schema) => validateBySchema(value, one, path).length === 0
  const errors: FieldError[] = []
  const say = (detail: string) => errors.push(invalid(path, value, `${quoted(path)} ${detail}`))
  if (schema.allOf) errors.push(...schema.allOf.flatMap(one => validateBySchema(value, one, path)))
  if (schema.anyOf && !schema.anyOf.some(holds)) say('must validate at least one schema (anyOf)')
  if (schema.oneOf) {
    const count = schema.oneOf.filter(holds).length
    if (count === 0) say('must validate one and only one schema (oneOf). Found none valid')
    if (count > 1) say(`must validate one and only one schema (oneOf). Found ${count} valid alternatives`)
  }
  if (schema.not && holds(schema.not)) say('must not validate the schema (not)')
  return errors
}

function quoted(path: string): string {
  return JSON.stringify(path)
}

function checkNumber(value: number, schema: Schema, path: string): FieldError[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format } = schema
  const say = (detail: string) => [invalid(path, value, `${shown(path)} in body ${detail}`)]
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    return say(`should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`)
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    return say(`should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`)
  }
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) return say(`should be a multiple of ${multipleOf}`)
  if (format === 'int32' && (value < -(2 ** 31) || value >= 2 ** 31)) return say(`must be of type int32: ${value}`)
  return []
}

function isMultiple(value: number, of: number): boolean {
  const times = value / of
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times))
}

function checkString(value: string, schema: Schema, path: string): FieldError[] {
  const { minLength, maxLength, pattern, format } = schema
  const errors: FieldError[] = []
  const say = (detail: string) => errors.push(invalid(path, value, `${shown(path)} in body ${detail}`))
  const length = minLength === undefined && maxLength === undefined ? 0 : [...value].length
  if (maxLength !== undefined && length > maxLength) return [tooLong(path, maxLength)]
  if (minLength !== undefined && length < minLength) say(`should be at least ${minLength} chars long`)
  if (pattern !== undefined && !matches(value, pattern)) say(`should match '${pattern}'`)
  if (format !== undefined && !isOfFormat(value, format)) say(`must be of type ${format}: ${JSON.stringify(value)}`)
  return errors
}

/** What cannot be found to match does not. */
function matches(value: string, pattern: string): boolean {
  try {
    return compilePattern(pattern).test(value)
  } catch (error) {
    if (error instanceof PatternError) return false
    throw error
  }
}

function checkList(value: unknown[], schema: Schema, path: string): FieldError[] {
  const { minItems, maxItems, items } = schema
  if (maxItems !== undefined && value.length > maxItems) return [tooMany(path, value.length, maxItems)]
  const errors: FieldError[] = []
  if (minItems !== undefined && value.length < minItems) {
    errors.push(invalid(path, value.length, `${shown(path)} in body should have at least ${minItems} items`))
  }
  if (items) errors.push(...value.flatMap((item, index) => validateBySchema(item, items, `${path}[${index}]`)))
  return [...errors, ...checkUnique(value, schema, path)]
}

function checkUnique(value: unknown[], { listType, listMapKeys = [] }: Schema, path: string): FieldError[] {
  if (listType !== 'set' && listType !== 'map') return []
  const seen = new Set<string>()
  return value.flatMap((item, index) => {
    const key = listType === 'map' && isRecord(item) ? pick(item, listMapKeys) : item
    const text = JSON.stringify(key)
    if (seen.has(text)) return [duplicate(`${path}[${index}]`, key)]
    seen.add(text)
    return []
  })
}

function pick(item: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.filter(key => item[key] !== undefined).map(key => [key, item[key]]))
}

function checkObject(value: Record<string, unknown>, schema: Schema, path: string): FieldError[] {
  const { minProperties, maxProperties, properties = {}, additionalProperties } = schema
  const size = Object.keys(value).length
  if (maxProperties !== undefined && size > maxProperties) return [tooMany(path, size, maxProperties)]
  const errors = missing(value, schema, path)
  if (minProperties !== undefined && size < minProperties) {
    errors.push(invalid(path, size, `${shown(path)} in body should have at least ${minProperties} properties`))
  }
  for (const [key, inner] of Object.entries(value)) {
    const own = Object.hasOwn(properties, key) ? properties[key] : undefined
    const below = own ?? additionalProperties
    // Metadata has rules of its own, which every object obeys.
    if (below && inner !== undefined && !below.definition)
      errors.push(...validateBySchema(inner, below, join(path, key)))
  }
  if (schema.embeddedResource) errors.push(...missing(value, { required: ['apiVersion', 'kind'] }, path))
  return errors
}

function missing(value: Record<string, unknown>, { required: names = [] }: Schema, path: string): FieldError[] {
  return names.filter(name => value[name] === undefined).map(name => required(join(path, name)))
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}
