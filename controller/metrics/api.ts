import { ApiError, notFound } from '../../api/errors.ts'
import type { ApiHandler, ApiRequest, ApiResponse } from '../../api/exchange.ts'
import type { KubeObject } from '../../api/objects.ts'
import { matchesLabels, parseLabelSelector } from '../../api/selectors.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { NodeMetrics, PodMetrics } from '../../api/types/metrics-v1beta1.ts'
import type { Client, Live } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { nodeMetrics, podMetrics, type Summary } from './summary.ts'

const [GROUP, VERSION] = ['metrics.k8s.io', 'v1beta1']
const GROUP_VERSION = `${GROUP}/${VERSION}`
/** Answers that are younger than this are not asked for again, however many ask. */
const FRESH_MS = 5000

export interface MetricsApiOptions {
  client: Client
  clock: Clock
  log: Log
  nodes: Informer<Node>
  pods: Informer<Pod>
}

/**
 * Serves metrics.k8s.io (`kubectl top`, autoscalers) from what the agents measure, asked through the API server's proxy to
 * them. Nothing is kept but the last answers.
 */
export function createMetricsApi(options: MetricsApiOptions): ApiHandler {
  const api = new MetricsApi(options)
  return async request => {
    try {
      return json(200, await api.answer(request))
    } catch (error) {
      if (error instanceof ApiError) return json(error.code, error.toStatus())
      throw error
    }
  }
}

class MetricsApi {
  readonly #options: MetricsApiOptions
  readonly #summaries = new Map<string, { at: number; summary: Promise<Summary | undefined> }>()

  constructor(options: MetricsApiOptions) {
    this.#options = options
  }

  async answer({ method, path, query }: ApiRequest): Promise<object> {
    if (method !== 'GET')
      throw new ApiError('MethodNotAllowed', 'the server does not allow this method on the requested resource')
    const parts = path
      .replace(/^\/apis\/metrics\.k8s\.io\/v1beta1\/?/, '')
      .split('/')
      .map(decodeURIComponent)
    const selector = parseLabelSelector(query.get('labelSelector') ?? '')
    const isSelected = ({ metadata }: KubeObject) => matchesLabels(selector, metadata?.labels)
    if (parts[0] === '') return RESOURCES
    if (parts[0] === 'nodes') return this.#nodes(parts[1], isSelected)
    if (parts[0] === 'pods') return list('PodMetrics', (await this.#pods(undefined)).filter(isSelected))
    if (parts[0] === 'namespaces' && parts[2] === 'pods') return this.#podsIn(parts[1]!, parts[3], isSelected)
    throw new ApiError('NotFound', 'the server could not find the requested resource')
  }

  async #nodes(name: string | undefined, isSelected: (object: KubeObject) => boolean): Promise<object> {
    const nodes = name ? [this.#options.nodes.get(name)].filter(node => node !== undefined) : this.#options.nodes.list()
    const measured = await Promise.all(nodes.map(node => this.#nodeMetrics(node)))
    const items = measured.filter((item): item is NodeMetrics => item !== undefined)
    if (!name) return list('NodeMetrics', items.filter(isSelected))
    return items[0] ?? missing('nodes', name)
  }

  async #nodeMetrics(node: Live<Node>): Promise<NodeMetrics | undefined> {
    const summary = await this.#summaryOf(node.metadata.name)
    return summary && nodeMetrics(node.metadata, summary)
  }

  async #podsIn(
    namespace: string,
    name: string | undefined,
    isSelected: (object: KubeObject) => boolean,
  ): Promise<object> {
    const all = (await this.#pods(namespace, name)).filter(item => item.metadata?.namespace === namespace)
    if (!name) return list('PodMetrics', all.filter(isSelected))
    return all.find(item => item.metadata?.name === name) ?? missing('pods', name)
  }

  /** Only the nodes on which such pods stand are asked. */
  async #pods(namespace: string | undefined, name?: string): Promise<PodMetrics[]> {
    const { pods } = this.#options
    const wanted = pods.list().filter(({ metadata }) => {
      return (!namespace || metadata.namespace === namespace) && (!name || metadata.name === name)
    })
    const nodeNames = [...new Set(wanted.flatMap(pod => pod.spec.nodeName ?? []))]
    const summaries = await Promise.all(nodeNames.map(nodeName => this.#summaryOf(nodeName)))
    return summaries.flatMap(summary => (summary ? podMetrics(summary, key => pods.get(key)?.metadata.labels) : []))
  }

  #summaryOf(nodeName: string): Promise<Summary | undefined> {
    const now = this.#options.clock.monotonic()
    const known = this.#summaries.get(nodeName)
    if (known && now - known.at < FRESH_MS) return known.summary
    const summary = this.#ask(nodeName)
    this.#summaries.set(nodeName, { at: now, summary })
    return summary
  }

  /** A node that does not answer has no metrics; the others have. */
  async #ask(nodeName: string): Promise<Summary | undefined> {
    try {
      return await this.#options.client.read<Summary>(`/api/v1/nodes/${nodeName}/proxy/stats/summary`)
    } catch (error) {
      this.#options.log.info('A node could not be asked for its metrics', { node: nodeName, error })
      return undefined
    }
  }
}

const RESOURCES = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: GROUP_VERSION,
  resources: [
    { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
    { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
  ],
}

/** What a server has to know that offers this beside its own. */
export const METRICS_API = { group: GROUP, version: VERSION, resources: RESOURCES }

function list(kind: string, items: readonly KubeObject[]): object {
  return { kind: `${kind}List`, apiVersion: GROUP_VERSION, metadata: {}, items }
}

function missing(plural: string, name: string): never {
  throw notFound({ group: 'metrics.k8s.io', plural }, name)
}

function json(status: number, body: object): ApiResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) }
}
