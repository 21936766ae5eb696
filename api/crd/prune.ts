import { conform } from '../codec/conform.ts'
import type { Schema } from '../kind.ts'
import type { KubeObject } from '../objects.ts'
import { schemaOf } from '../schema.ts'
import { deepCopy, isRecord } from '../values.ts'

/** Fields that every object has, whatever the schema of a custom resource says. */
const IDENTITY = new Set(['apiVersion', 'kind', 'metadata'])

/** Drops from a custom resource what its schema does not know, in place, and names it. */
export function pruneResource(object: KubeObject, schema: Schema): string[] {
  const fields = object as Record<string, unknown>
  const unknown = isRecord(object.metadata) ? conformMetadata(object.metadata) : []
  pruneObject(fields, schema, '', unknown, true)
  return unknown
}

function conformMetadata(metadata: object): string[] {
  const holder = { metadata: metadata as Record<string, unknown> }
  const schema: Schema = { type: 'object', properties: { metadata: schemaOf('meta.v1.ObjectMeta') } }
  return conform(holder, schema, '')
}

function pruneObject(
  fields: Record<string, unknown>,
  schema: Schema,
  path: string,
  unknown: string[],
  root: boolean,
): void {
  const isResource = root || schema.embeddedResource
  for (const key of Object.keys(fields)) {
    if (isResource && IDENTITY.has(key)) continue
    const own = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined
    const below = own ?? schema.additionalProperties
    const where = path === '' ? key : `${path}.${key}`
    if (below) pruneValue(fields, key, below, where, unknown)
    else if (!schema.preserveUnknownFields) {
      unknown.push(`unknown field ${JSON.stringify(where)}`)
      delete fields[key]
    }
  }
}

/** null where null may not be is as if nothing were there, when there is a default to take its place. */
function pruneValue(
  fields: Record<string, unknown>,
  key: string,
  schema: Schema,
  path: string,
  unknown: string[],
): void {
  const value = fields[key]
  if (value === null && !schema.nullable && schema.default !== undefined) delete fields[key]
  else if (isRecord(value)) pruneObject(value, schema, path, unknown, false)
  else if (Array.isArray(value) && schema.items) pruneList(value, schema.items, path, unknown)
}

function pruneList(list: unknown[], items: Schema, path: string, unknown: string[]): void {
  list.forEach((item, index) => {
    if (isRecord(item)) pruneObject(item, items, `${path}[${index}]`, unknown, false)
    else if (Array.isArray(item) && items.items) pruneList(item, items.items, `${path}[${index}]`, unknown)
  })
}

/** Fills in defaults, in place, the outer ones first. */
export function setSchemaDefaults(value: unknown, schema: Schema): void {
  if (isRecord(value)) {
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      if (key === 'metadata' && property.definition) continue
      if (value[key] === undefined && property.default !== undefined) value[key] = deepCopy(property.default)
      if (value[key] !== undefined) setSchemaDefaults(value[key], property)
    }
    for (const [key, inner] of Object.entries(value)) {
      const isExtra = schema.additionalProperties && !Object.hasOwn(schema.properties ?? {}, key)
      if (isExtra) setSchemaDefaults(inner, schema.additionalProperties!)
    }
  } else if (Array.isArray(value) && schema.items) for (const item of value) setSchemaDefaults(item, schema.items)
}
