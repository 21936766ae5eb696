import type { ApiRequest, ApiResponse } from '../../api/exchange.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import type { Call } from '../call.ts'
import { isTrue } from '../request.ts'
import { newUid } from '../verbs/meta.ts'
import { type AuditOptions, auditEvent, auditLevel } from './audit.ts'
import type { FairQueue } from './fair-queue.ts'
import type { RequestMetrics } from './request-metrics.ts'

export interface TrafficOptions {
  clock: Clock
  random: Random
  queue: FairQueue
  metrics: RequestMetrics
  audit?: AuditOptions
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

  /** Told once the answer is known. `call` is missing when the request got no further than authentication. */
  done(_request: ApiRequest, call: Call | undefined, response: ApiResponse, since: number): void {
    const { clock, random, metrics, audit } = this.#options
    const elapsed = clock.monotonic() - since
    metrics.note(call?.info, response.status, elapsed / 1000)
    if (!audit || !call) return
    const level = auditLevel(audit.policy, call)
    if (level === 'None') return
    const completed = clock.now()
    const exchange = { id: newUid(random), call, response, received: completed - elapsed, completed }
    audit.write(JSON.stringify(auditEvent(level, exchange)))
  }
}

function isLasting({ info, request }: Call): boolean {
  if (info.verb === 'watch' || LASTING.has(info.subresource)) return true
  return info.subresource === 'log' && isTrue(request.query.get('follow'))
}
