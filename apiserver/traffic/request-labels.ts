import type { Kind } from '../../api/kind.ts'
import { type Catalog, subresourceOf } from '../catalog.ts'
import type { RequestInfo } from '../request.ts'
import { remembered } from './metrics.ts'

export type RequestLabels = Readonly<Record<string, string>>

const COMPONENT = { component: 'apiserver' }
const OTHER = { verb: 'other', group: '', version: '', resource: '', subresource: '', scope: '', ...COMPONENT }
const UPPER_VERBS: Record<string, string> = {
  ...{ get: 'GET', list: 'LIST', watch: 'WATCH', create: 'POST', update: 'PUT', patch: 'PATCH' },
  ...{ delete: 'DELETE', deletecollection: 'DELETECOLLECTION' },
}
/** However they are asked for, they connect. */
const CONNECTING = new Set(['exec', 'attach', 'portforward', 'proxy'])

/**
 * What a request asks for, in the words of metrics: the same words are the same object every time. Only what exists is told
 * apart: paths come from clients, and nobody shall fill the memory with names he invents.
 */
export class Labeller {
  readonly #catalog: Catalog
  readonly #known = new WeakMap<Kind, Map<string, RequestLabels>>()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  labelsOf(info: RequestInfo | undefined): RequestLabels {
    const kind = info?.isResource ? this.#catalog.find(info.group, info.version, info.plural) : undefined
    const verb = info && UPPER_VERBS[info.verb]
    if (!info || !kind || !verb) return OTHER
    const scope = info.name !== '' ? 'resource' : info.namespace !== '' ? 'namespace' : 'cluster'
    const subresource = info.subresource && (subresourceOf(kind, info.subresource)?.name ?? '')
    const known = this.#known.get(kind) ?? new Map<string, RequestLabels>()
    this.#known.set(kind, known)
    const { group, version, plural: resource } = kind
    return remembered(known, `${verb} ${scope} ${subresource}`, () => {
      const said = CONNECTING.has(subresource) ? 'CONNECT' : verb
      return { verb: said, group, version, resource, subresource, scope, ...COMPONENT }
    })
  }
}
