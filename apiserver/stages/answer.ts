import { hasProtobuf, messageOfType } from '../../api/codec/protobuf.ts'
import { ApiError, type Status } from '../../api/errors.ts'
import type { ApiResponse } from '../../api/exchange.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Call, Result } from '../call.ts'
import { type Encoder, objectEvents } from '../encoding/encoder.ts'
import { jsonEncoder } from '../encoding/json.ts'
import { negotiate, type Subject } from '../encoding/negotiate.ts'
import { protobufEncoder } from '../encoding/protobuf.ts'
import type { Parts } from '../parts.ts'
import { CompactedError, StoreUnavailableError } from '../storage/store.ts'

const SUBJECTS: Record<Result['type'], Subject> = {
  stored: 'object',
  object: 'object',
  list: 'list',
  watch: 'watch',
  response: 'other',
}

/** The last stage: what a verb had to say, in the form that the client asked for. */
export function answer(parts: Parts, call: Call, result: Result): ApiResponse {
  if (result.type === 'response') return withWarnings(result.response, call.warnings)
  const encoder = encoderFor(parts, call, SUBJECTS[result.type], hasMessages(result))
  if (result.type === 'watch' && call.request.takesObjects && encoder === jsonEncoder) {
    return { status: 200, headers: {}, events: result.events(objectEvents) }
  }
  return withWarnings(encode(result, encoder), call.warnings)
}

/** A client that understands no answer is refused before it changes something. */
export function checkAcceptable(parts: Parts, call: Call): void {
  encoderFor(parts, call, 'object', true)
}

function encoderFor(parts: Parts, call: Call, subject: Subject, messages: boolean): Encoder {
  const { headers, query } = call.request
  const protobuf = messages ? protobufEncoder : undefined
  return negotiate({ accept: headers.accept, query, subject, protobuf, now: () => parts.clock.now() })
}

/** Custom resources, and the rare answers that have no kind of their own, are not told in protobuf. */
function hasMessages(result: Exclude<Result, { type: 'response' }>): boolean {
  if (result.type === 'list') return hasProtobuf(result.list.kind)
  if (result.type !== 'object') return hasProtobuf(result.kind)
  return messageOfType(result.object.apiVersion ?? '', result.object.kind ?? '') !== undefined
}

function encode(result: Exclude<Result, { type: 'response' }>, encoder: Encoder): ApiResponse {
  switch (result.type) {
    case 'stored':
      return respond(result.status ?? 200, encoder.contentType, encoder.stored(result.kind, result.entry))
    case 'object':
      return respond(result.status ?? 200, encoder.contentType, encoder.object(result.object, result.kind))
    case 'list':
      return respond(200, encoder.contentType, encoder.list(result.list))
    case 'watch':
      return {
        status: 200,
        headers: { 'content-type': encoder.watchContentType },
        body: joined(result.events(encoder)),
      }
  }
}

/** Whoever reads lines is given all there are at once. */
async function* joined(batches: AsyncIterable<readonly Uint8Array[]>): AsyncGenerator<Uint8Array> {
  for await (const lines of batches) yield lines.length === 1 ? lines[0]! : Buffer.concat(lines)
}

/** The same headers are the same object every time: how they are written is found out once. */
const HEADERS = new Map<string, ApiResponse['headers']>()

function respond(status: number, contentType: string, body: Uint8Array): ApiResponse {
  const known = HEADERS.get(contentType)
  if (known) return { status, headers: known, body }
  const headers = Object.freeze({ 'content-type': contentType, 'cache-control': 'no-cache, private' })
  HEADERS.set(contentType, headers)
  return { status, headers, body }
}

function withWarnings(response: ApiResponse, warnings: readonly string[]): ApiResponse {
  if (warnings.length === 0) return response
  const lines = [...new Set(warnings)].map(warning => `299 - ${JSON.stringify(warning)}`)
  return { ...response, headers: { ...response.headers, warning: lines } }
}

/** Any error as the Status a client gets; what we did not foresee is logged and told without its details. */
export function refusal(error: unknown, unforeseen: (error: unknown) => void): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof StoreUnavailableError) {
    return new ApiError('ServiceUnavailable', `the store cannot serve now: ${error.message}`, { retryAfterSeconds: 1 })
  }
  if (error instanceof CompactedError) return new ApiError('Expired', error.message)
  unforeseen(error)
  return new ApiError('InternalError', 'Internal error occurred: the server log says more')
}

/** Refusals are JSON whatever was asked for: every client reads that. */
export function statusResponse(error: ApiError): ApiResponse {
  const status: Status = error.toStatus()
  const retry = error.details?.retryAfterSeconds
  const response = respond(error.code, jsonEncoder.contentType, jsonEncoder.object(status as KubeObject))
  return retry ? { ...response, headers: { ...response.headers, 'retry-after': String(retry) } } : response
}
