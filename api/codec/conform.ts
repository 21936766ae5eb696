import { badRequest } from '../errors.ts'
import type { Schema } from '../kind.ts'
import { canonicalQuantity, QuantityError } from '../quantity.ts'
import { schemaOf } from '../schema.ts'
import { isRecord } from '../values.ts'

/**
 * Makes a decoded value fit the schema of a built-in kind, in place, as Go's decoder does: null is absent, unknown
 * fields are dropped (and named), quantities and times are written in their one form, a wrong type is an error.
 */
export function conform(value: Record<string, unknown>, schema: Schema, typeName: string): string[] {
  const walk: Walk = { unknown: [], path: [], struct: schema, typeName }
  conformObject(value, schema, walk)
  return walk.unknown
}

interface Walk {
  unknown: string[]
  /** Becomes a text only where something is wrong. */
  path: Step[]
  /** The innermost object that has a name. */
  struct: Schema
  typeName: string
}

/** The name of a field, a place in a list, a key of a map. */
type Step = string | number | { key: string }

/** `spec.containers[0].name` */
function pathText(path: readonly Step[]): string {
  const parts = path.map(step =>
    typeof step === 'number' ? `[${step}]` : `.${typeof step === 'string' ? step : step.key}`,
  )
  return parts.join('').slice(1)
}

class WrongType extends Error {}

function conformObject(object: Record<string, unknown>, schema: Schema, walk: Walk): void {
  const properties = schema.properties ?? {}
  const outer = walk.struct
  if (schema.definition) walk.struct = schema
  for (const key of Object.keys(object)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (!property) {
      walk.unknown.push(`unknown field ${JSON.stringify(pathText([...walk.path, key]))}`)
      delete object[key]
    } else if (object[key] === null) delete object[key]
    else {
      walk.path.push(key)
      object[key] = conformValue(object[key], property, walk)
      walk.path.pop()
    }
  }
  walk.struct = outer
}

function conformValue(value: unknown, schema: Schema, walk: Walk): unknown {
  switch (schema.type) {
    case 'object':
      return conformMapOrObject(value, schema, walk)
    case 'array':
      return conformList(value, schema, walk)
    case 'string':
      return conformString(value, schema, walk)
    case 'boolean':
      if (typeof value !== 'boolean') throw wrongType(value, schema, walk)
      return value
    case 'integer':
      return conformInteger(value, schema, walk)
    case 'number':
      if (typeof value !== 'number') throw wrongType(value, schema, walk)
      return value
    default:
      return conformSpecial(value, schema, walk)
  }
}

function conformMapOrObject(value: unknown, schema: Schema, walk: Walk): unknown {
  if (!isRecord(value)) throw wrongType(value, schema, walk)
  if (schema.properties) conformObject(value, schema, walk)
  else if (schema.additionalProperties) conformMap(value, schema.additionalProperties, walk)
  return value
}

function conformMap(map: Record<string, unknown>, schema: Schema, walk: Walk): void {
  for (const key of Object.keys(map)) {
    if (map[key] === null) map[key] = zeroOf(schema)
    else {
      walk.path.push({ key })
      map[key] = conformValue(map[key], schema, walk)
      walk.path.pop()
    }
  }
}

/** What Go makes of null where a value must stand. */
function zeroOf(schema: Schema): unknown {
  if (schema.format === 'quantity') return '0'
  const zeros = { object: {}, array: [], string: '', boolean: false, integer: 0, number: 0 }
  return schema.type ? zeros[schema.type] : null
}

function conformList(value: unknown, schema: Schema, walk: Walk): unknown {
  if (!Array.isArray(value)) throw wrongType(value, schema, walk)
  const items = schema.items!
  walk.path.push(0)
  for (let i = 0; i < value.length; i++) {
    walk.path[walk.path.length - 1] = i
    value[i] = value[i] === null ? zeroOf(items) : conformValue(value[i], items, walk)
  }
  walk.path.pop()
  return value
}

function conformString(value: unknown, schema: Schema, walk: Walk): unknown {
  if (typeof value !== 'string') throw wrongType(value, schema, walk)
  if (schema.format === 'date-time') return conformTime(value, schema)
  if (schema.format === 'byte') return conformBytes(value)
  return value
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/

/** Times are kept in seconds, those of events and leases in microseconds, always in UTC. */
function conformTime(value: string, schema: Schema): string {
  const match = TIME.exec(value)
  const at = match ? Date.parse(value) : Number.NaN
  if (!match || Number.isNaN(at)) {
    const layout = '2006-01-02T15:04:05Z07:00'
    throw new WrongType(
      `parsing time ${JSON.stringify(value)} as "${layout}": cannot parse ${JSON.stringify(value)} as "2006"`,
    )
  }
  const seconds = new Date(Math.floor(at / 1000) * 1000).toISOString().slice(0, 19)
  if (!schema.definition?.endsWith('MicroTime')) return `${seconds}Z`
  return `${seconds}.${(match[7] ?? '').slice(1, 7).padEnd(6, '0')}Z`
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function conformBytes(value: string): string {
  const text = /[\r\n]/.test(value) ? value.replace(/[\r\n]/g, '') : value
  if (BASE64.test(text)) return text
  const good = /^[A-Za-z0-9+/]*/.exec(text)![0].length
  throw new WrongType(`illegal base64 data at input byte ${good}`)
}

const INT32 = 2 ** 31

function conformInteger(value: unknown, schema: Schema, walk: Walk): unknown {
  const fits = typeof value === 'number' && Number.isInteger(value) && fitsFormat(value, schema.format)
  if (!fits) throw wrongType(value, schema, walk)
  return value
}

function fitsFormat(value: number, format: string | undefined): boolean {
  if (format === 'int32') return value >= -INT32 && value < INT32
  return Math.abs(value) <= 2 ** 63
}

/** Fields of a schema that may be a schema, or something else. */
const UNIONS: Readonly<Record<string, (value: unknown) => boolean>> = {
  JSONSchemaPropsOrBool: value => typeof value === 'boolean',
  JSONSchemaPropsOrArray: value => Array.isArray(value) && value.every(isRecord),
  JSONSchemaPropsOrStringArray: value => Array.isArray(value) && value.every(one => typeof one === 'string'),
}

function conformUnion(value: unknown, isOther: (value: unknown) => boolean, schema: Schema, walk: Walk): unknown {
  const schemas = isRecord(value) ? [value] : Array.isArray(value) ? value.filter(isRecord) : []
  if (!isRecord(value) && !isOther(value)) throw wrongType(value, schema, walk)
  for (const one of schemas) conformObject(one, schemaOf('apiextensions.v1.JSONSchemaProps'), walk)
  return value
}

function conformSpecial(value: unknown, schema: Schema, walk: Walk): unknown {
  const union = schema.definition ? UNIONS[schema.definition.split('.').at(-1)!] : undefined
  if (union) return conformUnion(value, union, schema, walk)
  if (schema.format === 'quantity') return conformQuantity(value, schema, walk)
  if (!schema.intOrString) return value
  if (typeof value === 'string') return value
  if (typeof value === 'number' && Number.isInteger(value) && fitsFormat(value, 'int32')) return value
  throw wrongType(value, schema, walk)
}

function conformQuantity(value: unknown, schema: Schema, walk: Walk): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw wrongType(value, schema, walk)
  try {
    return canonicalQuantity(value)
  } catch (error) {
    if (error instanceof QuantityError) throw new WrongType(error.message)
    throw error
  }
}

function wrongType(value: unknown, schema: Schema, walk: Walk): WrongType {
  const struct = walk.struct.definition?.split('.').at(-1) ?? walk.typeName
  const field = `${struct}.${walk.path.filter(part => typeof part === 'string').join('.')}`
  return new WrongType(
    `json: cannot unmarshal ${jsonType(value)} into Go struct field ${field} of type ${goType(schema)}`,
  )
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number')
    return Number.isInteger(value) && Math.abs(value) < INT32 ? 'number' : `number ${value}`
  return typeof value
}

const GO_TYPES: Readonly<Record<string, string>> = { boolean: 'bool', number: 'float64', string: 'string' }

function goType(schema: Schema): string {
  if (schema.type === 'array') return `[]${goType(schema.items!)}`
  if (schema.additionalProperties) return `map[string]${goType(schema.additionalProperties)}`
  if (schema.definition) return schema.definition.split('.').slice(-2).join('.')
  if (schema.type === 'integer') return schema.format ?? 'int64'
  return GO_TYPES[schema.type ?? ''] ?? 'interface {}'
}

/** A value of a wrong type is the client's mistake. */
export function refusingWrongTypes<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof WrongType) throw badRequest(`${what}: ${error.message}`)
    throw error
  }
}
