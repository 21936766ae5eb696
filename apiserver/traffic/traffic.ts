import { ApiError } from '../../api/errors.ts'
import type { ApiRequest, ApiResponse } from '../../api/exchange.ts'
import type { Clock } from '../../platform/clock.ts'
import type { AuditLog, AuditTrail } from '../audit/audit-log.ts'
import type { Verdict } from '../auth/attributes.ts'
import type { Call } from '../call.ts'
import type { FlowControl } from '../flow/flow-control.ts'
import { nameFlow } from '../flow/naming.ts'
import { isTrue, type RequestInfo } from '../request.ts'
import type { AccessMetrics } from './access-metrics.ts'
import type { LastingMetrics } from './lasting-metrics.ts'
import type { Tally } from './metrics.ts'
import type { RequestMetrics } from './request-metrics.ts'

export interface TrafficOptions {
  clock: Clock
  flow: FlowControl
  metrics: RequestMetrics
  access: AccessMetrics
  lasting: LastingMetrics
  audit?: AuditLog
}

const LASTING = new Set(['exec', 'attach', 'portforward', 'proxy'])

/** What surrounds every request: it waits for its turn, it is counted and timed, and the audit log hears of it. */
export class Traffic {
  readonly #options: TrafficOptions

  constructor(options: TrafficOptions) {
    this.#options = options
  }

  /** Serves in turn. What lasts does not: a stream would keep its seat for hours; a watch waits to be opened only. */
  serve(call: Call, work: () => Promise<ApiResponse>): Promise<ApiResponse> {
    const { flow } = this.#options
    call.flow = flow.plan.classify(call)
    return isStream(call) ? work() : flow.run(call, call.flow, work)
  }

  now(): number {
    return this.#options.clock.monotonic()
  }

  /** What the audit log shall know of a call from now on; undefined where the policy wants nothing. */
  begin(call: Call): AuditTrail | undefined | Promise<AuditTrail> {
    return this.#options.audit?.begin(call, isLasting(call))
  }

  recognised(): void {
    this.#options.access.recognised('success')
  }

  /** Who it was is not known; that somebody tried is for the audit log all the same. */
  async unrecognised(request: ApiRequest, info: RequestInfo, error: unknown): Promise<void> {
    this.#options.access.recognised(error instanceof ApiError ? 'failure' : 'error')
    if (!(error instanceof ApiError)) return
    const caller = { name: '', groups: [] }
    const call = { request, info, caller, user: caller, warnings: [], elsewhere: { ms: 0 } }
    await this.#options.audit?.unrecognised(call, error.code)
  }

  decided(verdict: Verdict): void {
    this.#options.access.decided(verdict)
  }

  /** The answer as it leaves, once it is known. `call` is missing when the request got no further than authentication. */
  done(call: Call | undefined, response: ApiResponse, since: number): ApiResponse {
    const { clock, metrics, lasting } = this.#options
    const { status, body } = response
    metrics.note(call?.info, {
      status,
      bytes: body instanceof Uint8Array ? body.length : undefined,
      seconds: (clock.monotonic() - since) / 1000,
      elsewhereSeconds: (call?.elsewhere.ms ?? 0) / 1000,
    })
    if (call?.isTurnedAway) metrics.noteTurnedAway(call.info, status)
    const named = call?.flow ? nameFlow(response, call.flow) : response
    // Watches count themselves.
    if (!call || !body || body instanceof Uint8Array || !isStream(call)) return named
    return { ...named, body: counted(body, lasting.open(call.info)) }
  }

  /** A connection that spoke another protocol has ended, or was refused it. */
  upgraded(call: Call | undefined, status: number): void {
    this.#options.metrics.noteUpgrade(call?.info, status)
  }
}

/** An answer that goes on, counted for as long as somebody reads it. */
async function* counted(body: AsyncIterable<Uint8Array>, open: Tally): AsyncGenerator<Uint8Array> {
  open.value++
  try {
    yield* body
  } finally {
    open.value--
  }
}

function isLasting(call: Call): boolean {
  return call.info.verb === 'watch' || isStream(call)
}

function isStream({ info, request }: Call): boolean {
  if (LASTING.has(info.subresource)) return true
  return info.subresource === 'log' && isTrue(request.query.get('follow'))
}
