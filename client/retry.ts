import type { ApiResponse } from '../api/exchange.ts'
import { type Clock, sleep } from '../platform/clock.ts'
import { CONNECT_TIMEOUT, type Transport, TransportError, type TransportRequest } from './transport.ts'

const MAX_ATTEMPTS = 5
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 30_000
/** Codes of errors that come before a single byte was sent: repeating cannot do anything twice. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', CONNECT_TIMEOUT])

export type Outcome = { response: ApiResponse } | { error: unknown }

/**
 * How long to wait before the same request may be sent again; undefined: it may not. The server's own "later"
 * (Retry-After) is obeyed for every verb, for it says that nothing was done. A broken connection only lets reads
 * repeat, and writes that certainly never left.
 */
export function retryPause(
  request: TransportRequest,
  outcome: Outcome,
  attempt: number,
  now: number,
): number | undefined {
  if (attempt >= MAX_ATTEMPTS || request.signal?.aborted) return undefined
  if ('response' in outcome) return retryAfter(outcome.response, now)
  if (!(outcome.error instanceof TransportError)) return undefined
  if (request.method !== 'GET' && !NEVER_SENT.has(codeOf(outcome.error.cause))) return undefined
  return FIRST_PAUSE_MS * 2 ** (attempt - 1)
}

function retryAfter(response: ApiResponse, now: number): number | undefined {
  if (response.status !== 429 && response.status < 500) return undefined
  const header = response.headers['retry-after']
  if (header === undefined) return undefined
  const text = String(header)
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST_PAUSE_MS)
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}

/** The same requests, repeated where `retryPause` allows. */
export function withRetries(transport: Pick<Transport, 'request'>, clock: Clock): Transport['request'] {
  return async request => {
    for (let attempt = 1; ; attempt++) {
      const outcome: Outcome = await transport.request(request).then(
        response => ({ response }),
        error => ({ error }),
      )
      const pause = retryPause(request, outcome, attempt, clock.now())
      if (pause === undefined) {
        if ('error' in outcome) throw outcome.error
        return outcome.response
      }
      if ('response' in outcome) await discard(outcome.response)
      await sleep(clock, pause, request.signal)
    }
  }
}

/** A body that nobody reads would hold its connection. */
async function discard(response: ApiResponse): Promise<void> {
  if (!response.body || response.body instanceof Uint8Array) return
  for await (const _ of response.body);
}
