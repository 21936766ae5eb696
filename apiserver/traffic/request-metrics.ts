import type { Kind } from '../../api/kind.ts'
import { type Catalog, subresourceOf } from '../catalog.ts'
import type { FlowControl } from '../flow/flow-control.ts'
import { addFlowMetrics } from '../flow/flow-metrics.ts'
import type { RequestInfo } from '../request.ts'
import type { Cache } from '../storage/cache.ts'
import { shelfPrefix } from '../storage/keys.ts'
import { type Counter, type Histogram, type Metrics, remembered } from './metrics.ts'

const DURATIONS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]
const UPPER_VERBS: Record<string, string> = {
  ...{ get: 'GET', list: 'LIST', watch: 'WATCH', create: 'POST', update: 'PUT', patch: 'PATCH' },
  ...{ delete: 'DELETE', deletecollection: 'DELETECOLLECTION' },
}

/** What Kubernetes' dashboards and alerts ask of an API server, under Kubernetes' own names. */
export class RequestMetrics {
  readonly #catalog: Catalog
  readonly #labels = new WeakMap<Kind, Map<string, RequestLabels>>()
  readonly #others = new Map<string, RequestLabels>()
  readonly #total: Counter
  readonly #durations: Histogram

  constructor(metrics: Metrics, catalog: Catalog, cache: Cache, flow: FlowControl) {
    this.#catalog = catalog
    this.#total = metrics.counter(
      'apiserver_request_total',
      'Requests, by what they asked for and how they were answered.',
    )
    const durations = 'apiserver_request_duration_seconds'
    this.#durations = metrics.histogram(durations, 'Seconds from a request to its answer, watches left out.', DURATIONS)
    metrics.gauge('apiserver_current_inflight_requests', 'Requests being served now.', () => [
      [{ request_kind: 'mutating' }, flow.inFlight.mutating],
      [{ request_kind: 'readOnly' }, flow.inFlight.readOnly],
    ])
    addFlowMetrics(metrics, flow)
    metrics.gauge('apiserver_storage_objects', 'Objects in the store, by resource.', () => objectCounts(catalog, cache))
    metrics.gauge('process_resident_memory_bytes', 'Resident memory.', () => [[{}, process.memoryUsage.rss()]])
    metrics.gauge('process_cpu_seconds_total', 'CPU time, user and system.', () => [[{}, cpuSeconds()]])
  }

  note(info: RequestInfo | undefined, status: number, seconds: number): void {
    const { labels, withCode } = this.#labelsOf(info, status)
    this.#total.add(withCode)
    if (info?.verb !== 'watch') this.#durations.observe(labels, seconds)
  }

  /**
   * The same labels are the same objects every time: their text is made once. Only what exists is told apart: paths come
   * from clients, and nobody shall fill the memory with names he invents.
   */
  #labelsOf(info: RequestInfo | undefined, status: number): RequestLabels {
    const kind = info?.isResource ? this.#catalog.find(info.group, info.version, info.plural) : undefined
    const verb = info && UPPER_VERBS[info.verb]
    if (!info || !kind || !verb) return remembered(this.#others, String(status), () => withCodes(OTHER, status))
    const scope = info.name !== '' ? 'resource' : info.namespace !== '' ? 'namespace' : 'cluster'
    const subresource = info.subresource && (subresourceOf(kind, info.subresource)?.name ?? '')
    const known = this.#labels.get(kind) ?? new Map<string, RequestLabels>()
    this.#labels.set(kind, known)
    const { group, version, plural: resource } = kind
    return remembered(known, `${verb} ${scope} ${status} ${subresource}`, () =>
      withCodes({ verb, group, version, resource, subresource, scope }, status),
    )
  }
}

interface RequestLabels {
  labels: Readonly<Record<string, string>>
  withCode: Readonly<Record<string, string>>
}

const OTHER = { verb: 'other', group: '', version: '', resource: '', subresource: '', scope: '' }

function withCodes(labels: RequestLabels['labels'], status: number): RequestLabels {
  return { labels, withCode: { ...labels, code: String(status) } }
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

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
