import type { Schema } from '../kind.ts'
import { isContainer } from './compare.ts'
import { eachPart, structureOf } from './structure.ts'

type Written = Record<string, unknown>

/**
 * Every field of a new object, written as managedFields has them: what comparing it with nothing would find, in one pass
 * that makes no sets. Creations are the most frequent writes of all.
 */
export function fieldsOfNew(object: object, schema: Schema): Written {
  const fields: Written = {}
  eachPart(object, schema, (element, part, partSchema, optional) => {
    fields[element] = placesOf(part, partSchema, element, optional)
  })
  return inOrder(fields)
}

/** A place and all below it. `.` says that the place itself is owned beside what is in it. */
function placesOf(value: unknown, schema: Schema, element: string, optional: boolean): Written {
  const structure = structureOf(value, schema)
  if (structure === 'leaf') return {}
  const places: Written = {}
  eachPart(value, schema, (inner, part, partSchema, innerOptional) => {
    places[inner] = structure === 'set' ? {} : placesOf(part, partSchema, inner, innerOptional)
  })
  const isOwned = element.startsWith('k:') || (optional && isContainer(structure, schema))
  return isOwned && Object.keys(places).length > 0 ? { '.': {}, ...inOrder(places) } : inOrder(places)
}

/** The order of the elements, so that equal fields are equal texts. */
function inOrder(fields: Written): Written {
  const elements = Object.keys(fields)
  if (elements.every((element, at) => at === 0 || elements[at - 1]! < element)) return fields
  return Object.fromEntries(elements.sort().map(element => [element, fields[element]]))
}
