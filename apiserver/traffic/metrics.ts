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
    return this.#add(new Counter('counter', name, help))
  }

  /** Goes up and down. */
  level(name: string, help: string): Counter {
    return this.#add(new Counter('gauge', name, help))
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

/** One number of a counter: whoever counts often keeps it, and looks up no labels. */
export interface Tally {
  value: number
}

export class Counter implements Metric {
  readonly type: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
  readonly #tallies = new Map<string, Tally>()

  constructor(type: 'counter' | 'gauge', name: string, help: string) {
    this.type = type
    this.name = name
    this.help = help
  }

  of(labels: Labels): Tally {
    return remembered(this.#tallies, labelText(labels), () => ({ value: 0 }))
  }

  add(labels: Labels, amount = 1): void {
    this.of(labels).value += amount
  }

  *lines(): Iterable<string> {
    for (const [labels, { value }] of this.#tallies) yield `${this.name}${labels} ${value}`
  }
}

export class Histogram implements Metric {
  readonly type = 'histogram'
  readonly name: string
  readonly help: string
  readonly #buckets: readonly number[]
  readonly #distributions = new Map<string, Distribution>()

  constructor(name: string, help: string, buckets: readonly number[]) {
    this.name = name
    this.help = help
    this.#buckets = buckets
  }

  of(labels: Labels): Distribution {
    return remembered(this.#distributions, labelText(labels), () => new Distribution(labels, this.#buckets))
  }

  observe(labels: Labels, value: number): void {
    this.of(labels).observe(value)
  }

  *lines(): Iterable<string> {
    for (const distribution of this.#distributions.values()) yield* distribution.lines(this.name)
  }
}

/** The values of one set of labels, by size. */
class Distribution {
  readonly #labels: Labels
  readonly #buckets: readonly number[]
  readonly #counts: number[]
  #sum = 0
  #count = 0

  constructor(labels: Labels, buckets: readonly number[]) {
    this.#labels = labels
    this.#buckets = buckets
    this.#counts = buckets.map(() => 0)
  }

  observe(value: number): void {
    this.#sum += value
    this.#count++
    let bucket = 0
    while (bucket < this.#buckets.length && value > this.#buckets[bucket]!) bucket++
    if (bucket < this.#buckets.length) this.#counts[bucket]!++
  }

  *lines(name: string): Iterable<string> {
    const labels = this.#labels
    const others = labelText(labels).slice(1, -1)
    const bucket = `${name}_bucket{${others === '' ? '' : `${others},`}le=`
    let total = 0
    for (const [index, bound] of this.#buckets.entries()) {
      total += this.#counts[index]!
      yield `${bucket}"${bound}"} ${total}`
    }
    yield `${bucket}"+Inf"} ${this.#count}`
    yield sample(`${name}_sum`, labels, this.#sum)
    yield sample(`${name}_count`, labels, this.#count)
  }
}

export function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make()
  known.set(key, made)
  return made
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
