import type { ApiResponse } from '../../api/exchange.ts'
import type { Call } from '../call.ts'
import type { Catalog } from '../catalog.ts'
import { aggregatedContentType, aggregatedDiscovery, aggregatedVersion } from './aggregated.ts'
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './legacy.ts'
import { jsonResponse, type Routes } from './routes.ts'

/** /api and /apis in all their forms, each made once for every state of the catalog. */
export function addDiscovery(routes: Routes, catalog: Catalog, serverAddress: () => string): void {
  const documents = new Documents(catalog)
  routes
    .add('/api', call => documents.roots(call, true, () => apiVersions(serverAddress())))
    .add('/apis', call => documents.roots(call, false, () => apiGroupList(catalog)))
    .add('/api/v1', () => documents.plain('v1', () => apiResourceList(catalog, '', 'v1')))
    .add('/apis/', (_call, rest) => {
      const [group = '', version, ...more] = rest.replace(/\/$/, '').split('/')
      if (more.length > 0 || group === '') return undefined
      if (version === undefined) return documents.plain(group, () => apiGroup(catalog, group))
      return documents.plain(`${group}/${version}`, () => apiResourceList(catalog, group, version))
    })
}

class Documents {
  readonly #catalog: Catalog
  #generation = -1
  readonly #made = new Map<string, ApiResponse>()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  roots(call: Call, core: boolean, legacy: () => unknown): ApiResponse | undefined {
    const version = aggregatedVersion(call.request.headers.accept)
    if (!version) return this.plain(core ? '/api' : '/apis', legacy)
    const document = () => aggregatedDiscovery(this.#catalog, version, core)
    return this.plain(`aggregated ${version} ${core}`, document, aggregatedContentType(version))
  }

  plain(name: string, make: () => unknown, contentType = 'application/json'): ApiResponse | undefined {
    if (this.#generation !== this.#catalog.generation) {
      this.#made.clear()
      this.#generation = this.#catalog.generation
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
