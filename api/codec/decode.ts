/**
 * codec/ turns bytes into objects and back: json.ts and yaml.ts read texts, protobuf.ts Kubernetes' envelope, conform.ts
 * makes what was read fit its kind. Start here: decodeBody reads a body of any form, fitToKind checks its fields.
 */
import { ApiError, badRequest } from '../errors.ts'
import type { Kind } from '../kind.ts'
import { apiVersionOf, type KubeObject } from '../objects.ts'
import { isRecord } from '../values.ts'
import { conform, refusingWrongTypes } from './conform.ts'
import { parseJson } from './json.ts'
import { decodeProtobuf } from './protobuf.ts'
import { parseYaml } from './yaml.ts'

const JSON_TYPE = 'application/json'
const YAML_TYPE = 'application/yaml'
const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf'

export interface DecodedBody {
  object: KubeObject
  /** Keys that the text has twice. */
  duplicates: string[]
}

/** What a body says, before anything is known of its kind. A body without a type is JSON, as kubectl sends some. */
export function decodeBody(body: Uint8Array, contentType: string | undefined, expected?: Kind): DecodedBody {
  if (body.length === 0) throw badRequest('EOF')
  switch (mediaType(contentType)) {
    case '':
    case '*/*':
    case JSON_TYPE:
      return textBody(parseJson(body))
    case YAML_TYPE:
    case 'application/x-yaml':
    case 'text/yaml':
      return textBody(parseYaml(body))
    case PROTOBUF_TYPE:
      return { object: decodeProtobuf(body, expected), duplicates: [] }
    default:
      throw new ApiError(
        'UnsupportedMediaType',
        `the body of the request was in an unknown format - accepted media types include: ${JSON_TYPE}, ${YAML_TYPE}, ${PROTOBUF_TYPE}`,
      )
  }
}

/** `application/json` of `application/json; charset=utf-8`. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';')[0]!.trim().toLowerCase()
}

function textBody({ value, duplicates }: { value: unknown; duplicates: string[] }): DecodedBody {
  if (!isRecord(value)) {
    throw badRequest("couldn't get version/kind; json parse error: json: cannot unmarshal into an object")
  }
  for (const key of ['apiVersion', 'kind']) {
    if (value[key] !== undefined && typeof value[key] !== 'string') {
      throw badRequest(
        `couldn't get version/kind; json parse error: json: cannot unmarshal into field ${key} of type string`,
      )
    }
  }
  return { object: value as KubeObject, duplicates }
}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

/** The query parameter; Warn where nothing is said. */
export function parseFieldValidation(text: string | null | undefined): FieldValidation {
  if (text === null || text === undefined || text === '') return 'Warn'
  if (text === 'Strict' || text === 'Warn' || text === 'Ignore') return text
  throw new ApiError(
    'Invalid',
    `fieldValidation: Unsupported value: ${JSON.stringify(text)}: supported values: "Ignore", "Strict", "Warn"`,
  )
}

/** Fields that do not belong are dropped: named as an error, as warnings, or not at all. Returns the warnings. */
export function fitToKind(decoded: DecodedBody, kind: Kind, validation: FieldValidation): string[] {
  const what = `${kind.kind} in version ${JSON.stringify(apiVersionOf(kind).split('/').at(-1))} cannot be handled as a ${kind.kind}`
  const unknown = refusingWrongTypes(what, () => {
    const fields = decoded.object as Record<string, unknown>
    return kind.conform ? kind.conform(decoded.object) : conform(fields, kind.schema, kind.kind)
  })
  const problems = [...decoded.duplicates, ...unknown]
  if (validation === 'Ignore' || problems.length === 0) return []
  if (validation === 'Strict') throw badRequest(`${what}: strict decoding error: ${problems.join(', ')}`)
  return problems
}
