import type { V2Document } from './v2.ts'

/**
 * OpenAPI v2 in the protobuf form of the gnostic project (openapi.v2.Document). Each message is written field by field;
 * a map becomes a list of named values, an `x-` word a vendor extension whose value is YAML: ours is JSON, which is YAML.
 */
type Json = Readonly<Record<string, unknown>>
/** Bytes as a string of characters below 256: joining many small ones is what strings are good at. */
type Part = string | undefined

export function gnosticDocument({ swagger, info, paths, definitions }: V2Document): Buffer {
  const bytes = message([
    text(1, swagger),
    nested(2, [text(1, info.title), text(2, info.version)]),
    nested(
      8,
      entries(paths).map(([path, item]) => nested(2, [text(1, path), nested(2, pathItem(item))])),
    ),
    nested(9, named(1, definitions as Record<string, Json>, schema)),
  ])
  return Buffer.from(bytes, 'latin1')
}

const METHODS: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 }

function pathItem(item: Json): Part[] {
  const operations = entries(METHODS).flatMap(([method, number]) => {
    const found = item[method] as Json | undefined
    return found ? [nested(number, operation(found))] : []
  })
  return [...operations, ...parameters(9, item.parameters)]
}

function operation(one: Json): Part[] {
  const responses = entries(one.responses as Record<string, Json>)
  return [
    ...texts(1, one.tags),
    text(5, one.operationId),
    ...texts(6, one.produces),
    ...texts(7, one.consumes),
    ...parameters(8, one.parameters),
    nested(
      9,
      responses.map(([code, response]) => nested(1, [text(1, code), nested(2, [nested(1, responseFields(response))])])),
    ),
    ...vendor(13, one),
  ]
}

function responseFields(response: Json): Part[] {
  const answered = response.schema as Json | undefined
  return [text(1, response.description), answered && nested(2, [nested(1, schema(answered))])]
}

function parameters(number: number, list: unknown): Part[] {
  return ((list ?? []) as Json[]).map(one => nested(number, [nested(1, parameter(one))]))
}

function parameter(one: Json): Part[] {
  if (one.in === 'body') {
    const fields = [text(2, one.name), text(3, one.in), flag(4, one.required), nested(5, schema(one.schema as Json))]
    return [nested(1, fields)]
  }
  const isQuery = one.in === 'query'
  const type = text(isQuery ? 6 : 5, one.type)
  const unique = flag(isQuery ? 20 : 19, one.uniqueItems)
  const fields = [flag(1, one.required), text(2, one.in), text(4, one.name), type, unique]
  return [nested(2, [nested(isQuery ? 3 : 4, fields)])]
}

function schema(one: Json): Part[] {
  const { items, properties, additionalProperties: values, type } = one as Record<string, Json | undefined>
  return [
    text(1, one.$ref),
    text(2, one.format),
    text(4, one.description),
    double(7, one.maximum),
    double(9, one.minimum),
    int(11, one.maxLength),
    int(12, one.minLength),
    text(13, one.pattern),
    ...texts(19, one.required),
    ...((one.enum ?? []) as unknown[]).map(value => nested(20, [text(2, JSON.stringify(value))])),
    values && nested(21, [nested(1, schema(values))]),
    type && nested(22, [text(1, type)]),
    items && nested(23, [nested(1, schema(items))]),
    properties && nested(25, named(1, properties as Record<string, Json>, schema)),
    ...vendor(31, one),
  ]
}

function vendor(number: number, one: Json): Part[] {
  const extensions = entries(one).filter(([key]) => key.startsWith('x-'))
  return extensions.map(([key, value]) => nested(number, [text(1, key), nested(2, [text(2, JSON.stringify(value))])]))
}

function named(number: number, map: Record<string, Json>, fields: (value: Json) => Part[]): Part[] {
  return entries(map).map(([name, value]) => nested(number, [text(1, name), nested(2, fields(value))]))
}

function entries<T>(map: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(map)
}

function texts(number: number, list: unknown): Part[] {
  return ((list ?? []) as string[]).map(one => text(number, one))
}

function text(number: number, value: unknown): Part {
  return typeof value === 'string' ? withLength(number, Buffer.from(value).toString('latin1')) : undefined
}

function nested(number: number, parts: readonly Part[]): string {
  return withLength(number, message(parts))
}

function withLength(number: number, bytes: string): string {
  return varint((number << 3) | 2) + varint(bytes.length) + bytes
}

function flag(number: number, value: unknown): Part {
  return value ? varint(number << 3) + varint(1) : undefined
}

function int(number: number, value: unknown): Part {
  return typeof value === 'number' ? varint(number << 3) + varint(value) : undefined
}

function double(number: number, value: unknown): Part {
  if (typeof value !== 'number') return undefined
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return varint((number << 3) | 1) + bytes.toString('latin1')
}

function message(parts: readonly Part[]): string {
  return parts.filter(part => part !== undefined).join('')
}

function varint(value: number): string {
  if (value < 0x80) return String.fromCharCode(value)
  return String.fromCharCode((value % 128) | 0x80) + varint(Math.floor(value / 128))
}
