/** Counters, gauges and histograms in Prometheus' text form: as much of it as the server needs. */

type Labels = Readonly<Record<string, string>>

interface Metric {
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  lines(): Iterable<string>
}

type Read = () => Iterable<readonly [Labels, number]>

export class Metrics {
  readonly #metrics: Metric[] = []

  counter(name: string, help: string): Counter {
    return this.#add(new Counter(name, help))
  }

  histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return this.#add(new Histogram(name, help, buckets))
  }

  /** Asked for its values whenever somebody reads the metrics. */
  gauge(name: string, help: string, read: Read): void {
    this.#add({ name, help, type: 'gauge' as const, lines: () => samples(name, read) })
  }

  /** The same, of numbers that only grow and that somebody else counts. */
  count(name: string, help: string, read: Read): void {
    this.#add({ name, help, type: 'counter' as const, lines: () => samples(name, read) })
  }

  text(): string {
    return this.#metrics
      .flatMap(metric => [
        `# HELP ${metric.name} ${metric.help}`,
        `# TYPE ${metric.name} ${metric.type}`,
        ...metric.lines(),
      ])
      .concat('')
      .join('\n')
  }

  #add<T extends Metric>(metric: T): T {
    this.#metrics.push(metric)
    return metric
  }
}

export class Counter implements Metric {
  readonly type = 'counter'
  readonly name: string
  readonly help: string
  readonly #values = new Map<string, number>()

  constructor(name: string, help: string) {
    this.name = name
    this.help = help
  }

  add(labels: Labels, amount = 1): void {
    const key = labelText(labels)
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount)
  }

  *lines(): Iterable<string> {
    for (const [labels, value] of this.#values) yield `${this.name}${labels} ${value}`
  }
}

interface Distribution {
  labels: Labels
  counts: number[]
  sum: number
  count: number
}

export class Histogram implements Metric {
  readonly type = 'histogram'
  readonly name: string
  readonly help: string
  readonly #buckets: readonly number[]
  readonly #values = new Map<string, Distribution>()

  constructor(name: string, help: string, buckets: readonly number[]) {
    this.name = name
    this.help = help
    this.#buckets = buckets
  }

  observe(labels: Labels, value: number): void {
    const key = labelText(labels)
    const known = this.#values.get(key)
    const distribution = known ?? { labels, counts: this.#buckets.map(() => 0), sum: 0, count: 0 }
    if (!known) this.#values.set(key, distribution)
    const bucket = this.#buckets.findIndex(bound => value <= bound)
    if (bucket >= 0) distribution.counts[bucket]!++
    distribution.sum += value
    distribution.count++
  }

  *lines(): Iterable<string> {
    for (const { labels, counts, sum, count } of this.#values.values()) {
      let total = 0
      for (const [index, bound] of this.#buckets.entries()) {
        total += counts[index]!
        yield sample(`${this.name}_bucket`, { ...labels, le: String(bound) }, total)
      }
      yield sample(`${this.name}_bucket`, { ...labels, le: '+Inf' }, count)
      yield sample(`${this.name}_sum`, labels, sum)
      yield sample(`${this.name}_count`, labels, count)
    }
  }
}

function samples(name: string, read: Read): string[] {
  return [...read()].map(([labels, value]) => sample(name, labels, value))
}

function sample(name: string, labels: Labels, value: number): string {
  return `${name}${labelText(labels)} ${value}`
}

const texts = new WeakMap<Labels, string>()

function labelText(labels: Labels): string {
  const known = texts.get(labels)
  if (known !== undefined) return known
  const parts = Object.entries(labels).map(([key, value]) => `${key}="${escapeValue(value)}"`)
  const text = parts.length === 0 ? '' : `{${parts.join(',')}}`
  texts.set(labels, text)
  return text
}

function escapeValue(value: string): string {
  return value.replace(/[\\"\n]/g, sign => (sign === '\n' ? '\\n' : `\\${sign}`))
}
