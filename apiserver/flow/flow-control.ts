/**
 * flow/ lets requests in fairly: FlowSchemas say to which priority level a request belongs (classify.ts), levels share
 * the server's seats (shares.ts), and what has to wait waits in queues that are served evenly (level.ts).
 * Start here. Where nobody has to wait this costs a few comparisons and counters: no timer, no promise.
 */
import { ApiError } from '../../api/errors.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Call } from '../call.ts'
import type { Catalog } from '../catalog.ts'
import type { Cache } from '../storage/cache.ts'
import { shelfPrefix } from '../storage/keys.ts'
import { distinguisherOf } from './classify.ts'
import type { Refusal, Waiting } from './level.ts'
import { type CompiledSchema, FlowPlan } from './plan.ts'
import { seatsOfList } from './shares.ts'

export interface FlowLimits {
  /** --max-requests-inflight and --max-mutating-requests-inflight: together they are the server's seats. */
  readOnly: number
  mutating: number
  longestWaitMs: number
}

export const DEFAULT_LIMITS: FlowLimits = { readOnly: 400, mutating: 200, longestWaitMs: 15_000 }

/** A list takes no more than this part of its level. */
const WIDEST_PART = 0.15

export interface FlowControlOptions {
  catalog: Catalog
  cache: Cache
  clock: Clock
  limits: FlowLimits
}

/** How long somebody waited, and whether he was let in after it. */
export type WaitListener = (schema: CompiledSchema, seconds: number, executed: boolean) => void

export class FlowControl {
  readonly plan: FlowPlan
  /** Requests that run now, as older dashboards count them. */
  readonly inFlight = { readOnly: 0, mutating: 0 }
  onWait: WaitListener = () => {}
  readonly #options: FlowControlOptions

  constructor(options: FlowControlOptions) {
    this.#options = options
    const { readOnly, mutating } = options.limits
    this.plan = new FlowPlan(options.catalog, options.cache, readOnly + mutating)
  }

  /** Serves when it is this flow's turn; TooManyRequests when that would take too long. */
  async run<T>(call: Call, schema: CompiledSchema, work: () => Promise<T>): Promise<T> {
    const { level } = schema
    const seats = this.#seatsOf(call, schema)
    const kind = READS.has(call.info.verb) ? 'readOnly' : 'mutating'
    let queued: Waiting | undefined
    if (level.hasRoom(seats)) level.take(seats)
    else queued = await this.#wait(call, schema, seats)
    const since = queued ? this.#options.clock.monotonic() : 0
    this.inFlight[kind]++
    schema.dispatched++
    try {
      return await work()
    } finally {
      this.inFlight[kind]--
      level.give(seats, queued?.queue, queued && this.#options.clock.monotonic() - since)
    }
  }

  #seatsOf({ info, request }: Call, { level }: CompiledSchema): number {
    if (info.verb !== 'list' || info.name !== '' || level.allotment.exempt) return 1
    const kind = this.#options.catalog.find(info.group, info.version, info.plural)
    if (!kind) return 1
    const objects = this.#options.cache.shelf(shelfPrefix(kind)).size
    const widest = Math.max(1, Math.floor(level.allotment.nominal * WIDEST_PART))
    return Math.min(widest, seatsOfList(objects, Number(request.query.get('limit') ?? 0)))
  }

  #wait(call: Call, schema: CompiledSchema, seats: number): Promise<Waiting> {
    const { clock, limits } = this.#options
    const { signal } = call.request
    const since = clock.monotonic()
    return new Promise((resolve, reject) => {
      const end = (settle: () => void, executed: boolean) => {
        timer.cancel()
        signal.removeEventListener('abort', onAbort)
        const waited = clock.monotonic() - since
        call.elsewhere.ms += waited
        this.onWait(schema, waited / 1000, executed)
        settle()
      }
      const flow = { schema: schema.name, distinguisher: distinguisherOf(schema.object, call) }
      const waiting = schema.level.enqueue(flow, seats, () => end(() => resolve(waiting as Waiting), true))
      if (typeof waiting === 'string') return reject(turnAway(call, schema, waiting))
      const leave = (why: Refusal) => {
        schema.level.forget(waiting)
        end(() => reject(turnAway(call, schema, why)), false)
      }
      const timer = clock.after(limits.longestWaitMs, () => leave('time-out'))
      const onAbort = () => leave('cancelled')
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }
}

const READS = new Set(['get', 'list', 'watch'])

function turnAway(call: Call, schema: CompiledSchema, why: Refusal): ApiError {
  call.isTurnedAway = true
  schema.rejected[why] = (schema.rejected[why] ?? 0) + 1
  return new ApiError('TooManyRequests', 'too many requests, please try again later', { retryAfterSeconds: 1 })
}
