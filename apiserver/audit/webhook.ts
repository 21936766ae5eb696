import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import { type WebhookClient, WebhookError, type WebhookTarget } from '../webhook/client.ts'
import type { AuditRecord, AuditSink, DeliveryOptions } from './sink.ts'

/** --audit-webhook-config-file and what goes with it. */
export interface AuditWebhook {
  target: WebhookTarget
  initialBackoffMs?: number
  delivery?: Partial<DeliveryOptions>
}

export const WEBHOOK_DELIVERY: DeliveryOptions = { mode: 'batch', bufferSize: 10_000, maxSize: 400, maxWaitMs: 30_000 }

const INITIAL_BACKOFF_MS = 10_000
const MOST_TRIES = 5
const BACKOFF_GROWTH = 1.5
const BACKOFF_SPREAD = 0.2
const TIMEOUT_MS = 30_000
/** How long a server that is told to stop goes on to hand over what waits. */
const LAST_WORDS_MS = 10_000

interface Surroundings {
  clock: Clock
  random: Random
  webhookClient: WebhookClient
}

/** Another server that gets the events, as an EventList. */
export class WebhookSink implements AuditSink {
  readonly name = 'webhook'
  readonly #webhook: AuditWebhook
  readonly #around: Surroundings
  readonly #hurrying = new AbortController()
  #end = Number.POSITIVE_INFINITY

  constructor(webhook: AuditWebhook, around: Surroundings) {
    this.#webhook = webhook
    this.#around = around
  }

  format(record: AuditRecord): string {
    return record.json
  }

  /** Tries again after every failure, later and later, for as long as there is time. */
  async take(events: readonly string[]): Promise<void> {
    const list = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${events.join(',')}]}`
    const { clock, random } = this.#around
    let backoff = this.#webhook.initialBackoffMs ?? INITIAL_BACKOFF_MS
    for (let tries = 1; ; tries++) {
      const isLast = tries === MOST_TRIES || this.#hurrying.signal.aborted
      try {
        return await this.#post(list)
      } catch (error) {
        if (isLast || !(error instanceof WebhookError)) throw error
      }
      await pause(clock, backoff * (1 + BACKOFF_SPREAD * random.next()), this.#hurrying.signal)
      backoff *= BACKOFF_GROWTH
    }
  }

  hurry(): void {
    this.#end = this.#around.clock.monotonic() + LAST_WORDS_MS
    this.#hurrying.abort()
  }

  async #post(list: string): Promise<void> {
    const { clock, webhookClient } = this.#around
    const left = Math.min(TIMEOUT_MS, this.#end - clock.monotonic())
    if (left <= 0) throw new WebhookError('the server stops')
    await webhookClient.post(this.#webhook.target, list, left)
  }
}
