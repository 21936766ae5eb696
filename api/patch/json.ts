/**
 * patch/ changes an object in the four ways that the API knows: json.ts (RFC 6902), merge.ts (RFC 7386), strategic.ts
 * (merge that knows lists by their keys) and apply.ts (server-side apply, with fields that have owners). All pure.
 */
import { applyPatch, type Operation, Pointer } from 'rfc6902'
import { ApiError, badRequest } from '../errors.ts'
import { deepCopy, deepEqual, isRecord } from '../values.ts'

const MOST_OPERATIONS = 10_000
const KINDS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])

/** Returns a changed copy. A patch that cannot be carried out is refused as a whole. */
export function applyJsonPatch<T>(object: T, patch: unknown): T {
  const operations = checkOperations(patch)
  const result = { document: deepCopy(object) }
  for (const operation of operations) {
    const problem = operation.op === 'test' ? testProblem(result, operation) : carryOut(result, operation)
    if (problem) throw unprocessable(`${operation.op} operation does not apply: ${problem}`)
  }
  if (!isRecord(result.document)) throw unprocessable('the patched document is no object')
  return result.document
}

type Holder = { document: unknown }

function carryOut(holder: Holder, operation: Operation): string | undefined {
  const [problem] = applyPatch(holder, [prefixed(operation)])
  return problem?.message
}

function testProblem(holder: Holder, operation: Operation & { op: 'test' }): string | undefined {
  const found = Pointer.fromJSON(`/document${operation.path}`).get(holder)
  const isSame = found !== undefined && deepEqual(found, operation.value)
  return isSame ? undefined : `testing path ${operation.path} value failed`
}

function checkOperations(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) throw badRequest('json: cannot unmarshal object into Go value of type jsonpatch.Patch')
  if (patch.length > MOST_OPERATIONS) {
    const message = `The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${patch.length}`
    throw new ApiError('RequestEntityTooLarge', message)
  }
  return patch.map(checkOperation)
}

function checkOperation(operation: unknown): Operation {
  if (!isRecord(operation)) throw badRequest('an operation of a JSON patch must be an object')
  const { op, path, from } = operation
  if (typeof op !== 'string' || !KINDS.has(op)) throw unprocessable(`Unexpected kind: ${JSON.stringify(op)}`)
  if (!isPointer(path)) throw unprocessable(`${op} operation has no valid path`)
  const needsFrom = op === 'move' || op === 'copy'
  if (needsFrom && !isPointer(from)) throw unprocessable(`${op} operation has no valid from`)
  if (op === 'move' && `${path}/`.startsWith(`${from}/`) && path !== from) {
    throw unprocessable('a value cannot be moved into itself')
  }
  if ((op === 'add' || op === 'replace' || op === 'test') && !('value' in operation)) {
    throw unprocessable(`${op} operation has no value`)
  }
  return operation as unknown as Operation
}

const OBJECT_INSIDES = /\/(__proto__|constructor|prototype)(\/|$)/

function isPointer(path: unknown): path is string {
  return typeof path === 'string' && (path === '' || path.startsWith('/')) && !OBJECT_INSIDES.test(path)
}

/** Below a holder, so that the whole document can be replaced too. */
function prefixed(operation: Operation): Operation {
  const moved = { ...operation, path: `/document${operation.path}` }
  return 'from' in operation ? ({ ...moved, from: `/document${operation.from}` } as Operation) : (moved as Operation)
}

function unprocessable(problem: string): ApiError {
  const message = 'the server rejected our request due to an error in our request'
  return new ApiError('Invalid', message, { causes: [{ reason: 'UnexpectedServerResponse', message: problem }] }, 422)
}
