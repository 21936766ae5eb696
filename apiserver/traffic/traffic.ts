import type { ApiResponse } from '../../api/exchange.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Call } from '../call.ts'
import { isTrue } from '../request.ts'
import type { AuditLog, AuditTrail } from './audit-log.ts'
import type { FairQueue } from './fair-queue.ts'
import type { RequestMetrics } from './request-metrics.ts'

export interface TrafficOptions {
  clock: Clock
  queue: FairQueue
  metrics: RequestMetrics
  audit?: AuditLog
}

const LASTING = new Set(['exec', 'attach', 'portforward', 'proxy'])
const EXEMPT = 'system:masters'

/** What surrounds every request: it waits for its turn, it is counted and timed, and the audit log hears of it. */
export class Traffic {
  readonly #options: TrafficOptions

  constructor(options: TrafficOptions) {
    this.#options = options
  }

  /** Serves in turn; what lasts long, and what keeps the cluster alive, does not wait. */
  serve(call: Call, work: () => Promise<ApiResponse>): Promise<ApiResponse> {
    if (isLasting(call) || call.user.groups.includes(EXEMPT) || !call.info.isResource) return work()
    const kind = ['get', 'list'].includes(call.info.verb) ? 'readOnly' : 'mutating'
    return this.#options.queue.run(kind, call.user.name, work)
  }

  now(): number {
    return this.#options.clock.monotonic()
  }

  /** What the audit log shall know of a call from now on; undefined where the policy wants nothing. */
  begin(call: Call): AuditTrail | undefined {
    return this.#options.audit?.begin(call, isLasting(call))
  }

  /** Told once the answer is known. `call` is missing when the request got no further than authentication. */
  done(call: Call | undefined, response: ApiResponse, since: number): void {
    const { clock, metrics } = this.#options
    metrics.note(call?.info, response.status, (clock.monotonic() - since) / 1000)
  }
}

function isLasting({ info, request }: Call): boolean {
  if (info.verb === 'watch' || LASTING.has(info.subresource)) return true
  return info.subresource === 'log' && isTrue(request.query.get('follow'))
}
