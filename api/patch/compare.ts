import type { Schema } from '../kind.ts'
import { deepEqual, isRecord } from '../values.ts'
import { FieldSet } from './fieldset.ts'
import { eachPart, type Part, partsOf, type Structure, structureOf } from './structure.ts'

/** Every field that an applied object names: its leaves, its list items, and what is empty. */
export function fieldsOf(value: unknown, schema: Schema): FieldSet {
  const set = new FieldSet()
  collect(value, schema, set)
  return set
}

function collect(value: unknown, schema: Schema, set: FieldSet): void {
  const structure = structureOf(value, schema)
  const parts = structure === 'leaf' ? undefined : partsOf(value, schema)
  if (!parts || parts.size === 0) {
    set.member = true
    return
  }
  for (const [element, part] of parts) {
    const child = set.child(element)
    if (structure !== 'fields') child.member = true
    if (structure !== 'set') collect(part.value, part.schema, child)
  }
}

export interface Changes {
  added: FieldSet
  modified: FieldSet
  removed: FieldSet
}

export function compare(before: unknown, after: unknown, schema: Schema): Changes {
  const changes: Changes = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() }
  const [old, now] = [structureOf(before, schema), structureOf(after, schema)]
  if (old === 'leaf' || old !== now) changes.modified.member = !deepEqual(before, after)
  else compareParts(before, after, schema, changes)
  return changes
}

/** Most of an object stays as it is: what is equal is not looked into. */
function compareParts(before: unknown, after: unknown, schema: Schema, changes: Changes): void {
  const [old, now] = [partsOf(before, schema), partsOf(after, schema)]
  for (const [element, part] of old) {
    const match = now.get(element)
    if (!match) changes.removed.put(element, everythingIn(part, element))
    else if (!deepEqual(part.value, match.value)) {
      const below = compare(part.value, match.value, part.schema)
      for (const kind of ['added', 'modified', 'removed'] as const) changes[kind].put(element, below[kind])
    }
  }
  for (const [element, part] of now) {
    if (!old.has(element)) changes.added.put(element, everythingIn(part, element))
  }
}

/** A whole value that came or went: its leaves, and the places that are owned beside what is in them. */
function everythingIn({ value, schema, optional }: Part, element: string): FieldSet {
  const structure = structureOf(value, schema)
  if (structure === 'leaf') return FieldSet.of(true)
  const set = FieldSet.of(element.startsWith('k:') || (optional && isContainer(structure, schema)))
  eachPart(value, schema, (inner, part, partSchema, innerOptional) => {
    const below = () => everythingIn({ value: part, schema: partSchema, optional: innerOptional }, inner)
    set.put(inner, structure === 'set' ? FieldSet.of(true) : below())
  })
  if (set.isEmpty) set.member = true
  return set
}

/** Lists and maps may be there or not; an object with fields of its own is only its fields. */
export function isContainer(structure: Structure, schema: Schema): boolean {
  return structure !== 'fields' || schema.additionalProperties !== undefined
}

/** Takes fields out of a value: a changed copy; undefined when nothing is left of what was something. */
export function removeFields(value: unknown, schema: Schema, remove: FieldSet): unknown {
  if (remove.children.size === 0) return value
  if (isRecord(value)) return removeFromMap(value, schema, remove)
  return Array.isArray(value) ? removeFromList(value, schema, remove) : value
}

function removeFromMap(value: Record<string, unknown>, schema: Schema, remove: FieldSet): unknown {
  const result: Record<string, unknown> = { ...value }
  const parts = partsOf(value, schema)
  for (const [element, below] of remove.children) {
    const part = parts.get(element)
    if (!part) continue
    const key = element.slice(2)
    const left = below.member ? undefined : removeFields(part.value, part.schema, below)
    if (left === undefined) delete result[key]
    else result[key] = left
  }
  return Object.keys(result).length === 0 && Object.keys(value).length > 0 ? undefined : result
}

function removeFromList(value: unknown[], schema: Schema, remove: FieldSet): unknown {
  if (structureOf(value, schema) === 'leaf') return value
  const result: unknown[] = []
  for (const [element, part] of partsOf(value, schema)) {
    const below = remove.children.get(element)
    if (below?.member) continue
    const left = below ? removeFields(part.value, part.schema, below) : part.value
    if (left !== undefined) result.push(left)
  }
  return result.length === 0 && value.length > 0 ? undefined : result
}
