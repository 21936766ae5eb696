import type { Schema } from '../kind.ts'
import { isRecord } from '../values.ts'

/** How server-side apply sees a value: whether it is owned as a whole, and by what names its parts go. */
export type Structure = 'leaf' | 'fields' | 'elements' | 'set'

export function structureOf(value: unknown, schema: Schema): Structure {
  if (isRecord(value)) return schema.mapType === 'atomic' ? 'leaf' : 'fields'
  if (!Array.isArray(value)) return 'leaf'
  if (schema.listType === 'set') return 'set'
  return schema.listType === 'map' && schema.listMapKeys ? 'elements' : 'leaf'
}

const ANYTHING: Schema = { preserveUnknownFields: true }

interface Field {
  element: string
  schema: Schema
  optional: boolean
}

/** What a schema says of its own fields does not change: it is looked up once. */
const FIELDS = new WeakMap<Schema, ReadonlyMap<string, Field>>()

function declaredFields(schema: Schema): ReadonlyMap<string, Field> {
  const known = FIELDS.get(schema)
  if (known) return known
  const properties = Object.entries(schema.properties ?? {})
  const fields = new Map(
    properties.map(([key, own]) => [key, { element: `f:${key}`, schema: own, optional: isOptional(schema, key) }]),
  )
  FIELDS.set(schema, fields)
  return fields
}

export function fieldOf(schema: Schema, key: string): Field {
  const own = declaredFields(schema).get(key)
  return (
    own ?? { element: `f:${key}`, schema: schema.additionalProperties ?? ANYTHING, optional: isOptional(schema, key) }
  )
}

function isOptional({ required }: Schema, key: string): boolean {
  return !required?.includes(key)
}

/** The schema of a field of an object or of a value of a map. */
export function fieldSchema(schema: Schema, key: string): Schema {
  return declaredFields(schema).get(key)?.schema ?? schema.additionalProperties ?? ANYTHING
}

export function itemSchema(schema: Schema): Schema {
  return schema.items ?? ANYTHING
}

/** Values that a key's field has when it is not there. */
const KEY_DEFAULTS: Readonly<Record<string, unknown>> = { protocol: 'TCP' }

export class ListError extends Error {}

/** `k:{"containerPort":80,"protocol":"TCP"}` or `v:"x"`: the name of an item of a list. */
function itemName(item: unknown, schema: Schema): string {
  if (schema.listType === 'set') return `v:${JSON.stringify(item)}`
  if (!isRecord(item)) throw new ListError('an element of a list with keys is no object')
  const key: Record<string, unknown> = {}
  for (const name of sortedKeys(schema.listMapKeys!)) {
    const value = item[name] ?? schema.items?.properties?.[name]?.default ?? KEY_DEFAULTS[name]
    if (value !== undefined) key[name] = value
  }
  if (Object.keys(key).length === 0) {
    const names = schema.listMapKeys!.map(name => JSON.stringify(name)).join(', ')
    throw new ListError(
      `associative list with keys has an element that omits all key fields ${names} (and doesn't have default values for any key fields)`,
    )
  }
  return `k:${JSON.stringify(key)}`
}

const SORTED = new WeakMap<readonly string[], readonly string[]>()

function sortedKeys(keys: readonly string[]): readonly string[] {
  const known = SORTED.get(keys)
  if (known) return known
  const sorted = keys.toSorted()
  SORTED.set(keys, sorted)
  return sorted
}

/** The items of a list by their names, in order. Of items with the same name the first one counts. */
export function itemsByName(list: readonly unknown[], schema: Schema): Map<string, unknown> {
  const items = new Map<string, unknown>()
  for (const item of list) {
    const name = itemName(item, schema)
    if (!items.has(name)) items.set(name, item)
  }
  return items
}

/** A part of a value that is not owned as a whole. */
export interface Part {
  value: unknown
  schema: Schema
  /** Whether the value would be valid without it. */
  optional: boolean
}

/** The parts by their path elements. */
export function partsOf(value: unknown, schema: Schema): Map<string, Part> {
  const parts = new Map<string, Part>()
  eachPart(value, schema, (element, part, partSchema, optional) =>
    parts.set(element, { value: part, schema: partSchema, optional }),
  )
  return parts
}

/** The same, told one after the other. */
export function eachPart(
  value: unknown,
  schema: Schema,
  visit: (element: string, part: unknown, schema: Schema, optional: boolean) => void,
): void {
  if (isRecord(value)) {
    for (const key of Object.keys(value)) {
      if (value[key] === undefined) continue
      const { element, schema: own, optional } = fieldOf(schema, key)
      visit(element, value[key], own, optional)
    }
  } else if (Array.isArray(value)) {
    for (const [name, item] of itemsByName(value, schema)) visit(name, item, itemSchema(schema), true)
  }
}
