import type { ApiResponse } from '../../api/exchange.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { APIService } from '../../api/types/apiregistration-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Call } from '../call.ts'
import type { Neighbour, ProxyClient } from '../options.ts'
import type { Parts } from '../parts.ts'
import { forwardRequest } from '../stream/forward.ts'
import type { StreamTarget } from '../stream/target.ts'
import { timestamp } from '../verbs/meta.ts'
import { findEndpoint } from '../webhook/endpoints.ts'
import { type DiscoveredResource, parseResourceList } from './resources.ts'

export const REFRESH_EVERY_MS = 30_000

interface Extension {
  service: APIService
  resources: readonly DiscoveredResource[]
}

/**
 * Group versions that other servers serve: an APIService object says which, a service of the cluster answers for it. Their
 * requests are passed on in the caller's name; what they offer is asked from time to time, for discovery. Neighbours are
 * there without being asked, until a service is named for what they serve.
 */
export class Aggregator {
  readonly #parts: Parts
  readonly #proxyClient: ProxyClient | undefined
  readonly #neighbours: readonly (Neighbour & { offered: DiscoveredResource[] })[]
  #extensions = new Map<string, Extension>()
  #generation = 0

  constructor(parts: Parts, proxyClient: ProxyClient | undefined, neighbours: readonly Neighbour[] = []) {
    this.#parts = parts
    this.#proxyClient = proxyClient
    this.#neighbours = neighbours.map(one => ({ ...one, offered: parseResourceList(one, one.resources) }))
  }

  /** Grows whenever discovery has to be told anew. */
  get generation(): number {
    return this.#generation
  }

  resources(): DiscoveredResource[] {
    const extensions = [...this.#extensions.values()]
    const isReplaced = ({ group, version }: Neighbour) =>
      extensions.some(({ service: { spec } }) => spec?.group === group && spec.version === version)
    const neighbours = this.#neighbours.filter(one => !isReplaced(one))
    return [...extensions.flatMap(({ resources }) => resources), ...neighbours.flatMap(({ offered }) => offered)]
  }

  /** Who answers in our place, unless we serve the group version ourselves. */
  find(path: string): ((call: Call) => Promise<ApiResponse>) | undefined {
    if (!path.startsWith('/apis/')) return undefined
    const [, , group = '', version = ''] = path.split('/')
    if (this.#parts.catalog.isServed(group, version)) return undefined
    const service = this.#list().find(({ spec }) => spec?.group === group && spec.version === version)
    if (service) return call => this.#forward(call, service)
    const neighbour = this.#neighbours.find(one => one.group === group && one.version === version)
    return neighbour && (({ request }) => neighbour.handle(request))
  }

  async #forward({ request, user }: Call, service: APIService): Promise<ApiResponse> {
    const query = request.query.size > 0 ? `?${request.query}` : ''
    const extra = Object.entries(user.extra ?? {}).flatMap(([key, values]) =>
      values.flatMap(value => [`X-Remote-Extra-${encodeURIComponent(key)}`, value]),
    )
    const groups = user.groups.flatMap(group => ['X-Remote-Group', group])
    const headers = ['X-Remote-User', user.name, ...groups, ...extra]
    return forwardRequest(request, { ...this.#target(service, request.path + query), headers }, this.#parts)
  }

  /** Asks every extension what it offers, and notes in its APIService whether it answered. */
  async refresh(): Promise<void> {
    const found = new Map<string, Extension>()
    for (const service of this.#list()) {
      const name = service.metadata?.name ?? ''
      const { resources, problem } = await this.#ask(service)
      // One that does not answer for a moment keeps its place in discovery.
      found.set(name, { service, resources: problem ? (this.#extensions.get(name)?.resources ?? []) : resources })
      await this.#report(name, problem)
    }
    const offered = (extensions: Map<string, Extension>) =>
      [...extensions].map(([name, { resources }]) => [name, resources])
    if (!deepEqual(offered(found), offered(this.#extensions))) this.#generation++
    this.#extensions = found
  }

  #list(): APIService[] {
    const kind = this.#kind()
    const prefix = this.#parts.objects.shelf(kind).prefix
    const all = this.#parts.objects
      .shelf(kind)
      .range(prefix, `${prefix}\uffff`)
      .map(entry => entry.shared<APIService>())
    return all.filter(({ spec }) => spec?.service)
  }

  #kind() {
    return this.#parts.catalog.find('apiregistration.k8s.io', 'v1', 'apiservices')!
  }

  #target({ spec }: APIService, path: string): StreamTarget {
    const { name = '', namespace = '', port = 443 } = spec?.service ?? {}
    const ca = spec?.caBundle ? Buffer.from(spec.caBundle, 'base64').toString() : undefined
    const trusted = spec?.insecureSkipTLSVerify ? {} : { ca: ca ?? '' }
    const shown = { cert: this.#proxyClient?.certificate, key: this.#proxyClient?.key }
    const tls = { ...trusted, ...shown, serverName: `${name}.${namespace}.svc` }
    return { ...findEndpoint(this.#parts, namespace, name, port), path, tls }
  }

  async #ask(service: APIService): Promise<{ resources: DiscoveredResource[]; problem?: string }> {
    const { group = '', version = '' } = service.spec ?? {}
    const headers = { accept: 'application/json' }
    const patience = new AbortController()
    const timer = this.#parts.clock.after(ANSWER_WITHIN_MS, () => patience.abort())
    const identity = ['X-Remote-User', 'system:kube-aggregator', 'X-Remote-Group', 'system:masters']
    try {
      const target = { ...this.#target(service, `/apis/${group}/${version}`), headers: identity }
      const answer = await forwardRequest({ method: 'GET', headers, signal: patience.signal }, target, this.#parts)
      return { resources: parseResourceList({ group, version }, await readJson(answer)) }
    } catch (error) {
      return { resources: [], problem: error instanceof Error ? error.message : String(error) }
    } finally {
      timer.cancel()
    }
  }

  async #report(name: string, problem: string | undefined): Promise<void> {
    const status = problem ? 'False' : 'True'
    const reason = problem ? 'FailedDiscoveryCheck' : 'Passed'
    const message = problem ?? 'all checks passed'
    await this.#parts.objects.modify(this.#kind(), '', name, entry => {
      const service = entry.object<APIService>()
      const before = service.status?.conditions?.find(({ type }) => type === 'Available')
      if (before?.status === status && before.message === message) return undefined
      const lastTransitionTime =
        before?.status === status ? before.lastTransitionTime : timestamp(this.#parts.clock.now())
      const others = (service.status?.conditions ?? []).filter(({ type }) => type !== 'Available')
      const condition = { type: 'Available', status, reason, message, lastTransitionTime }
      const changed: KubeObject & { status: unknown } = {
        ...service,
        status: { ...service.status, conditions: [...others, condition] },
      }
      return changed
    })
  }
}

const ANSWER_WITHIN_MS = 5000
const LONGEST_LIST = 4 << 20

async function readJson({ status, body }: ApiResponse): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let length = 0
  if (body instanceof Uint8Array) chunks.push(body)
  else if (body) {
    for await (const chunk of body) {
      chunks.push(chunk)
      length += chunk.length
      if (length > LONGEST_LIST) throw new Error('the answer is too long')
    }
  }
  if (status !== 200) throw new Error(`bad status from the extension server: ${status}`)
  return JSON.parse(Buffer.concat(chunks).toString())
}
