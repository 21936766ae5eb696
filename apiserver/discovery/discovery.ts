import type { ApiResponse } from '../../api/exchange.ts'
import type { DiscoverySource } from '../aggregation/resources.ts'
import type { Call } from '../call.ts'
import { aggregatedContentType, aggregatedDiscovery, aggregatedVersion } from './aggregated.ts'
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './legacy.ts'
import { jsonResponse, type Routes } from './routes.ts'

/** /api and /apis in all their forms, each made once for every state of the catalog. */
export function addDiscovery(routes: Routes, source: DiscoverySource, serverAddress: () => string): void {
  const documents = new Documents(source)
  routes
    .add('/api', call => documents.roots(call, true, () => apiVersions(serverAddress())))
    .add('/apis', call => documents.roots(call, false, () => apiGroupList(source)))
    .add('/api/v1', () => documents.plain('v1', () => apiResourceList(source, '', 'v1')))
    .add('/apis/', (_call, rest) => {
      const [group = '', version, ...more] = rest.replace(/\/$/, '').split('/')
      if (more.length > 0 || group === '') return undefined
      if (version === undefined) return documents.plain(group, () => apiGroup(source, group))
      return documents.plain(`${group}/${version}`, () => apiResourceList(source, group, version))
    })
}

class Documents {
  readonly #source: DiscoverySource
  #generation: DiscoverySource['generation'] = -1
  readonly #made = new Map<string, ApiResponse>()

  constructor(source: DiscoverySource) {
    this.#source = source
  }

  roots(call: Call, core: boolean, legacy: () => unknown): ApiResponse | undefined {
    const version = aggregatedVersion(call.request.headers.accept)
    if (!version) return this.plain(core ? '/api' : '/apis', legacy)
    const document = () => aggregatedDiscovery(this.#source, version, core)
    return this.plain(`aggregated ${version} ${core}`, document, aggregatedContentType(version))
  }

  plain(name: string, make: () => unknown, contentType = 'application/json'): ApiResponse | undefined {
    if (this.#generation !== this.#source.generation) {
      this.#made.clear()
      this.#generation = this.#source.generation
    }
    const known = this.#made.get(name)
    if (known) return known
    const document = make()
    if (document === undefined) return undefined
    const response = jsonResponse(document, { 'content-type': contentType, vary: 'Accept' })
    this.#made.set(name, response)
    return response
  }
}
