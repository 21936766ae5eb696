import type { Schema } from '../kind.ts'
import { isRecord } from '../values.ts'
import { isContainer } from './compare.ts'
import { fieldOf, itemSchema, itemsByName, structureOf } from './structure.ts'

type Written = Record<string, unknown>

/**
 * Every field of a new object, written as managedFields has them: what comparing it with nothing would find, in one pass
 * that makes no sets. Creations are the most frequent writes of all.
 */
export function fieldsOfNew(object: Record<string, unknown>, schema: Schema): Written {
  return fieldsIn(object, schema, {})
}

/** A place and all below it. `.` says that the place itself is owned beside what is in it. */
function placesOf(value: unknown, schema: Schema, element: string, optional: boolean): Written {
  const structure = structureOf(value, schema)
  if (structure === 'leaf') return {}
  if (isRecord(value) ? isEmpty(value) : (value as unknown[]).length === 0) return {}
  const isOwned = element.startsWith('k:') || (optional && isContainer(structure, schema))
  const places: Written = isOwned ? { '.': {} } : {}
  return isRecord(value) ? fieldsIn(value, schema, places) : itemsIn(value as unknown[], schema, places)
}

function isEmpty(record: Record<string, unknown>): boolean {
  for (const key in record) if (record[key] !== undefined) return false
  return true
}

function fieldsIn(record: Record<string, unknown>, schema: Schema, places: Written): Written {
  for (const key of Object.keys(record)) {
    if (record[key] === undefined) continue
    const { element, schema: own, optional } = fieldOf(schema, key)
    places[element] = placesOf(record[key], own, element, optional)
  }
  return inOrder(places)
}

function itemsIn(list: readonly unknown[], schema: Schema, places: Written): Written {
  const [items, isSet] = [itemSchema(schema), schema.listType === 'set']
  for (const [name, item] of itemsByName(list, schema)) places[name] = isSet ? {} : placesOf(item, items, name, true)
  return inOrder(places)
}

/** The order of the elements, so that equal fields are equal texts; `.` comes before all others. */
function inOrder(fields: Written): Written {
  let last = ''
  for (const element in fields) {
    if (element < last) return sorted(fields)
    last = element
  }
  return fields
}

function sorted(fields: Written): Written {
  const result: Written = {}
  for (const element of Object.keys(fields).sort()) result[element] = fields[element]
  return result
}
