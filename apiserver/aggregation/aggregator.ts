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
import { readAnswer } from './answers.ts'
import { askDocuments, type ForeignDocuments } from './documents.ts'
import { type DiscoveredResource, parseResourceList } from './resources.ts'

export const REFRESH_EVERY_MS = 30_000

interface Extension {
  service: APIService
  resources: readonly DiscoveredResource[]
  documents: ForeignDocuments
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

  /** What extensions say of their group versions in OpenAPI, by `apis/GROUP/VERSION`. */
  documents(): [path: string, documents: ForeignDocuments][] {
    const foreign = [...this.#extensions.values()].filter(
      ({ service: { spec } }) => !this.#parts.catalog.isServed(spec?.group ?? '', spec?.version ?? ''),
    )
    return foreign.map(({ service: { spec }, documents }) => [`apis/${spec?.group}/${spec?.version}`, documents])
  }

  /** Who answers in our place, unless we serve the group version ourselves. */
  find(path: string): ((call: Call) => Promise<ApiResponse>) | undefined {
    const [, about, group = '', version = ''] = /^(\/openapi\/v3)?\/apis\/([^/]+)\/([^/]+)/.exec(path) ?? []
    if (this.#parts.catalog.isServed(group, version)) return undefined
    const service = this.#list().find(({ spec }) => spec?.group === group && spec.version === version)
    if (service) return call => this.#forward(call, service)
    if (about) return undefined
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
      const { resources, problem } = await this.#discover(service)
      const before = this.#extensions.get(name)
      const documents = problem ? (before?.documents ?? {}) : await this.#documentsOf(service, before?.documents ?? {})
      // One that does not answer for a moment keeps its place in discovery.
      found.set(name, { service, resources: problem ? (before?.resources ?? []) : resources, documents })
      await this.#report(name, problem)
    }
    const offered = (extensions: Map<string, Extension>) =>
      [...extensions].map(([name, { resources, documents }]) => [name, resources, documents])
    if (!deepEqual(offered(found), offered(this.#extensions))) this.#generation++
    this.#extensions = found
  }

  /** By name, whether an extension does not answer, as it was seen last. */
  unavailable(): [{ name: string }, number][] {
    return this.#list().map(({ metadata, status }) => {
      const isAvailable = status?.conditions?.some(one => one.type === 'Available' && one.status === 'True')
      return [{ name: metadata?.name ?? '' }, isAvailable ? 0 : 1]
    })
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

  async #discover(service: APIService): Promise<{ resources: DiscoveredResource[]; problem?: string }> {
    const { group = '', version = '' } = service.spec ?? {}
    try {
      const list = await this.#ask(service, `/apis/${group}/${version}`, {}, answer => readAnswer(answer, LONGEST_LIST))
      return { resources: parseResourceList({ group, version }, list) }
    } catch (error) {
      return { resources: [], problem: error instanceof Error ? error.message : String(error) }
    }
  }

  async #documentsOf(service: APIService, known: ForeignDocuments): Promise<ForeignDocuments> {
    const { group = '', version = '' } = service.spec ?? {}
    const told = await askDocuments(
      (path, headers, read) => this.#ask(service, path, headers, read),
      `apis/${group}/${version}`,
      known,
    )
    if (told.problem && told.problem !== known.problem) {
      const { log } = this.#parts
      log.warn('An extension server tells nothing of itself that OpenAPI could show', {
        group,
        version,
        why: told.problem,
      })
    }
    return told
  }

  /** In the server's own name, and not for longer than an answer may take. */
  async #ask<T>(
    service: APIService,
    path: string,
    headers: Record<string, string>,
    read: (answer: ApiResponse) => Promise<T>,
  ): Promise<T> {
    const patience = new AbortController()
    const timer = this.#parts.clock.after(ANSWER_WITHIN_MS, () => patience.abort())
    const identity = ['X-Remote-User', 'system:kube-aggregator', 'X-Remote-Group', 'system:masters']
    const asked = {
      method: 'GET' as const,
      headers: { accept: 'application/json', ...headers },
      signal: patience.signal,
    }
    try {
      return await read(await forwardRequest(asked, { ...this.#target(service, path), headers: identity }, this.#parts))
    } finally {
      timer.cancel()
      // What nobody read of the answer is not waited for.
      patience.abort()
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
