import type { FieldError } from '../kind.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.ts'
import { forbidden, invalid, required, unsupported } from '../validate/errors.ts'
import { isRecord } from '../values.ts'

/** How lists and maps are merged: what a schema says of it must be possible with what the list holds. */
const LIST = 'x-kubernetes-list-type'
const KEYS = 'x-kubernetes-list-map-keys'
const MAP = 'x-kubernetes-map-type'

export function validateMapType(schema: JSONSchemaProps, path: string): FieldError[] {
  const mapType = schema[MAP]
  if (mapType === undefined) return []
  const isKnown = mapType === 'atomic' || mapType === 'granular'
  return [
    ...typed(schema, 'object', MAP, path),
    ...(isKnown ? [] : [unsupported(`${path}.${MAP}`, mapType, ['atomic', 'granular'])]),
  ]
}

export function validateListType(schema: JSONSchemaProps, path: string): FieldError[] {
  const listType = schema[LIST]
  const keys = schema[KEYS] ?? []
  const onlyOfMaps = `must be map if ${KEYS} is non-empty`
  if (listType === undefined) return keys.length > 0 ? [required(`${path}.${LIST}`, onlyOfMaps)] : []
  const errors = typed(schema, 'array', LIST, path)
  const items = isRecord(schema.items) ? (schema.items as JSONSchemaProps) : undefined
  if (!['atomic', 'map', 'set'].includes(listType)) {
    errors.push(unsupported(`${path}.${LIST}`, listType, ['atomic', 'map', 'set']))
  }
  if (keys.length > 0 && listType !== 'map') errors.push(invalid(`${path}.${LIST}`, listType, onlyOfMaps))
  if (items?.nullable && listType !== 'atomic') {
    errors.push(forbidden(`${path}.items.nullable`, `cannot be nullable when ${LIST} is ${listType}`))
  }
  if (listType === 'set' && items && errors.length === 0) errors.push(...validateSet(items, `${path}.items`))
  if (listType === 'map') errors.push(...validateMap(keys, items, path))
  return errors
}

function typed({ type }: JSONSchemaProps, wanted: string, word: string, path: string): FieldError[] {
  if (type === wanted) return []
  const detail = `must be ${wanted} if ${word} is specified`
  return [type ? invalid(`${path}.type`, type, detail) : required(`${path}.type`, detail)]
}

/** What stands once in a list is compared as a whole: so it must also be merged as a whole. */
function validateSet(items: JSONSchemaProps, path: string): FieldError[] {
  const detail = `must be atomic as item of a list with ${LIST}=set`
  if (items.type === 'array' && (items[LIST] ?? 'atomic') !== 'atomic') {
    return [invalid(`${path}.${LIST}`, items[LIST], detail)]
  }
  if (items.type === 'object' && items[MAP] !== 'atomic') return [invalid(`${path}.${MAP}`, items[MAP], detail)]
  return []
}

/** Elements are told apart by fields that all of them have, and that say one thing each. */
function validateMap(keys: readonly string[], items: JSONSchemaProps | undefined, path: string): FieldError[] {
  const where = `${path}.${KEYS}`
  if (keys.length === 0) return [required(where, `must not be empty if ${LIST} is map`)]
  const parent = `if parent array's ${LIST} is map`
  if (!items) return [required(`${path}.items`, `must have a schema if ${LIST} is map`)]
  if (items.type !== 'object') return [invalid(`${path}.items.type`, items.type ?? '', `must be object ${parent}`)]
  return keys.flatMap((key, index): FieldError[] => {
    const repeated = keys.indexOf(key) < index ? [invalid(where, keys, 'must not contain duplicate entries')] : []
    const field = items.properties?.[key]
    if (!field) return [invalid(where, keys, 'entries must all be names of item properties'), ...repeated]
    const at = `${path}.items.properties[${key}]`
    const isScalar = field.type !== 'array' && field.type !== 'object'
    return [
      ...(isScalar ? [] : [invalid(`${at}.type`, items.type, `must be a scalar type ${parent}`)]),
      ...alwaysThere(field, items.required?.includes(key) ?? false, at),
      ...repeated,
    ]
  })
}

function alwaysThere(field: JSONSchemaProps, isRequired: boolean, path: string): FieldError[] {
  const because = `this property is in ${KEYS}, so it`
  const isThere = isRequired || field.default !== undefined
  return [
    ...(isThere ? [] : [required(`${path}.default`, `${because} must have a default or be a required property`)]),
    ...(field.nullable ? [forbidden(`${path}.nullable`, `${because} cannot be nullable`)] : []),
  ]
}
