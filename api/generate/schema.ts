import { type RawField, type RawSchema, shortName } from './facts.ts'

/** A definition of the OpenAPI document and the protobuf message of the same name, put together. */
export interface Message {
  name: string
  /** `atomic` when server-side apply owns it as a whole. */
  atomic: boolean
  /** A definition with no properties of its own: `string`, `date`, `object`... */
  leaf?: string
  /** It is an object of the API: it has apiVersion, kind and metadata. */
  isKind: boolean
  fields: Field[]
}

export interface Field {
  /** 0: the field has no place in the protobuf message (apiVersion and kind). */
  number: number
  /** '' for a message whose fields are inlined in JSON. */
  name: string
  /** `string`, `core.v1.Container`, `[string]`, `{Quantity}`. */
  type: string
  required: boolean
  /** Zero is a value of its own (a pointer in Go), not the same as absent. */
  pointer: boolean
  /** `atomic`, `set`, `map:name`, `merge:name`, `retainKeys`... */
  flags: string[]
}

type Definitions = Map<string, RawSchema>
type Protobuf = Map<string, RawField[]>

/** Names of fields by message: see pointers.ts. */
type Pointers = Readonly<Record<string, readonly string[]>>

export function describeMessages(definitions: Definitions, protobuf: Protobuf, pointers: Pointers): Message[] {
  const found = new Map<string, Message>()
  for (const [name, schema] of definitions) found.set(name, describe(name, schema, protobuf, found))
  markPointers(found, pointers)
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The table of pointers is written by hand: what it names must be there. */
function markPointers(found: Map<string, Message>, pointers: Pointers): void {
  for (const [name, fields] of Object.entries(pointers)) {
    const known = new Map(found.get(name)?.fields.map(field => [field.name, field]))
    const unknown = fields.filter(field => !known.has(field))
    if (unknown.length > 0) throw new Error(`pointers.ts: ${name} has no ${unknown.join(', ')}`)
    for (const field of fields) known.get(field)!.pointer = true
  }
}

const LEAFS: Readonly<Record<string, string>> = {
  Quantity: 'quantity',
  IntOrString: 'intOrString',
  Time: 'date',
  MicroTime: 'date',
  RawExtension: 'raw',
  'meta.v1.FieldsV1': 'raw',
  'apiextensions.v1.JSON': 'any',
}

function describe(name: string, schema: RawSchema, protobuf: Protobuf, found: Map<string, Message>): Message {
  const message: Message = {
    name,
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    isKind: 'x-kubernetes-group-version-kind' in schema,
    fields: [],
  }
  if (!schema.properties) message.leaf = LEAFS[name] ?? (schema.type === 'object' ? 'object' : 'any')
  else message.fields = describeFields(name, schema, protobuf, found)
  return message
}

function describeFields(name: string, schema: RawSchema, protobuf: Protobuf, found: Map<string, Message>): Field[] {
  const wire = protobuf.get(name) ?? []
  const byKey = new Map(wire.map(field => [looseKey(field.name), field]))
  const inlined = wire.filter(field => !hasProperty(schema, field.name))
  const inner = new Set(inlined.flatMap(field => inline(field, schema, protobuf, found)))
  const own = Object.keys(schema.properties!).filter(key => !inner.has(key))
  const fields = own.map(key => describeField(key, schema, byKey.get(looseKey(key))?.number ?? 0))
  for (const { number, type } of inlined) {
    fields.push({ number, name: '', type, required: false, pointer: false, flags: [] })
  }
  return fields.sort((a, b) => a.number - b.number)
}

/** Field names in protobuf differ in case and punctuation: `uID`, `xKubernetesListType`, `ref` for `$ref`. */
function looseKey(name: string): string {
  return name.replace(/[$-]/g, '').toLowerCase()
}

function hasProperty(schema: RawSchema, name: string): boolean {
  return Object.keys(schema.properties!).some(key => looseKey(key) === looseKey(name))
}

/** Describes a message that exists only inlined in another (VolumeSource in Volume); returns its JSON field names. */
function inline(field: RawField, outer: RawSchema, protobuf: Protobuf, found: Map<string, Message>): string[] {
  const wire = protobuf.get(field.type) ?? []
  const nested = wire.filter(one => !hasProperty(outer, one.name))
  const names = nested.flatMap(one => inline(one, outer, protobuf, found))
  const properties: Record<string, RawSchema> = {}
  for (const [key, value] of Object.entries(outer.properties!)) {
    if (names.includes(key) || wire.some(one => looseKey(one.name) === looseKey(key))) properties[key] = value
  }
  const required = outer.required?.filter(key => key in properties)
  if (!found.has(field.type)) found.set(field.type, describe(field.type, { properties, required }, protobuf, found))
  return Object.keys(properties)
}

function describeField(name: string, parent: RawSchema, number: number): Field {
  const schema = parent.properties![name]!
  return {
    number,
    name,
    type: typeOf(schema),
    required: parent.required?.includes(name) ?? false,
    pointer: false,
    flags: flagsOf(schema),
  }
}

function typeOf(schema: RawSchema): string {
  if (schema.$ref) return shortName(schema.$ref.replace('#/definitions/', ''))
  if (schema.items) return `[${typeOf(schema.items)}]`
  if (schema.additionalProperties) return `{${typeOf(schema.additionalProperties)}}`
  if (schema.type === 'integer') return schema.format ?? 'int64'
  if (schema.type === 'number') return 'double'
  if (schema.type === 'boolean') return 'bool'
  if (schema.type === 'string') return schema.format === 'byte' ? 'bytes' : 'string'
  return schema.type === 'object' ? 'object' : 'any'
}

function flagsOf(schema: RawSchema): string[] {
  const flags: string[] = []
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys']
  if (listType) flags.push(keys ? `map:${keys.join(',')}` : listType)
  if (schema['x-kubernetes-map-type'] === 'atomic') flags.push('atomic')
  for (const strategy of schema['x-kubernetes-patch-strategy']?.split(',') ?? []) flags.push(`patch=${strategy}`)
  const mergeKey = schema['x-kubernetes-patch-merge-key']
  if (mergeKey) flags.push(`key=${mergeKey}`)
  return flags
}

/** One block a message: its name and flags, then a line a field: number, name (`!` required, `?` pointer), type, flags. */
export function schemaModule(messages: Message[]): string {
  const blocks = messages.map(message => [headLine(message), ...message.fields.map(fieldLine)].join('\n'))
  return `${[
    '// Made by api/generate/main.ts. Read by api/schema.ts, which explains the form.',
    'export const SCHEMA_TEXT = `',
    blocks.join('\n\n'),
    '`',
  ].join('\n')}\n`
}

function headLine(message: Message): string {
  return [message.name, message.leaf ? `=${message.leaf}` : '', message.atomic ? 'atomic' : '']
    .filter(Boolean)
    .join(' ')
}

function fieldLine(field: Field): string {
  const mark = `${field.required ? '!' : ''}${field.pointer ? '?' : ''}`
  return [field.number, `${field.name || '~'}${mark}`, field.type, ...field.flags].join(' ')
}
