import type { Kind } from '../../api/kind.ts'
import type { Catalog } from '../catalog.ts'
import type { FlowControl } from '../flow/flow-control.ts'
import { addFlowMetrics } from '../flow/flow-metrics.ts'
import type { RequestInfo } from '../request.ts'
import type { Cache } from '../storage/cache.ts'
import { shelfPrefix } from '../storage/keys.ts'
import type { Counter, Histogram, Metrics, Tally } from './metrics.ts'
import type { Labeller, RequestLabels } from './request-labels.ts'

const DURATIONS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]
const SLI_DURATIONS = DURATIONS.filter(bound => bound >= 0.05)
const SIZES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
const READS = new Set(['GET', 'LIST'])

interface Surroundings {
  labeller: Labeller
  catalog: Catalog
  cache: Cache
  flow: FlowControl
}

/** A request that has been answered. */
export interface Answered {
  status: number
  /** Undefined where it is told piece by piece. */
  bytes: number | undefined
  seconds: number
  /** Of those, what it spent waiting for its turn and for webhooks. */
  elsewhereSeconds: number
}

/** What Kubernetes' dashboards and alerts ask of an API server, under Kubernetes' own names. */
export class RequestMetrics {
  readonly #labeller: Labeller
  readonly #series = new WeakMap<RequestLabels, Series>()
  readonly #total: Counter
  readonly #turnedAway: Counter
  readonly #durations: Histogram
  readonly #ownDurations: Histogram
  readonly #sizes: Histogram

  constructor(metrics: Metrics, { labeller, catalog, cache, flow }: Surroundings) {
    const counter = (name: string, help: string) => metrics.counter(`apiserver_${name}`, help)
    const histogram = (name: string, help: string, bounds: number[]) =>
      metrics.histogram(`apiserver_${name}`, help, bounds)
    this.#labeller = labeller
    this.#total = counter('request_total', 'Requests, by what they asked for and how they were answered.')
    this.#turnedAway = counter('request_terminations_total', 'Requests that the server refused to protect itself.')
    const [lasted, own] = ['Seconds from a request to its answer', 'that it did not wait for its turn or for webhooks']
    this.#durations = histogram('request_duration_seconds', `${lasted}, watches left out.`, DURATIONS)
    this.#ownDurations = histogram('request_sli_duration_seconds', `${lasted} ${own}.`, SLI_DURATIONS)
    this.#sizes = histogram('response_sizes', 'Bytes of the answers to reads, before they are packed.', SIZES)
    metrics.gauge('apiserver_current_inflight_requests', 'Requests being served now.', () => [
      [{ request_kind: 'mutating' }, flow.inFlight.mutating],
      [{ request_kind: 'readOnly' }, flow.inFlight.readOnly],
    ])
    addFlowMetrics(metrics, flow)
    metrics.gauge('apiserver_storage_objects', 'Objects in the store, by resource.', () => objectCounts(catalog, cache))
  }

  note(info: RequestInfo | undefined, { status, bytes, seconds, elsewhereSeconds }: Answered): void {
    const series = this.#seriesOf(info)
    series.total(status).value++
    if (info?.verb === 'watch') return
    series.durations.observe(seconds)
    series.ownDurations.observe(seconds - elsewhereSeconds)
    if (bytes !== undefined) series.sizes?.observe(bytes)
  }

  noteTurnedAway(info: RequestInfo, status: number): void {
    this.#turnedAway.add({ ...this.#labeller.labelsOf(info), code: String(status) })
  }

  /** A connection that was handed over, or refused: how long it lasts is up to the client. */
  noteUpgrade(info: RequestInfo | undefined, status: number): void {
    this.#seriesOf(info).total(status).value++
  }

  #seriesOf(info: RequestInfo | undefined): Series {
    const labels = this.#labeller.labelsOf(info)
    const known = this.#series.get(labels)
    if (known) return known
    const totals: Tally[] = []
    const series = {
      total: (status: number) => (totals[status] ??= this.#total.of({ ...labels, code: String(status) })),
      durations: this.#durations.of(labels),
      ownDurations: this.#ownDurations.of(labels),
      sizes: READS.has(labels.verb!) ? this.#sizes.of(labels) : undefined,
    }
    this.#series.set(labels, series)
    return series
  }
}

/** The numbers of requests with the same labels. */
interface Series {
  total(status: number): Tally
  durations: ReturnType<Histogram['of']>
  ownDurations: ReturnType<Histogram['of']>
  sizes: ReturnType<Histogram['of']> | undefined
}

function objectCounts(catalog: Catalog, cache: Cache): [Record<string, string>, number][] {
  const stored = new Map<string, Kind>()
  for (const kind of catalog.kinds) {
    if (kind.verbs.includes('list') && !stored.has(shelfPrefix(kind))) stored.set(shelfPrefix(kind), kind)
  }
  return [...stored].map(([prefix, kind]) => {
    const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`
    return [{ resource }, cache.shelf(prefix).size]
  })
}
