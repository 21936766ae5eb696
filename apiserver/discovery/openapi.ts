import { createHash } from 'node:crypto'
import { ApiError } from '../../api/errors.ts'
import type { ApiRequest, ApiResponse } from '../../api/exchange.ts'
import type { Kind } from '../../api/kind.ts'
import { gnosticDocument } from '../../api/openapi/gnostic.ts'
import { NO_PROSE, type Prose } from '../../api/openapi/prose.ts'
import { v2Document } from '../../api/openapi/v2.ts'
import { v3Document } from '../../api/openapi/v3.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Catalog, isCustom } from '../catalog.ts'
import type { Call } from '../parts.ts'
import { jsonResponse, type Routes } from './routes.ts'

const YEAR_MS = 365 * 24 * 3_600_000
const PROTOBUF_NAME = 'com.github.proto-openapi.spec.v2'
/** The sign `@` that clients write in the name is none that a media type may have. */
const PROTOBUF_TYPE = `application/${PROTOBUF_NAME}.v1.0+protobuf`

export interface OpenApiOptions {
  catalog: Catalog
  clock: Clock
  version: string
  /** Read when the first document is made. */
  prose?: () => Prose
}

/** The description of the API: all in one (v2), and one document for each group version (v3). */
export function addOpenApi(routes: Routes, options: OpenApiOptions): void {
  const documents = new OpenApiDocuments(options)
  routes
    .add('/openapi/v2', call => documents.v2(call))
    .add('/swagger-2.0.0.pb-v1', call => documents.v2Protobuf(call.request))
    .add('/openapi/v3', () => jsonResponse({ paths: documents.v3Paths() }))
    .add('/openapi/v3/', (call, rest) => documents.v3(call, rest))
}

interface Made {
  bytes: Buffer
  etag: string
}

/** Made when somebody asks, kept only where making them again would cost more than the memory. */
class OpenApiDocuments {
  readonly #catalog: Catalog
  readonly #options: OpenApiOptions
  #generation = -1
  #protobuf: Made | undefined

  constructor(options: OpenApiOptions) {
    this.#catalog = options.catalog
    this.#options = options
  }

  get #prose(): Prose {
    return this.#options.prose?.() ?? NO_PROSE
  }

  v2({ request }: Call): ApiResponse {
    const accept = request.headers.accept ?? '*/*'
    if (accept.includes(PROTOBUF_NAME)) return this.v2Protobuf(request)
    requireJson(accept)
    return answer(request, made(Buffer.from(JSON.stringify(this.#v2Document()))), 'application/json')
  }

  v2Protobuf(request: ApiRequest): ApiResponse {
    if (this.#generation !== this.#catalog.generation || !this.#protobuf) {
      this.#protobuf = made(gnosticDocument(this.#v2Document()))
      this.#generation = this.#catalog.generation
    }
    return answer(request, this.#protobuf, PROTOBUF_TYPE)
  }

  v3Paths(): Record<string, { serverRelativeURL: string }> {
    const entries = this.#groupVersions().map(({ path, kinds }) => {
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${this.#hash(path, kinds)}` }] as const
    })
    return Object.fromEntries(entries)
  }

  v3({ request }: Call, rest: string): ApiResponse | undefined {
    const found = this.#groupVersions().find(({ path }) => path === rest)
    if (!found) return undefined
    requireJson(request.headers.accept ?? '*/*')
    const hash = this.#hash(found.path, found.kinds)
    const asked = request.query.get('hash')
    if (asked !== null && asked !== hash) return redirection(`/openapi/v3/${rest}?hash=${hash}`)
    const document = v3Document(found.kinds, this.#options.version, this.#prose)
    const response = answer(request, made(Buffer.from(JSON.stringify(document))), 'application/json')
    if (asked === null) return response
    // The hash is part of the name: what is behind it never changes.
    const expires = new Date(this.#options.clock.now() + YEAR_MS).toUTCString()
    return { ...response, headers: { ...response.headers, 'cache-control': 'public, immutable', expires } }
  }

  #v2Document() {
    return v2Document(this.#catalog.kinds, this.#options.version, this.#prose)
  }

  #groupVersions(): { path: string; kinds: Kind[] }[] {
    return this.#catalog.groups().flatMap(({ name, versions }) =>
      versions.map(version => ({
        path: name === '' ? `api/${version}` : `apis/${name}/${version}`,
        kinds: this.#catalog.inVersion(name, version),
      })),
    )
  }

  /** Built-in kinds change with the server's version only, custom ones with their definition. */
  #hash(path: string, kinds: readonly Kind[]): string {
    const custom = kinds.filter(isCustom).map(kind => [kind.kind, kind.schema])
    const names = kinds.map(({ kind }) => kind)
    return hashOf(JSON.stringify([this.#options.version, path, names, custom]))
  }
}

function made(bytes: Buffer): Made {
  return { bytes, etag: `"${hashOf(bytes)}"` }
}

function requireJson(accept: string): void {
  if (/application\/(json|\*)|\*\/\*/.test(accept)) return
  throw new ApiError('NotAcceptable', 'only the following media types are accepted: application/json')
}

function redirection(location: string): ApiResponse {
  return { status: 301, headers: { location, 'cache-control': 'no-cache, private' } }
}

function hashOf(data: string | Buffer): string {
  return createHash('sha512').update(data).digest('hex').toUpperCase()
}

function answer(request: ApiRequest, { bytes, etag }: Made, contentType: string): ApiResponse {
  const headers = { etag, 'cache-control': 'no-cache, private', vary: 'Accept' }
  if (request.headers['if-none-match']?.includes(etag)) return { status: 304, headers }
  return { status: 200, headers: { ...headers, 'content-type': contentType }, body: bytes }
}
