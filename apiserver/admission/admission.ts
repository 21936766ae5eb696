import type { Identity } from '../../api/exchange.ts'
import type { Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Metrics } from '../traffic/metrics.ts'
import { AdmissionMetrics, type AdmissionTimes } from './admission-metrics.ts'

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

/** A write that admission may change or refuse. */
export interface AdmissionRequest {
  operation: Operation
  kind: Kind
  subresource: string
  namespace: string
  name: string
  /** What is about to be stored; mutating plugins change it in place. Absent when something is deleted. */
  object?: KubeObject
  /** What stands there now; absent when something is created. */
  old?: KubeObject
  user: Identity
  dryRun: boolean
  options: Record<string, unknown>
  warnings: string[]
  /** For the audit log, where it listens. */
  annotations?: Record<string, string>
  /** Time that others take of it is added here. */
  elsewhere?: { ms: number }
}

/** The first to write something down under a name is believed. */
export function annotate({ annotations }: AdmissionRequest, key: string, value: string): void {
  if (annotations) annotations[key] ??= value
}

/** Mutating plugins run before validation, validating ones after it. Refusals are ApiErrors. */
export interface AdmissionPlugin {
  readonly name: string
  mutate?(request: AdmissionRequest): void | Promise<void>
  validate?(request: AdmissionRequest): void | Promise<void>
}

/** The plugins that are on, in Kubernetes' order. */
export class Admission {
  readonly #clock: Clock
  readonly #mutating: Step
  readonly #validating: Step

  constructor(plugins: readonly AdmissionPlugin[], { clock, metrics }: { clock: Clock; metrics: Metrics }) {
    const times = new AdmissionMetrics(metrics)
    this.#clock = clock
    this.#mutating = {
      times: times.step('admit'),
      plugins: plugins
        .filter(plugin => plugin.mutate)
        .map(plugin => ({ run: request => plugin.mutate!(request), times: times.plugin(plugin.name, 'admit') })),
    }
    this.#validating = {
      times: times.step('validate'),
      plugins: plugins
        .filter(plugin => plugin.validate)
        .map(plugin => ({ run: request => plugin.validate!(request), times: times.plugin(plugin.name, 'validate') })),
    }
  }

  mutate(request: AdmissionRequest): Promise<void> {
    return this.#pass(this.#mutating, request)
  }

  validate(request: AdmissionRequest): Promise<void> {
    return this.#pass(this.#validating, request)
  }

  /** One after the other. The clock is read once for each: where one ends the next begins. */
  async #pass({ plugins, times }: Step, request: AdmissionRequest): Promise<void> {
    const { operation } = request
    const began = this.#clock.monotonic()
    let since = began
    let current = times
    try {
      for (const plugin of plugins) {
        current = plugin.times
        const asking = plugin.run(request)
        if (asking) await asking
        const now = this.#clock.monotonic()
        current.passed(operation, now - since)
        since = now
      }
    } catch (error) {
      const now = this.#clock.monotonic()
      current.rejected(operation, now - since)
      times.rejected(operation, now - began)
      throw error
    }
    times.passed(operation, since - began)
  }
}

/** What is asked in one of the two steps, and how long it takes. */
interface Step {
  times: AdmissionTimes
  plugins: { run(request: AdmissionRequest): void | Promise<void>; times: AdmissionTimes }[]
}
