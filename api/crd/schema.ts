import type { Schema } from '../kind.ts'
import { schemaOf } from '../schema.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.ts'
import { isRecord } from '../values.ts'

/** The schema of a version of a custom resource, in the form all kinds have. */
export function rootSchema(props: JSONSchemaProps | undefined): Schema {
  const own = props ? toSchema(props) : { type: 'object' as const, preserveUnknownFields: true }
  const identity = { apiVersion: STRING, kind: STRING, metadata: schemaOf('meta.v1.ObjectMeta') }
  return { ...own, type: 'object', properties: { ...own.properties, ...identity } }
}

const STRING: Schema = { type: 'string' }

/** Words that mean the same in both forms. */
const SAME = [
  ...([
    'format',
    'required',
    'nullable',
    'enum',
    'default',
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'description',
  ] as const),
  ...([
    'exclusiveMaximum',
    'multipleOf',
    'minLength',
    'maxLength',
    'pattern',
    'minItems',
    'maxItems',
    'uniqueItems',
  ] as const),
  ...(['minProperties', 'maxProperties'] as const),
]

const TYPES = new Set(['object', 'array', 'string', 'integer', 'number', 'boolean'])

type Mutable = { -readonly [K in keyof Schema]: Schema[K] }

export function toSchema(props: JSONSchemaProps): Schema {
  const schema: Mutable = {}
  for (const name of SAME) if (props[name] !== undefined) Object.assign(schema, { [name]: props[name] })
  if (props.type && TYPES.has(props.type)) schema.type = props.type as Schema['type']
  if (props.properties) schema.properties = mapSchemas(props.properties)
  if (isRecord(props.items)) schema.items = toSchema(props.items as JSONSchemaProps)
  Object.assign(schema, additional(props.additionalProperties), combined(props), extensions(props))
  return schema
}

function mapSchemas(properties: Record<string, JSONSchemaProps>): Record<string, Schema> {
  return Object.fromEntries(Object.entries(properties).map(([name, props]) => [name, toSchema(props)]))
}

/** `additionalProperties: true` keeps anything. */
function additional(value: unknown): Partial<Schema> {
  if (isRecord(value)) return { additionalProperties: toSchema(value as JSONSchemaProps) }
  return value === true ? { additionalProperties: { preserveUnknownFields: true } } : {}
}

function combined({ allOf, anyOf, oneOf, not }: JSONSchemaProps): Partial<Schema> {
  return {
    ...(allOf ? { allOf: allOf.map(toSchema) } : {}),
    ...(anyOf ? { anyOf: anyOf.map(toSchema) } : {}),
    ...(oneOf ? { oneOf: oneOf.map(toSchema) } : {}),
    ...(not ? { not: toSchema(not) } : {}),
  }
}

function extensions(props: JSONSchemaProps): Partial<Schema> {
  const keys = props['x-kubernetes-list-map-keys']
  const rules = props['x-kubernetes-validations']
  return {
    ...(props['x-kubernetes-preserve-unknown-fields'] ? { preserveUnknownFields: true } : {}),
    ...(props['x-kubernetes-int-or-string'] ? { intOrString: true } : {}),
    ...(props['x-kubernetes-embedded-resource'] ? { embeddedResource: true } : {}),
    ...(props['x-kubernetes-list-type'] ? { listType: props['x-kubernetes-list-type'] as Schema['listType'] } : {}),
    ...(props['x-kubernetes-map-type'] ? { mapType: props['x-kubernetes-map-type'] as Schema['mapType'] } : {}),
    ...(keys ? { listMapKeys: keys } : {}),
    ...(rules?.length ? { rules } : {}),
  }
}
