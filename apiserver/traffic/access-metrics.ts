import type { Verdict } from '../auth/attributes.ts'
import type { Metrics, Tally } from './metrics.ts'

/** Who was recognised, and who may, under Kubernetes' names. */
export class AccessMetrics {
  readonly #attempts: Record<'success' | 'failure' | 'error', Tally>
  readonly #decisions: Record<Verdict, Tally>

  constructor(metrics: Metrics) {
    const attempts = metrics.counter('authentication_attempts', 'Requests, by whether their caller was recognised.')
    const decisions = metrics.counter('authorization_attempts_total', 'Requests, by whether their caller may.')
    const attempt = (result: string) => attempts.of({ result })
    const decision = (result: string) => decisions.of({ result })
    this.#attempts = { success: attempt('success'), failure: attempt('failure'), error: attempt('error') }
    this.#decisions = { allow: decision('allowed'), deny: decision('denied'), unknown: decision('no-opinion') }
  }

  recognised(result: 'success' | 'failure' | 'error'): void {
    this.#attempts[result].value++
  }

  decided(verdict: Verdict): void {
    this.#decisions[verdict].value++
  }
}
