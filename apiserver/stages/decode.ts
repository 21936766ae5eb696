import { fitToKind, parseFieldValidation, decodeBody as readBody } from '../../api/codec/decode.ts'
import { ApiError, badRequest } from '../../api/errors.ts'
import type { Kind } from '../../api/kind.ts'
import { apiVersionOf, type KubeObject } from '../../api/objects.ts'
import type { Call, ResourceCall } from '../call.ts'

export const LARGEST_BODY = 3 << 20

/** Refuses what is larger than the server is ready to hold. */
export function checkBodySize(size: number): void {
  if (size <= LARGEST_BODY) return
  throw new ApiError('RequestEntityTooLarge', `Request entity too large: limit is ${LARGEST_BODY}`)
}

/** The third stage: the object in the body, which must be of the kind that the path is for. */
export function decodeBody(call: ResourceCall, kind: Kind = call.kind): KubeObject {
  const decoded = readBody(bodyOf(call), call.request.headers['content-type'], kind)
  const { object } = decoded
  checkKind(object, kind)
  const validation = parseFieldValidation(call.request.query.get('fieldValidation'))
  call.warnings.push(...fitToKind(decoded, kind, validation))
  return object
}

function bodyOf({ request }: Call): Uint8Array {
  const body = request.body ?? new Uint8Array()
  checkBodySize(body.length)
  return body
}

/** What the body leaves open is as the path says; what it says otherwise is refused. */
export function checkKind(object: KubeObject, kind: Kind): void {
  const apiVersion = apiVersionOf(kind)
  object.apiVersion ||= apiVersion
  object.kind ||= kind.kind
  if (kind.alsoAccepts?.includes(object.apiVersion)) object.apiVersion = apiVersion
  if (object.apiVersion !== apiVersion) {
    const why = `the API version in the data (${object.apiVersion}) does not match the expected API version (${apiVersion})`
    throw badRequest(why)
  }
  if (object.kind === kind.kind) return
  const found = `${object.apiVersion}, Kind=${object.kind}`
  throw badRequest(`${object.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${found} was sent`)
}

/** DeleteOptions: they may be absent altogether. */
export function decodeOptions(call: Call): KubeObject | undefined {
  const body = bodyOf(call)
  if (body.length === 0) return undefined
  const { object } = readBody(body, call.request.headers['content-type'])
  if (object.kind === undefined || object.kind === 'DeleteOptions') return object
  throw badRequest(`a body of kind ${object.kind} came with a deletion: DeleteOptions are expected`)
}
