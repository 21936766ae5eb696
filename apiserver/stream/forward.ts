import * as http from 'node:http'
import * as https from 'node:https'
import { ApiError } from '../../api/errors.ts'
import type { ApiRequest, ApiResponse } from '../../api/exchange.ts'
import { forwardedHeaders } from './headers.ts'
import { connectionOptions, DIAL_WITHIN_MS, dialError, type StreamTarget, type Surroundings } from './target.ts'

export type ForwardedRequest = Pick<ApiRequest, 'method' | 'headers' | 'body' | 'signal'>

/**
 * Sends a plain request on and gives the answer back while it still comes in: the body is not held, however long it
 * is or lasts. Throws an ApiError when there is no answer. The client's leaving ends the other leg as well.
 */
export async function forwardRequest(
  request: ForwardedRequest,
  target: StreamTarget,
  around: Surroundings,
): Promise<ApiResponse> {
  let response: http.IncomingMessage
  try {
    response = await send(request, target, around)
  } catch (error) {
    around.log.warn('a request could not be forwarded', { host: target.host, port: target.port, error })
    throw dialError(error, target)
  }
  return { status: response.statusCode ?? 502, headers: answerHeaders(response), body: response }
}

function send(request: ForwardedRequest, target: StreamTarget, { clock }: Surroundings): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = (target.tls ? https : http).request({
      ...connectionOptions(target),
      method: request.method,
      headers: [
        'Host',
        `${target.tls?.serverName ?? target.host}:${target.port}`,
        ...requestHeaders(request),
        ...(target.headers ?? []),
      ],
      signal: request.signal,
    })
    const timer = clock.after(DIAL_WITHIN_MS, () => outgoing.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })))
    outgoing.on('socket', socket => socket.once(target.tls ? 'secureConnect' : 'connect', () => timer.cancel()))
    outgoing.on('response', resolve)
    outgoing.on('error', error => {
      timer.cancel()
      reject(error)
    })
    outgoing.end(request.body)
  })
}

function requestHeaders({ headers, body }: ForwardedRequest): string[] {
  const { 'content-length': _recounted, ...others } = headers
  const flat = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name, value]))
  return body ? [...forwardedHeaders(flat), 'Content-Length', String(body.length)] : forwardedHeaders(flat)
}

/** Those of the answer that are not about its hop. The length stays: the body passes through as it is. */
function answerHeaders(response: http.IncomingMessage): ApiResponse['headers'] {
  const hop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-authenticate', 'trailer'])
  return Object.fromEntries(
    Object.entries(response.headers).filter(([name, value]) => !hop.has(name) && value !== undefined),
  ) as ApiResponse['headers']
}

const LONGEST_REFUSAL = 50_000

/** An agent's refusal is plain text; clients of the API get it as a Status. Anything else passes as it is. */
export async function asApiAnswer(response: ApiResponse): Promise<ApiResponse> {
  if (response.status < 400) return response
  const text = await readText(response)
  if (response.status === 400) throw new ApiError('BadRequest', text)
  if (response.status === 404) throw new ApiError('NotFound', text)
  if (response.status === 422) throw new ApiError('Invalid', text)
  throw new ApiError('InternalError', `Internal error occurred: ${text}`, { causes: [{ message: text }] })
}

async function readText({ body = new Uint8Array() }: ApiResponse): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > LONGEST_REFUSAL) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, LONGEST_REFUSAL)
}
