import { deepEqual, isRecord } from '../values.ts'
import type { Json } from './render.ts'
import type { V2Document } from './v2.ts'

/** Of another server's OpenAPI v2 what is about its own paths, with the definitions that those need. */
export interface V2Part {
  paths: Record<string, Json>
  definitions: Record<string, Json>
}

const GVK = 'x-kubernetes-group-version-kind'
const DEFINITIONS = '#/definitions/'
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch']

/** Cuts out the part at and below a path. What no such document may hold is left out: it came from outside. */
export function partOf(document: unknown, prefix: string): V2Part {
  if (!isRecord(document) || document.swagger !== '2.0') throw new Error('the answer is no OpenAPI v2')
  refuseDepth(document, 0)
  const { paths, definitions, parameters } = document
  const shared = new Map(records(parameters))
  const own = records(paths).filter(([path]) => path === prefix || path.startsWith(`${prefix}/`))
  const cleaned = Object.fromEntries(own.map(([path, item]) => [path, cleanItem(item, shared)]))
  const known = new Map(records(definitions).map(([name, schema]) => [name, cleanSchema(schema)]))
  return { paths: cleaned, definitions: reachable(cleaned, known) }
}

/** Everything in one document. A definition that others know otherwise under the same name gets another one. */
export function mergeParts(own: V2Document, parts: readonly V2Part[]): V2Document {
  const paths = new Map(Object.entries(own.paths))
  const definitions = new Map(Object.entries(own.definitions))
  for (const part of parts) {
    const names = newNames(definitions, part.definitions)
    for (const [name, schema] of Object.entries(part.definitions)) {
      const target = names.get(name) ?? name
      definitions.set(target, withKindsOf(definitions.get(target), renamed(schema, names) as Json))
    }
    for (const [path, item] of Object.entries(part.paths)) {
      if (!paths.has(path)) paths.set(path, renamed(item, names) as Json)
    }
  }
  return { ...own, paths: Object.fromEntries(paths), definitions: Object.fromEntries(definitions) }
}

const DEEPEST = 100

/** What is nested without measure is made to break whoever walks through it. */
function refuseDepth(value: unknown, depth: number): void {
  if (depth > DEEPEST) throw new Error('the answer is nested too deeply')
  if (typeof value !== 'object' || value === null) return
  for (const one of Object.values(value)) refuseDepth(one, depth + 1)
}

/** Which definitions mean something else here, directly or by what they refer to; and how they are called instead. */
function newNames(known: ReadonlyMap<string, Json>, added: Record<string, Json>): Map<string, string> {
  const shared = Object.keys(added).filter(name => known.has(name))
  const differing = new Set(
    shared.filter(name => !deepEqual(withoutKinds(known.get(name)!), withoutKinds(added[name]!))),
  )
  for (let before = -1; before !== differing.size; ) {
    before = differing.size
    for (const name of shared) {
      if (referredBy(added[name]).some(one => differing.has(one))) differing.add(name)
    }
  }
  const isTaken = (name: string) => known.has(name) || Object.hasOwn(added, name)
  return new Map([...differing].map(name => [name, freeName(name, isTaken)]))
}

function freeName(name: string, isTaken: (name: string) => boolean): string {
  for (let number = 2; ; number++) if (!isTaken(`${name}_v${number}`)) return `${name}_v${number}`
}

function withoutKinds({ [GVK]: _, ...rest }: Json): Json {
  return rest
}

function withKindsOf(known: Json | undefined, schema: Json): Json {
  if (!known) return schema
  const kinds = (known[GVK] ?? []) as unknown[]
  const more = ((schema[GVK] ?? []) as unknown[]).filter(one => !kinds.some(other => deepEqual(one, other)))
  return more.length === 0 ? known : { ...known, [GVK]: [...kinds, ...more] }
}

function reachable(paths: Record<string, Json>, known: ReadonlyMap<string, Json>): Record<string, Json> {
  const found = new Map<string, Json>()
  const waiting = referredBy(paths)
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const schema = known.get(name)
    if (!schema || found.has(name)) continue
    found.set(name, schema)
    waiting.push(...referredBy(schema))
  }
  return Object.fromEntries(found)
}

/** The names of all definitions that are referred to. */
function referredBy(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referredBy)
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([key, one]) =>
    key === '$ref' && typeof one === 'string' ? [one.slice(DEFINITIONS.length)] : referredBy(one),
  )
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (names.size === 0 || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(one => renamed(one, names))
  const entries = Object.entries(value).map(([key, one]) => {
    const name = key === '$ref' && typeof one === 'string' ? names.get(one.slice(DEFINITIONS.length)) : undefined
    return [key, name === undefined ? renamed(one, names) : DEFINITIONS + name]
  })
  return Object.fromEntries(entries)
}

function cleanItem(item: Json, shared: ReadonlyMap<string, Json>): Json {
  const methods = METHODS.flatMap(method => {
    const operation = item[method]
    return isRecord(operation) ? [[method, cleanOperation(operation, shared)]] : []
  })
  return { ...Object.fromEntries(methods), parameters: cleanParameters(item.parameters, shared) }
}

function cleanOperation(operation: Json, shared: ReadonlyMap<string, Json>): Json {
  const { operationId, description } = operation
  const responses = records(operation.responses).map(([code, { description: says, schema }]) => [
    code,
    { description: textOr(says, ''), ...(isRecord(schema) ? { schema: cleanSchema(schema) } : {}) },
  ])
  const lists = ['tags', 'consumes', 'produces'].flatMap(key => (operation[key] ? [[key, texts(operation[key])]] : []))
  return {
    ...extensionsOf(operation),
    ...(typeof operationId === 'string' ? { operationId } : {}),
    ...(typeof description === 'string' ? { description } : {}),
    ...Object.fromEntries(lists),
    parameters: cleanParameters(operation.parameters, shared),
    responses: Object.fromEntries(responses),
  }
}

/** Parameters that are written down once for many places are written where they belong: names need not be unique then. */
function cleanParameters(list: unknown, shared: ReadonlyMap<string, Json>): Json[] {
  if (!Array.isArray(list)) return []
  const found = list.map(one => {
    const reference = isRecord(one) && typeof one.$ref === 'string' ? one.$ref.slice('#/parameters/'.length) : undefined
    return reference === undefined ? one : shared.get(reference)
  })
  return found.filter(isRecord).map(({ schema, ...rest }) => {
    const plain = Object.entries(rest).filter(([, value]) => typeof value === 'string' || typeof value === 'boolean')
    return { ...Object.fromEntries(plain), ...(isRecord(schema) ? { schema: cleanSchema(schema) } : {}) }
  })
}

const NUMBERS = ['maximum', 'minimum', 'maxLength', 'minLength', 'maxItems', 'minItems']

function cleanSchema(schema: Json): Json {
  const { $ref, items, properties, additionalProperties: values, required } = schema
  if (typeof $ref === 'string' && $ref.startsWith(DEFINITIONS)) {
    return { $ref, ...(typeof schema.description === 'string' ? { description: schema.description } : {}) }
  }
  const plain = ['type', 'format', 'description', 'pattern'].filter(key => typeof schema[key] === 'string')
  const numbers = NUMBERS.filter(key => Number.isFinite(schema[key]) && Number(schema[key]) >= 0)
  const kept = [
    ...plain,
    ...numbers,
    ...(Array.isArray(schema.enum) ? ['enum'] : []),
    ...('default' in schema ? ['default'] : []),
  ]
  return {
    ...extensionsOf(schema),
    ...Object.fromEntries(kept.map(key => [key, schema[key]])),
    ...(Array.isArray(required) ? { required: texts(required) } : {}),
    ...(isRecord(items) ? { items: cleanSchema(items) } : {}),
    ...(isRecord(values) ? { additionalProperties: cleanSchema(values) } : {}),
    ...(isRecord(properties)
      ? { properties: Object.fromEntries(records(properties).map(([name, one]) => [name, cleanSchema(one)])) }
      : {}),
  }
}

function extensionsOf(of: Json): Json {
  const kept = Object.entries(of).filter(([key, value]) => key.startsWith('x-') && (key !== GVK || isKinds(value)))
  return Object.fromEntries(kept)
}

function isKinds(value: unknown): boolean {
  return Array.isArray(value) || isRecord(value)
}

function records(value: unknown): [string, Json][] {
  return isRecord(value) ? Object.entries(value).filter((entry): entry is [string, Json] => isRecord(entry[1])) : []
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(one => typeof one === 'string') : []
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}
