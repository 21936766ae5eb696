import type { Counter, Histogram, Metrics } from '../traffic/metrics.ts'

const DURATIONS = [0.005, 0.025, 0.1, 0.5, 1, 2.5]
const WEBHOOK_DURATIONS = [...DURATIONS, 10, 25]

type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

type Step = 'admit' | 'validate'

type Times = ReturnType<Histogram['of']>

/** How long admission takes, under Kubernetes' names. */
export class AdmissionMetrics {
  readonly #steps: Histogram
  readonly #plugins: Histogram

  constructor(metrics: Metrics) {
    const named = (part: string) => `apiserver_admission_${part}_admission_duration_seconds`
    this.#steps = metrics.histogram(named('step'), 'Seconds that all plugins of a step take together.', DURATIONS)
    this.#plugins = metrics.histogram(named('controller'), 'Seconds that one plugin takes.', DURATIONS)
  }

  step(type: Step): AdmissionTimes {
    return new AdmissionTimes((operation, rejected) => this.#steps.of({ operation, rejected, type }))
  }

  plugin(name: string, type: Step): AdmissionTimes {
    return new AdmissionTimes((operation, rejected) => this.#plugins.of({ name, operation, rejected, type }))
  }
}

/** The times of one plugin, or of one step: those that it let pass are found at once. */
export class AdmissionTimes {
  readonly #find: (operation: Operation, rejected: 'true' | 'false') => Times
  readonly #passed: Partial<Record<Operation, Times>> = {}

  constructor(find: (operation: Operation, rejected: 'true' | 'false') => Times) {
    this.#find = find
  }

  passed(operation: Operation, ms: number): void {
    this.#passed[operation] ??= this.#find(operation, 'false')
    this.#passed[operation].observe(ms / 1000)
  }

  rejected(operation: Operation, ms: number): void {
    this.#find(operation, 'true').observe(ms / 1000)
  }
}

export type WebhookType = 'admit' | 'validating'

/** How admission webhooks answer. */
export class WebhookMetrics {
  readonly #durations: Histogram
  readonly #rejections: Counter
  readonly #failedOpen: Counter

  constructor(metrics: Metrics) {
    const named = (part: string) => `apiserver_admission_webhook_${part}`
    this.#durations = metrics.histogram(
      named('admission_duration_seconds'),
      'Seconds that one webhook takes.',
      WEBHOOK_DURATIONS,
    )
    this.#rejections = metrics.counter(named('rejection_count'), 'Requests that a webhook refused, or its failure did.')
    this.#failedOpen = metrics.counter(named('fail_open_count'), 'Requests let pass though the webhook failed.')
  }

  asked(name: string, type: WebhookType, operation: Operation, isRejected: boolean, ms: number): void {
    this.#durations.observe({ name, operation, rejected: String(isRejected), type }, ms / 1000)
  }

  /** `code` is what the client gets of the webhook; 0 where the webhook itself could not be asked. */
  rejected(name: string, type: WebhookType, operation: Operation, code: number): void {
    const error_type = code === 0 ? 'calling_webhook_error' : 'no_error'
    this.#rejections.add({ error_type, name, operation, rejection_code: String(code), type })
  }

  failedOpen(name: string, type: WebhookType): void {
    this.#failedOpen.add({ name, type })
  }
}
