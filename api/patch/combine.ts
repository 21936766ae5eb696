import type { Schema } from '../kind.ts'
import { isRecord, setProperty } from '../values.ts'
import { fieldSchema, itemSchema, itemsByName, ListError, structureOf } from './structure.ts'

/** The live object with what was applied laid over it: fields by name, items of lists by their keys. */
export function combine(live: unknown, applied: unknown, schema: Schema): unknown {
  const structure = structureOf(applied, schema)
  if (live === undefined || structure === 'leaf' || structureOf(live, schema) !== structure) return applied
  if (isRecord(applied)) return combineMaps(live as Record<string, unknown>, applied, schema)
  return combineLists(live as unknown[], applied as unknown[], schema)
}

function combineMaps(live: Record<string, unknown>, applied: Record<string, unknown>, schema: Schema): unknown {
  const result: Record<string, unknown> = { ...live }
  for (const key of Object.keys(applied)) {
    const before = Object.hasOwn(live, key) ? live[key] : undefined
    setProperty(result, key, combine(before, applied[key], fieldSchema(schema, key)))
  }
  return result
}

/** Applied items in the order that was applied; each item that only the live list has stays behind the one it followed. */
function combineLists(live: unknown[], applied: unknown[], schema: Schema): unknown {
  const old = itemsByName(live, schema)
  const now = itemsByName(applied, schema)
  const followers = new Map<string, unknown[]>()
  let leader = ''
  for (const [name, item] of old) {
    if (now.has(name)) leader = name
    else followers.set(leader, [...(followers.get(leader) ?? []), item])
  }
  const result = [...(followers.get('') ?? [])]
  for (const [name, item] of now) {
    const merged = schema.listType === 'set' ? item : combine(old.get(name), item, itemSchema(schema))
    result.push(merged, ...(followers.get(name) ?? []))
  }
  return result
}

/** A list that is applied may name no item twice. */
export function checkApplied(value: unknown, schema: Schema, path = ''): void {
  if (isRecord(value)) {
    for (const key of Object.keys(value)) checkApplied(value[key], fieldSchema(schema, key), `${path}.${key}`)
  } else if (Array.isArray(value) && structureOf(value, schema) !== 'leaf') checkList(value, schema, path)
}

function checkList(list: unknown[], schema: Schema, path: string): void {
  const names = itemsByName(list, schema)
  if (names.size < list.length) throw new ListError(`${path}: duplicate entries for key ${repeated(list, schema)}`)
  for (const item of list) checkApplied(item, itemSchema(schema), `${path}[]`)
}

function repeated(list: unknown[], schema: Schema): string {
  const seen = new Set<string>()
  for (const item of list) {
    const [name] = itemsByName([item], schema).keys()
    if (seen.has(name!)) return `[${name!.slice(2)}]`
    seen.add(name!)
  }
  return ''
}
