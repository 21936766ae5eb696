/** Prometheus' text format. Pure. */
export interface Metric {
  name: string
  type: 'counter' | 'gauge'
  help: string
  samples: MetricSample[]
}

export interface MetricSample {
  value: number
  labels?: Record<string, string>
  /** Milliseconds; only where the value was measured at another time than it is asked for. */
  at?: number
}

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function renderMetrics(metrics: readonly Metric[]): string {
  return metrics.map(renderMetric).join('')
}

function renderMetric({ name, type, help, samples }: Metric): string {
  const lines = samples.map(({ labels = {}, value, at }) => {
    return `${name}${renderLabels(labels)} ${value}${at === undefined ? '' : ` ${Math.round(at)}`}\n`
  })
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function renderLabels(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`)
  return pairs.length > 0 ? `{${pairs.join(',')}}` : ''
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
