import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiRequest, ApiResponse } from '../../api/exchange.ts'
import { packed } from './pack.ts'

/** Writes an answer by node's server: whole, or piece by piece no faster than the client takes it. */
export async function sendResponse(
  asked: ApiRequest,
  answer: ApiResponse,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { body } = answer
  if (body && !(body instanceof Uint8Array)) return sendStream(asked, answer, body, response)
  const whole = await packed(answer, body ?? new Uint8Array(), asked.headers['accept-encoding'])
  response.writeHead(answer.status, { ...whole.answer.headers, 'content-length': whole.body.length })
  response.end(request.method === 'HEAD' ? undefined : whole.body)
}

/** Until the client has taken what was written, or has gone. */
async function drained(response: ServerResponse): Promise<void> {
  const heard = new AbortController()
  const { signal } = heard
  try {
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })].map(orAborted))
  } finally {
    heard.abort()
  }
}

/** Of two that are listened for, the one that did not come is given up, which is no failure. */
function orAborted(event: Promise<unknown>): Promise<unknown> {
  return event.catch(error => {
    if (error.name !== 'AbortError') throw error
  })
}

async function sendStream(
  asked: ApiRequest,
  { status, headers }: ApiResponse,
  body: AsyncIterable<Uint8Array>,
  response: ServerResponse,
): Promise<void> {
  const { signal } = asked
  response.writeHead(status, headers)
  // Clients of a watch wait for the headers before they say that they watch.
  response.flushHeaders()
  try {
    for await (const bytes of body) {
      if (signal.aborted) break
      if (!response.write(bytes)) await drained(response)
    }
    response.end()
  } catch (error) {
    response.destroy()
    if (!signal.aborted) throw error
  }
}
