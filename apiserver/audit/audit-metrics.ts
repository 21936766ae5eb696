import type { Counter, Metrics, Tally } from '../traffic/metrics.ts'

/** How the audit log fares, under Kubernetes' names. */
export class AuditMetrics {
  readonly events: Tally
  readonly errors: Counter
  readonly levels: Counter
  readonly rejected: Tally

  constructor(metrics: Metrics) {
    const audit = (name: string, help: string) => metrics.counter(`apiserver_audit_${name}`, help)
    this.events = audit('event_total', 'Events told to the sinks of the audit log.').of({})
    this.errors = audit('error_total', 'Events that a sink did not get, by what lost them.')
    this.levels = audit('level_total', 'Requests, by the level at which the policy wants to know of them.')
    this.rejected = audit('requests_rejected_total', 'Requests refused as they could not be told of.').of({})
  }
}
