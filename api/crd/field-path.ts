import type { JSONSchemaProps } from '../types/apiextensions-v1.ts'
import { isRecord } from '../values.ts'

const STEP = /\.([A-Za-z_][A-Za-z0-9_-]*)|\['((?:[^'\\]|\\.)*)'\]/y

/** `.spec.color`, `['a b'].c`: the names on the way, or nothing where it is no such path. Elements of lists have none. */
export function fieldNames(path: string): string[] | undefined {
  const names: string[] = []
  STEP.lastIndex = 0
  for (let match = STEP.exec(path); match; match = STEP.exec(path)) {
    names.push(match[1] ?? match[2]!.replace(/\\(.)/g, '$1'))
    if (STEP.lastIndex === path.length) return names
  }
  return undefined
}

/** What a schema says of the field at a path; nothing where it has none. */
export function schemaAt(schema: JSONSchemaProps, path: string): JSONSchemaProps | undefined {
  let here: JSONSchemaProps | undefined = schema
  for (const name of fieldNames(path) ?? ['']) {
    const rest: unknown = here?.additionalProperties
    const own: JSONSchemaProps | undefined =
      here?.properties && Object.hasOwn(here.properties, name) ? here.properties[name] : undefined
    here = own ?? (isRecord(rest) ? (rest as JSONSchemaProps) : undefined)
  }
  return here
}
