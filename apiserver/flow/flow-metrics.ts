import type { Metrics } from '../traffic/metrics.ts'
import type { FlowControl } from './flow-control.ts'
import type { Level } from './level.ts'
import type { CompiledSchema } from './plan.ts'

const WAITS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]

const labelsOf = ({ name, level }: CompiledSchema) => ({ priority_level: level.name, flow_schema: name })

/** What Kubernetes' dashboards ask about fairness, under Kubernetes' names. */
export function addFlowMetrics(metrics: Metrics, flow: FlowControl): void {
  const levels = (name: string, help: string, read: (level: Level) => number) =>
    metrics.gauge(`apiserver_flowcontrol_${name}`, help, () => {
      return flow.plan.pool.levels.map(level => [{ priority_level: level.name }, read(level)] as const)
    })
  levels('current_inqueue_requests', 'Requests that wait for their turn.', level => level.waiting)
  levels('current_executing_requests', 'Requests being served.', level => level.running)
  levels('current_executing_seats', 'Seats taken by requests being served.', level => level.taken)
  levels('nominal_limit_seats', 'Seats that a level may always take.', ({ allotment }) => allotment.nominal)
  levels('lower_limit_seats', 'Seats that a level lends to nobody.', ({ allotment }) => allotment.kept)
  levels('upper_limit_seats', 'Seats that a level may take at most.', ({ allotment }) => allotment.most)
  metrics.count('apiserver_flowcontrol_dispatched_requests_total', 'Requests let in.', () => {
    return flow.plan.schemas.map(schema => [labelsOf(schema), schema.dispatched] as const)
  })
  metrics.count('apiserver_flowcontrol_rejected_requests_total', 'Requests refused, by reason.', () => {
    return flow.plan.schemas.flatMap(schema =>
      Object.entries(schema.rejected).map(([reason, times]) => [{ ...labelsOf(schema), reason }, times] as const),
    )
  })
  const waits = metrics.histogram(
    'apiserver_flowcontrol_request_wait_duration_seconds',
    'Seconds that requests waited; those that did not have to are not in it.',
    WAITS,
  )
  flow.onWait = (schema, seconds, executed) => {
    waits.observe({ ...labelsOf(schema), execute: String(executed) }, seconds)
  }
}
