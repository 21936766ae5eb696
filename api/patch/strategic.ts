import { badRequest } from '../errors.ts'
import type { Schema } from '../kind.ts'
import { isRecord, setProperty } from '../values.ts'
import { identity, orderElements } from './order.ts'

/**
 * Strategic merge patch: lists whose elements have a key are merged element by element. Directives stand in the patch:
 * `$patch` (replace, merge, delete) in a map or an element, `$retainKeys` (keep only these), `$deleteFromPrimitiveList/x`
 * (take these out of x), `$setElementOrder/x` (the order that x shall have). Returns a changed copy.
 */
export function applyStrategicPatch<T extends object>(object: T, patch: unknown, schema: Schema): T {
  if (!isRecord(patch)) throw badRequest('cannot unmarshal the patch into an object')
  return mergeMap(object as Record<string, unknown>, patch, schema) as T
}

type Fields = Record<string, unknown>

const DELETE_LIST = '$deleteFromPrimitiveList/'
const SET_ORDER = '$setElementOrder/'
const EMPTY: Schema = {}

function mergeMap(original: Fields, patch: Fields, schema: Schema): Fields {
  const directive = patch.$patch
  if (directive === 'replace') return withoutDirectives(patch) as Fields
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge') {
    throw badRequest(`Unknown patch type found: ${JSON.stringify(directive)}`)
  }
  const result = retained(original, patch)
  for (const key of Object.keys(patch)) {
    if (!isDirective(key)) mergeField(result, key, patch[key], schemaOf(schema, key), listOf(patch, SET_ORDER + key))
  }
  for (const key of Object.keys(patch)) {
    if (key.startsWith(DELETE_LIST)) deleteFromList(result, key.slice(DELETE_LIST.length), listOf(patch, key)!)
    if (key.startsWith(SET_ORDER)) orderField(result, key.slice(SET_ORDER.length), original, patch, schema)
  }
  return result
}

function schemaOf(schema: Schema, key: string): Schema {
  const own = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined
  return own ?? schema.additionalProperties ?? EMPTY
}

function listOf(patch: Fields, key: string): unknown[] | undefined {
  const value = patch[key]
  if (value === undefined || Array.isArray(value)) return value
  throw badRequest(`the value of ${key} must be a list`)
}

/** A copy of the original, with only the keys that $retainKeys names when it is there. */
function retained(original: Fields, patch: Fields): Fields {
  const keys = listOf(patch, '$retainKeys')
  if (!keys) return { ...original }
  const extra = Object.keys(patch).find(key => !isDirective(key) && !keys.includes(key))
  if (extra !== undefined) throw badRequest(`the key ${extra} is in the patch but not in its $retainKeys list`)
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)))
}

function mergeField(result: Fields, key: string, patch: unknown, schema: Schema, order: unknown[] | undefined): void {
  const before = Object.hasOwn(result, key) ? result[key] : undefined
  if (patch === null) delete result[key]
  else if (isRecord(patch)) setProperty(result, key, mergedMap(before, patch, schema))
  else if (Array.isArray(patch)) setProperty(result, key, mergedList(before, patch, schema, order))
  else setProperty(result, key, patch)
  if (isRecord(patch) && patch.$patch === 'delete') delete result[key]
}

function mergedMap(before: unknown, patch: Fields, schema: Schema): unknown {
  if (!isRecord(before) || schema.patchStrategy?.includes('replace')) return withoutDirectives(patch)
  return mergeMap(before, patch, schema)
}

function mergedList(before: unknown, patch: unknown[], schema: Schema, order: unknown[] | undefined): unknown {
  if (!schema.patchStrategy?.includes('merge')) return withoutDirectives(patch)
  const original = Array.isArray(before) ? before : []
  const key = schema.patchMergeKey
  const isKeyed = [...original, ...patch].some(isRecord)
  if (!isKeyed) return mergePrimitives(original, patch, order)
  if (!key) return withoutDirectives(patch)
  return mergeElements(original, patch, { key, schema: schema.items ?? EMPTY, order })
}

function mergePrimitives(original: unknown[], patch: unknown[], order: unknown[] | undefined): unknown[] {
  const merged = [...new Set([...original, ...patch])]
  return orderElements(merged, order ?? patch, original, undefined)
}

interface KeyedList {
  key: string
  schema: Schema
  order: unknown[] | undefined
}

function mergeElements(original: unknown[], patch: unknown[], { key, schema, order }: KeyedList): unknown[] {
  const elements = patch.map(element => checkElement(element))
  const plain = elements.filter(element => element.$patch === undefined || element.$patch === 'merge')
  if (elements.some(element => element.$patch === 'replace')) return plain.map(withoutDirectives)
  const deleted = new Set(elements.filter(one => one.$patch === 'delete').map(one => identity(keyed(one, key), key)))
  const merged = new Map<string, unknown>()
  for (const one of original) if (!deleted.has(identity(one, key))) merged.set(identity(one, key), one)
  for (const element of plain) {
    const id = identity(keyed(element, key), key)
    const before = merged.get(id)
    merged.set(id, isRecord(before) ? mergeMap(before, element, schema) : withoutDirectives(element))
  }
  return orderElements([...merged.values()], order ?? plain, original, key)
}

function checkElement(element: unknown): Fields {
  if (!isRecord(element)) throw badRequest('a list of objects is merged with a list of something else')
  const directive = element.$patch
  if (directive === undefined || ['replace', 'delete', 'merge'].includes(directive as string)) return element
  throw badRequest(`Unknown patch type found: ${JSON.stringify(directive)}`)
}

function keyed(element: Fields, key: string): Fields {
  if (element[key] !== undefined) return element
  throw badRequest(`map: ${JSON.stringify(element)} does not contain declared merge key: ${key}`)
}

function deleteFromList(result: Fields, key: string, values: unknown[]): void {
  const list = result[key]
  if (Array.isArray(list)) result[key] = list.filter(value => !values.includes(value))
}

/** Brings a list in order that the patch does not change otherwise. */
function orderField(result: Fields, key: string, original: Fields, patch: Fields, schema: Schema): void {
  const list = result[key]
  const order = listOf(patch, SET_ORDER + key)!
  if (!Array.isArray(list)) return
  const { patchMergeKey } = schemaOf(schema, key)
  const before = Array.isArray(original[key]) ? (original[key] as unknown[]) : []
  result[key] = orderElements(list, order, before, patchMergeKey)
}

/** What a patch leaves where there was nothing before: no directives, no nulls. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    const kept = value.filter(item => !isRecord(item) || item.$patch === undefined || item.$patch === 'merge')
    return kept.map(withoutDirectives)
  }
  if (!isRecord(value)) return value
  const result: Fields = {}
  for (const key of Object.keys(value)) {
    if (!isDirective(key) && value[key] !== null) setProperty(result, key, withoutDirectives(value[key]))
  }
  return result
}

/** `$ref` and `$schema` are fields of a schema, not directives. */
function isDirective(key: string): boolean {
  return key === '$patch' || key === '$retainKeys' || key.startsWith(DELETE_LIST) || key.startsWith(SET_ORDER)
}
