import { createHash } from 'node:crypto'
import { ApiError } from '../../api/errors.ts'
import type { ApiResponse } from '../../api/exchange.ts'
import type { Kind } from '../../api/kind.ts'
import { gnosticDocument } from '../../api/openapi/gnostic.ts'
import { mergeParts, type V2Part } from '../../api/openapi/merge.ts'
import { NO_PROSE, type Prose } from '../../api/openapi/prose.ts'
import { v2Document } from '../../api/openapi/v2.ts'
import { v3Document } from '../../api/openapi/v3.ts'
import type { Clock } from '../../platform/clock.ts'
import type { ForeignDocuments } from '../aggregation/documents.ts'
import type { Call } from '../call.ts'
import { type Catalog, isCustom } from '../catalog.ts'
import { jsonResponse, type Routes } from './routes.ts'

export interface OpenApiOptions {
  catalog: Catalog
  /** The release: another one may describe the same kinds in another way. */
  version: string
  clock: Clock
  /** Read anew for each document, so that the sentences are not held in memory. */
  prose?: () => Prose
  /** What other servers serve, and say of it themselves. */
  foreign: { generation: number; documents(): [path: string, documents: ForeignDocuments][] }
}

/** /openapi/v2 and /openapi/v3: made when they are asked for, kept as bytes until their kinds change. */
export function addOpenApi(routes: Routes, options: OpenApiOptions): void {
  const documents = new OpenApiDocuments(options)
  routes
    .add('/openapi/v2', call => documents.v2(call))
    .add('/openapi/v3', () => documents.index())
    .add('/openapi/v3/', (call, path) => documents.v3(call, path))
}

interface Document {
  hash: string
  kinds: readonly Kind[]
  bytes?: Buffer
}

const V3 = 'application/json'
const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
const A_YEAR_MS = 365 * 24 * 3600 * 1000

class OpenApiDocuments {
  readonly #options: OpenApiOptions
  #generation = ''
  #byPath = new Map<string, Document>()
  /** All that is served, in one document, by the type it is written in. */
  #whole = new Map<string, Document>()

  constructor(options: OpenApiOptions) {
    this.#options = options
  }

  index(): ApiResponse {
    this.#refresh()
    const foreign = this.#options.foreign.documents().flatMap(([path, { v3 }]) => (v3 ? [[path, v3] as const] : []))
    const own = [...this.#byPath].map(([path, { hash }]) => [path, urlOf(path, hash)] as const)
    const paths = [...own, ...foreign].map(([path, serverRelativeURL]) => [path, { serverRelativeURL }])
    return jsonResponse({ paths: Object.fromEntries(paths) })
  }

  v3(call: Call, path: string): ApiResponse | undefined {
    this.#refresh()
    const document = this.#byPath.get(path.replace(/\/$/, ''))
    if (!document) return undefined
    if (!accepts(call, V3)) throw notAcceptable([V3])
    const wanted = call.request.query.get('hash')
    if (wanted !== null && wanted !== document.hash) {
      return { status: 301, headers: { location: urlOf(path, document.hash) } }
    }
    const fresh = wanted === null ? REVALIDATE : immutable(this.#options.clock.now())
    return this.#answer(call, document, { 'content-type': V3, ...fresh }, () => {
      return Buffer.from(JSON.stringify(v3Document(document.kinds, this.#options.version, this.#prose())))
    })
  }

  v2(call: Call): ApiResponse {
    this.#refresh()
    const type = accepts(call, V2_PROTOBUF, V2_PROTOBUF.replace('v2.v1', 'v2@v1')) ? V2_PROTOBUF : V3
    if (type === V3 && !accepts(call, V3)) throw notAcceptable([V3, V2_PROTOBUF])
    const document = this.#wholeIn(type)
    return this.#answer(call, document, { 'content-type': type, vary: 'Accept', ...REVALIDATE }, () => {
      const made = mergeParts(v2Document(document.kinds, this.#options.version, this.#prose()), this.#foreignParts())
      return type === V3 ? Buffer.from(JSON.stringify(made)) : gnosticDocument(made)
    })
  }

  #wholeIn(type: string): Document {
    const known = this.#whole.get(type)
    if (known) return known
    const { kinds } = this.#options.catalog
    const document = { hash: this.#hashOf(type, kinds, this.#foreignParts()), kinds }
    this.#whole.set(type, document)
    return document
  }

  #foreignParts(): V2Part[] {
    return this.#options.foreign.documents().flatMap(([, { v2 }]) => (v2 ? [v2] : []))
  }

  #answer(call: Call, document: Document, headers: Record<string, string>, make: () => Buffer): ApiResponse {
    const etag = `"${document.hash}"`
    const known = call.request.headers['if-none-match']
    if (known?.split(',').some(one => one.trim() === etag)) {
      const { 'content-type': _, ...rest } = headers
      return { status: 304, headers: { ...rest, etag } }
    }
    document.bytes ??= make()
    return { status: 200, headers: { ...headers, etag }, body: document.bytes }
  }

  /** After the catalog has changed, only documents whose kinds are others are made again. */
  #refresh(): void {
    const { catalog, foreign } = this.#options
    const generation = `${catalog.generation}/${foreign.generation}`
    if (this.#generation === generation) return
    this.#generation = generation
    const before = this.#byPath
    this.#byPath = new Map()
    this.#whole = new Map()
    for (const { name, versions } of catalog.groups()) {
      for (const version of versions) {
        const path = name === '' ? `api/${version}` : `apis/${name}/${version}`
        const kinds = catalog.inVersion(name, version)
        const hash = this.#hashOf(path, kinds)
        const old = before.get(path)
        this.#byPath.set(path, old?.hash === hash ? old : { hash, kinds })
      }
    }
  }

  /** Equal on all servers of one release, so that clients may keep what any of them gave. */
  #hashOf(path: string, kinds: readonly Kind[], foreign: readonly V2Part[] = []): string {
    const hash = createHash('sha512').update(`${this.#options.version} ${Boolean(this.#options.prose)} ${path}`)
    for (const kind of kinds) hash.update(fingerprint(kind))
    for (const part of foreign) hash.update(JSON.stringify(part))
    return hash.digest('hex').toUpperCase()
  }

  #prose(): Prose {
    return this.#options.prose?.() ?? NO_PROSE
  }
}

const fingerprints = new WeakMap<Kind, string>()

/** Stands for all that a document shows of a kind; taken once, as schemas may be large. */
function fingerprint(kind: Kind): string {
  const known = fingerprints.get(kind)
  if (known) return known
  const taken = createHash('sha512')
    .update(JSON.stringify(shownOf(kind)))
    .digest('hex')
  fingerprints.set(kind, taken)
  return taken
}

/** The schemas of built-in kinds belong to the release. */
function shownOf(kind: Kind) {
  const { group, version, kind: name, plural, namespaced, verbs, subresources, schema } = kind
  return { group, version, name, plural, namespaced, verbs, subresources, ...(isCustom(kind) ? { schema } : {}) }
}

function urlOf(path: string, hash: string): string {
  return `/openapi/v3/${path}?hash=${hash}`
}

const REVALIDATE = { 'cache-control': 'no-cache, private' }

/** An address with a hash never answers anything else. */
function immutable(now: number): Record<string, string> {
  return { 'cache-control': 'public, immutable', expires: new Date(now + A_YEAR_MS).toUTCString() }
}

function accepts(call: Call, ...types: string[]): boolean {
  const header = call.request.headers.accept
  const wanted = (header ?? '*/*').split(',').map(part => part.split(';')[0]!.trim().toLowerCase())
  const wildcards = types.includes(V3) ? ['*/*', 'application/*'] : []
  return wanted.some(one => types.includes(one) || wildcards.includes(one))
}

function notAcceptable(types: string[]): ApiError {
  return new ApiError('NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`)
}
