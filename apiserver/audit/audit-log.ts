/**
 * apiserver/audit/ tells what was asked of the server, by whom, and how it ended. Start here (the moments of one call), then
 * policy.ts (of which of them is told, and how much), event.ts (in what words), delivery.ts (how a sink is served),
 * file.ts and webhook.ts (the sinks).
 */
import { ApiError } from '../../api/errors.ts'
import type { ApiResponse } from '../../api/exchange.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { Random } from '../../platform/random.ts'
import type { Call } from '../call.ts'
import type { Metrics } from '../traffic/metrics.ts'
import { newUid } from '../verbs/meta.ts'
import type { WebhookClient } from '../webhook/client.ts'
import { AuditMetrics } from './audit-metrics.ts'
import { type Delivery, deliver } from './delivery.ts'
import { type AuditMoment, attemptedBy, auditEvent } from './event.ts'
import { type AuditFile, LOG_DELIVERY, logSink } from './file.ts'
import { type AuditPolicy, type AuditStage, auditDecision } from './policy.ts'
import { AuditRecord } from './sink.ts'
import { type AuditWebhook, WEBHOOK_DELIVERY, WebhookSink } from './webhook.ts'

export interface AuditOptions {
  policy: AuditPolicy
  log?: AuditFile
  webhook?: AuditWebhook
}

export interface AuditSurroundings {
  clock: Clock
  random: Random
  log: Log
  metrics: Metrics
  webhookClient: WebhookClient
}

/** Tells its sinks of each moment of a call that the policy wants to know of. */
export class AuditLog {
  readonly #policy: AuditPolicy
  readonly #clock: Clock
  readonly #random: Random
  readonly #metrics: AuditMetrics
  readonly #deliveries: Delivery[]

  constructor({ policy, log: file, webhook }: AuditOptions, around: AuditSurroundings) {
    const { clock, random } = around
    this.#policy = policy
    this.#clock = clock
    this.#random = random
    this.#metrics = new AuditMetrics(around.metrics)
    const server = { clock, random, log: around.log.child('audit'), metrics: this.#metrics }
    this.#deliveries = [
      ...(file ? [deliver(logSink(file), { ...LOG_DELIVERY, ...file.delivery }, server)] : []),
      ...(webhook
        ? [deliver(new WebhookSink(webhook, around), { ...WEBHOOK_DELIVERY, ...webhook.delivery }, server)]
        : []),
    ]
  }

  /** What is told of a call from now on; rejects, or throws, where it must not go on because that cannot be told. */
  begin(call: Call, lasting: boolean): AuditTrail | undefined | Promise<AuditTrail> {
    const note = this.#noteFor(call)
    if (!note) return undefined
    call.annotations = {}
    const trail = new AuditTrail(note, lasting)
    const told = note('RequestReceived', {})
    if (told instanceof Promise) return told.then(isTold => (isTold ? trail : this.#reject()))
    return told ? trail : this.#reject()
  }

  /** A caller who could not show who he is: one event, at the moment of the answer, as Kubernetes tells it. */
  unrecognised(call: Call, status: number): Told | undefined {
    return this.#noteFor(call)?.('ResponseStarted', { status, message: attemptedBy(call.request) })
  }

  /** Everything that waits is handed over, or given up. */
  async close(): Promise<void> {
    await Promise.all(this.#deliveries.map(delivery => delivery.close()))
  }

  #reject(): never {
    this.#metrics.rejected.value++
    throw new ApiError('InternalError', 'Internal error occurred: failed to store audit event')
  }

  #noteFor(call: Call): Note | undefined {
    const { level, stages } = auditDecision(this.#policy, { info: call.info, user: call.caller })
    this.#metrics.levels.of({ level }).value++
    if (level === 'None') return undefined
    const received = this.#clock.now()
    const id = newUid(this.#random)
    return (stage, rest) => {
      if (!stages.has(stage)) return true
      return this.#tell({ id, level, stage, call, received, now: this.#clock.now(), ...rest })
    }
  }

  #tell(moment: AuditMoment): Told {
    this.#metrics.events.value++
    const record = new AuditRecord(auditEvent(moment))
    const told = this.#deliveries.map(delivery => delivery.take(record))
    if (!told.some(one => one instanceof Promise)) return told.every(one => one === true)
    return Promise.all(told).then(all => all.every(one => one))
  }
}

/** Whether the call may go on as far as its sinks are concerned; never rejects. */
type Told = boolean | Promise<boolean>

type Note = (stage: AuditStage, rest: Pick<AuditMoment, 'status' | 'message' | 'answer'>) => Told

/** What is still to be told of one call. Where a sink makes the call wait there is a promise to wait for. */
export class AuditTrail {
  readonly #note: Note
  readonly #lasting: boolean

  constructor(note: Note, lasting: boolean) {
    this.#note = note
    this.#lasting = lasting
  }

  /** The answer, which tells of its own end where it lasts. */
  answered(response: ApiResponse, foreseen: boolean): ApiResponse | Promise<ApiResponse> {
    const { status, body, events } = response
    const ended = () => this.complete(status)
    if (foreseen && this.#lasting && events) {
      return afterwards(this.started(status), { ...response, events: untilEnd(events, ended) })
    }
    if (foreseen && this.#lasting && body && !(body instanceof Uint8Array)) {
      return afterwards(this.started(status), { ...response, body: untilEnd(body, ended) })
    }
    return afterwards(this.#note(foreseen ? 'ResponseComplete' : 'Panic', { status, answer: body }), response)
  }

  started(status: number): Told {
    return this.#note('ResponseStarted', { status })
  }

  complete(status: number): Told {
    return this.#note('ResponseComplete', { status })
  }
}

function afterwards(told: Told, response: ApiResponse): ApiResponse | Promise<ApiResponse> {
  return told instanceof Promise ? told.then(() => response) : response
}

async function* untilEnd<T>(answer: AsyncIterable<T>, ended: () => Told): AsyncGenerator<T> {
  try {
    yield* answer
  } finally {
    await ended()
  }
}
