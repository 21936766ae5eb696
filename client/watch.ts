import { ApiError, type Status } from '../api/errors.ts'
import type { KubeObject, WatchEvent } from '../api/objects.ts'

/** One JSON document a line, as watches send them, whatever pieces they arrive in: those that a piece completes, together. */
export async function* decodeLines(chunks: AsyncIterable<Uint8Array>): AsyncIterable<unknown[]> {
  let pending: Uint8Array[] = []
  for await (const chunk of chunks) {
    const documents: unknown[] = []
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = joined(pending, chunk.subarray(from, end))
      pending = []
      from = end + 1
      if (line.length > 0) documents.push(JSON.parse(line))
    }
    if (from < chunk.length) pending.push(chunk.subarray(from))
    if (documents.length > 0) yield documents
  }
  const rest = joined(pending, new Uint8Array())
  // A watch that the server cut in the middle of a line lost its last event: it is sent again after the reconnect.
  if (rest.length > 0 && isComplete(rest)) yield [JSON.parse(rest)]
}

function joined(pending: readonly Uint8Array[], last: Uint8Array): string {
  if (pending.length === 0) return asText(last).trim()
  return Buffer.concat([...pending, last])
    .toString()
    .trim()
}

function asText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}

function isComplete(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The events of a watch, out of batches as they came; an ERROR event becomes the ApiError that it carries. */
export async function* eventsOf<T extends KubeObject>(
  batches: AsyncIterable<readonly unknown[]>,
): AsyncIterable<WatchEvent<T>> {
  for await (const batch of batches) {
    for (const event of batch as WatchEvent<T>[]) {
      if (event.type === 'ERROR') throw errorFromStatus(event.object as unknown as Partial<Status>, 500)
      yield event
    }
  }
}

/** The error that a failure Status speaks of. Old servers say Gone where newer ones say Expired: here it is Expired. */
export function errorFromStatus(status: Partial<Status>, httpStatus: number): ApiError {
  const code = status.code ?? httpStatus
  const reason = status.reason === 'Gone' ? 'Expired' : status.reason || REASON_OF_CODE[code] || 'InternalError'
  return new ApiError(reason, status.message || `the server answered ${code}`, status.details, code)
}

const REASON_OF_CODE: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}
