/**
 * openapi/ turns kinds into OpenAPI documents. Start here: a schema as OpenAPI v2 or v3 writes it, and the definitions it
 * refers to. operations.ts says which calls a kind offers; v3.ts and v2.ts put documents together; gnostic.ts is v2 in
 * protobuf, which kubectl up to 1.28 insists on; prose.ts holds the sentences that `kubectl explain` shows.
 */
import type { Schema } from '../kind.ts'
import { schemaOf } from '../schema.ts'
import type { Prose } from './prose.ts'

export type Dialect = 'v2' | 'v3'
export type Json = Record<string, unknown>
export interface KindName {
  group: string
  version: string
  kind: string
}

const ROOT: Readonly<Record<Dialect, string>> = { v2: '#/definitions/', v3: '#/components/schemas/' }

/** Collects what the schemas of a document refer to, each definition once. */
export class Definitions {
  readonly dialect: Dialect
  readonly #prose: Prose
  readonly #made = new Map<string, Json>()

  constructor(dialect: Dialect, prose: Prose) {
    this.dialect = dialect
    this.#prose = prose
  }

  /** The definitions so far, in the order of their names. */
  all(): Record<string, Json> {
    return Object.fromEntries([...this.#made].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** A reference to a schema that has a name; it is defined when it was not before. */
  refer(schema: Schema): Json {
    const name = schema.definition!
    if (!this.#made.has(name)) {
      // A name before its content: definitions may refer to themselves.
      this.#made.set(name, {})
      this.#made.set(name, this.#define(name, schema))
    }
    return { $ref: ROOT[this.dialect] + name }
  }

  /** Says that a definition is the one of a kind: how clients find it. */
  markKind(schema: Schema, ...kinds: KindName[]): void {
    this.refer(schema)
    const definition = this.#made.get(schema.definition!)!
    const known = (definition[GVK] as KindName[] | undefined) ?? []
    definition[GVK] = [...known, ...kinds.map(({ group, version, kind }) => ({ group, kind, version }))]
  }

  /** A schema where it is used: named ones are referred to. */
  use(schema: Schema, description?: string): Json {
    if (!schema.definition) return withDescription(this.#plain(schema), description ?? schema.description)
    const reference = this.refer(schema)
    const around = { ...mergeRules(schema), ...(description ? { description } : {}) }
    if (this.dialect === 'v2') return { ...reference, ...around }
    return { allOf: [reference], ...around }
  }

  #define(name: string, schema: Schema): Json {
    const description = this.#prose.ofDefinition(name) ?? schema.description
    const leaf = LEAFS[name]?.[this.dialect]
    return withDescription(leaf ? { ...leaf } : this.#plain(schema, name), description)
  }

  #plain(schema: Schema, name = ''): Json {
    // Clients of version 2 would take what is said of some fields as a ban on all others.
    if (this.dialect === 'v2' && isOpen(schema))
      return { ...(name && schema.type ? { type: schema.type } : {}), ...extensions(schema) }
    const { items, additionalProperties } = schema
    const properties = schema.embeddedResource ? { ...schema.properties, ...IDENTITY } : schema.properties
    const made = this.#head(schema)
    if (schema.required?.length) made.required = schema.required
    if (properties) {
      const entries = Object.entries(properties)
      made.properties = Object.fromEntries(
        entries.map(([key, value]) => [key, this.use(value, this.#prose.ofField(name, key))]),
      )
    }
    if (items) made.items = this.use(items)
    if (additionalProperties) made.additionalProperties = this.use(additionalProperties)
    return { ...made, ...this.#junctors(schema), ...mergeRules(schema), ...extensions(schema) }
  }

  /** OpenAPI v2 is poorer: what it cannot say is left out. */
  #head(schema: Schema): Json {
    const made: Json = schema.type ? { type: schema.type } : {}
    for (const key of this.dialect === 'v2' ? V2_WORDS : V3_WORDS)
      if (schema[key] !== undefined) made[key] = schema[key]
    return made
  }

  #junctors(schema: Schema): Json {
    if (this.dialect === 'v2') return {}
    const { allOf, anyOf, oneOf, not } = schema
    return {
      ...(allOf ? { allOf: allOf.map(one => this.use(one)) } : {}),
      ...(anyOf ? { anyOf: anyOf.map(one => this.use(one)) } : {}),
      ...(oneOf ? { oneOf: oneOf.map(one => this.use(one)) } : {}),
      ...(not ? { not: this.use(not) } : {}),
    }
  }
}

/** Values of several types, or with fields that nobody named. */
function isOpen({ intOrString, preserveUnknownFields, nullable }: Schema): boolean {
  return Boolean(intOrString || preserveUnknownFields || nullable)
}

/** What every object within an object has, though no schema says so. */
const IDENTITY: Readonly<Record<string, Schema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: schemaOf('meta.v1.ObjectMeta'),
}

const GVK = 'x-kubernetes-group-version-kind'

const V2_WORDS = ['format', 'enum', 'minimum', 'maximum', 'pattern', 'minLength', 'maxLength'] as const
const V3_WORDS = [
  ...V2_WORDS,
  ...(['exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minItems', 'maxItems', 'uniqueItems'] as const),
  ...(['minProperties', 'maxProperties', 'nullable', 'default'] as const),
]

/** Values that are written in more than one way. */
const LEAFS: Readonly<Record<string, Record<Dialect, Json>>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    v2: { type: 'string' },
    v3: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    v2: { type: 'string', format: 'int-or-string' },
    v3: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { v2: { type: 'object' }, v3: { type: 'object' } },
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': { v2: { type: 'object' }, v3: { type: 'object' } },
}

function withDescription(made: Json, description: string | undefined): Json {
  return description ? { description, ...made } : made
}

function mergeRules({ listType, listMapKeys, mapType, patchMergeKey, patchStrategy }: Schema): Json {
  return {
    ...(listMapKeys ? { 'x-kubernetes-list-map-keys': listMapKeys } : {}),
    ...(listType ? { 'x-kubernetes-list-type': listType } : {}),
    ...(mapType ? { 'x-kubernetes-map-type': mapType } : {}),
    ...(patchMergeKey ? { 'x-kubernetes-patch-merge-key': patchMergeKey } : {}),
    ...(patchStrategy ? { 'x-kubernetes-patch-strategy': patchStrategy.join(',') } : {}),
  }
}

function extensions({ intOrString, preserveUnknownFields, embeddedResource, rules }: Schema): Json {
  return {
    ...(intOrString ? { 'x-kubernetes-int-or-string': true } : {}),
    ...(preserveUnknownFields ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
    ...(embeddedResource ? { 'x-kubernetes-embedded-resource': true } : {}),
    ...(rules?.length ? { 'x-kubernetes-validations': rules } : {}),
  }
}
