import { SCHEMA_TEXT } from './generated/schema.ts'
import type { Schema } from './kind.ts'

/**
 * The definitions of the built-in kinds, read from generated/schema.ts when they are first asked for: an API server that
 * never sees an Ingress never builds its schema. The text holds a block a message:
 *
 *     core.v1.Container            name, then `=leaf` for what has no fields, `atomic` for what is owned as a whole
 *     1 name! string               protobuf number, JSON name (`!` required, `?` zero is a value), type
 *     7 env [core.v1.EnvVar] map:name patch=merge key=name
 *     2 ~ core.v1.VolumeSource     a message whose fields are inlined in JSON
 *
 * Types: string bytes bool int32 int64 double object any, a message, `[T]` a list, `{T}` a map.
 */
export interface FieldFacts {
  number: number
  /** '' for a message that is inlined. */
  name: string
  required: boolean
  pointer: boolean
  type: string
  flags: readonly string[]
}

export interface MessageFacts {
  name: string
  leaf: string
  atomic: boolean
  fields: readonly FieldFacts[]
}

const messages = new Map<string, MessageFacts>()
let blocks: Map<string, string> | undefined

/** The facts of `core.v1.Container`; undefined for a name that is not known. */
export function messageFacts(name: string): MessageFacts | undefined {
  const known = messages.get(name)
  if (known) return known
  blocks ??= splitBlocks()
  const block = blocks.get(name)
  if (block === undefined) return undefined
  const facts = parseBlock(name, block)
  messages.set(name, facts)
  return facts
}

function splitBlocks(): Map<string, string> {
  const entries = SCHEMA_TEXT.trim().split('\n\n')
  return new Map(entries.map(block => [/^[^ \n]+/.exec(block)![0], block]))
}

function parseBlock(name: string, block: string): MessageFacts {
  const [head = '', ...lines] = block.split('\n')
  const marks = head.split(' ').slice(1)
  const leaf = marks.find(mark => mark.startsWith('='))?.slice(1) ?? ''
  return { name, leaf, atomic: marks.includes('atomic'), fields: lines.map(parseField) }
}

function parseField(line: string): FieldFacts {
  const [number = '', marked = '', type = '', ...flags] = line.split(' ')
  const name = marked.replace(/[~!?]+$/, '')
  return {
    number: Number(number),
    name,
    required: marked.includes('!'),
    pointer: marked.includes('?'),
    type,
    flags,
  }
}

/** `[string]` is a list of strings, `{string}` a map of them by name, and `string` is one. */
export type TypeShape = 'one' | 'list' | 'map'

/** A type as the facts write it, opened: what it holds, and how many. */
export function unwrapType(type: string): { shape: TypeShape; inner: string } {
  const shape = type.startsWith('[') ? 'list' : type.startsWith('{') ? 'map' : 'one'
  return { shape, inner: shape === 'one' ? type : type.slice(1, -1) }
}

const SCALARS: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  bytes: { type: 'string', format: 'byte' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  object: { type: 'object', preserveUnknownFields: true },
  any: { preserveUnknownFields: true },
}

const LEAFS: Readonly<Record<string, Schema>> = {
  quantity: { format: 'quantity' },
  intOrString: { format: 'int-or-string', intOrString: true },
  date: { type: 'string', format: 'date-time' },
  raw: { type: 'object', preserveUnknownFields: true },
  object: { type: 'object' },
  any: { preserveUnknownFields: true },
}

const schemas = new Map<string, Schema>()

/** The schema of a type as the facts write it: `core.v1.Pod`, `[string]`... Equal types are one object. */
export function schemaOf(type: string, flags: readonly string[] = []): Schema {
  const key = flags.length > 0 ? `${type} ${flags.join(' ')}` : type
  const known = schemas.get(key)
  if (known) return known
  const made = withFlags(plainSchema(type), flags)
  schemas.set(key, made)
  return made
}

function plainSchema(type: string): Schema {
  const { shape, inner } = unwrapType(type)
  if (shape === 'list') return { type: 'array', items: schemaOf(inner) }
  if (shape === 'map') return { type: 'object', additionalProperties: schemaOf(inner) }
  return SCALARS[type] ?? new DefinitionSchema(type)
}

function withFlags(schema: Schema, flags: readonly string[]): Schema {
  if (flags.length === 0) return schema
  const extra: Partial<{ -readonly [K in keyof Schema]: Schema[K] }> = {}
  for (const flag of flags) {
    if (flag.startsWith('patch=')) extra.patchStrategy = [...(extra.patchStrategy ?? []), flag.slice(6)]
    else if (flag.startsWith('key=')) extra.patchMergeKey = flag.slice(4)
    else if (flag.startsWith('map:')) Object.assign(extra, { listType: 'map', listMapKeys: flag.slice(4).split(',') })
    else if (schema.type === 'array') extra.listType = flag as 'atomic' | 'set'
    else extra.mapType = 'atomic'
  }
  return schema instanceof DefinitionSchema ? new DefinitionSchema(schema.message, extra) : { ...schema, ...extra }
}

/** A schema whose properties are made when they are first looked at. */
class DefinitionSchema implements Schema {
  readonly message: string
  readonly type?: Schema['type']
  readonly format?: string
  readonly preserveUnknownFields?: boolean
  readonly intOrString?: boolean
  readonly mapType?: 'atomic' | 'granular'
  readonly patchStrategy?: readonly string[]
  readonly #facts: MessageFacts
  #shape: Shape | undefined
  #definition: string | undefined

  constructor(message: string, extra: Partial<Schema> = {}) {
    const facts = messageFacts(message)
    if (!facts) throw new Error(`no definition is called ${message}`)
    this.message = message
    this.#facts = facts
    Object.assign(this, facts.leaf ? LEAFS[facts.leaf] : { type: 'object' })
    if (facts.atomic) this.mapType = 'atomic'
    Object.assign(this, extra)
  }

  get definition(): string {
    this.#definition ??= definitionName(this.message)
    return this.#definition
  }

  get properties(): Readonly<Record<string, Schema>> | undefined {
    if (this.#facts.leaf) return undefined
    return this.#fields().properties
  }

  get required(): readonly string[] | undefined {
    return this.#facts.leaf ? undefined : this.#fields().required
  }

  #fields(): Shape {
    this.#shape ??= shapeOf(this.message)
    return this.#shape
  }
}

interface Shape {
  properties: Readonly<Record<string, Schema>>
  required: readonly string[] | undefined
}

const shapes = new Map<string, Shape>()

function shapeOf(message: string): Shape {
  const known = shapes.get(message)
  if (known) return known
  const fields = jsonFields(message)
  const required = fields.filter(field => field.required).map(field => field.name)
  const properties = Object.fromEntries(fields.map(field => [field.name, schemaOf(field.type, field.flags)]))
  const made = { properties, required: required.length > 0 ? required : undefined }
  shapes.set(message, made)
  return made
}

/** The fields of a message as JSON shows them: inlined messages opened, in the order of their names. */
export function jsonFields(message: string): FieldFacts[] {
  const fields = messageFacts(message)!.fields.flatMap(field => (field.name ? [field] : jsonFields(field.type)))
  return fields.sort((a, b) => (a.name < b.name ? -1 : 1))
}

const PREFIXES: Readonly<Record<string, string>> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
}

const LEAF_NAMES: Readonly<Record<string, string>> = {
  Quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  IntOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  RawExtension: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  Time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  MicroTime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
}

/** `core.v1.Pod` as OpenAPI calls it: `io.k8s.api.core.v1.Pod`. */
function definitionName(message: string): string {
  const [group = '', ...rest] = message.split('.')
  return LEAF_NAMES[message] ?? `${PREFIXES[group] ?? `io.k8s.api.${group}`}.${rest.join('.')}`
}

/** `rbac` for `rbac.authorization.k8s.io`, `core` for '': the group's name in the facts. */
function groupLabel(group: string): string {
  return group === '' ? 'core' : group.split('.')[0]!
}

/** The message of a kind: `apps.v1.Deployment`. */
export function messageOf(where: { group: string; version: string; kind: string }): string {
  return `${groupLabel(where.group)}.${where.version}.${where.kind}`
}
