import type { ApiResponse } from '../api/exchange.ts'
import {
  type KubeList,
  type KubeObject,
  type ObjectMeta,
  type ResourceRef,
  resourcePath,
  type WatchEvent,
} from '../api/objects.ts'
import { type Transport, TransportError, type TransportRequest } from './transport.ts'
import { decodeLines, errorFromStatus, eventsOf } from './watch.ts'

export interface ListOptions {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  limit?: number
  continue?: string
  resourceVersion?: string
  resourceVersionMatch?: 'Exact' | 'NotOlderThan'
}

export interface WatchOptions {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  resourceVersion?: string
  allowBookmarks?: boolean
  sendInitialEvents?: boolean
  timeoutSeconds?: number
  signal: AbortSignal
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

export interface PatchOptions {
  namespace?: string
  subresource?: string
  fieldManager?: string
  force?: boolean
}

export interface DeleteOptions {
  namespace?: string
  gracePeriodSeconds?: number
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan'
  preconditions?: { uid?: string; resourceVersion?: string }
}

export interface LiveMeta extends ObjectMeta {
  name: string
  /** Absent in kinds without namespaces, which have no use for it. */
  namespace: string
  uid: string
  resourceVersion: string
  creationTimestamp: string
}

/** An object as the server hands it out: it certainly has a name, an identity and a spec. */
export type Live<T extends KubeObject> = T & { metadata: LiveMeta } & (T extends { spec?: infer S }
    ? { spec: NonNullable<S> }
    : unknown)

/** The verbs of one kind. Refusals are ApiErrors, as the server sent them; a lost server is a TransportError. */
export interface ResourceClient<T extends KubeObject> {
  readonly ref: ResourceRef
  get(name: string, namespace?: string): Promise<Live<T>>
  list(options?: ListOptions): Promise<KubeList<Live<T>>>
  /** Ends when the server ends it; throws an ApiError with reason Expired when the revision is gone. */
  watch(options: WatchOptions): AsyncIterable<WatchEvent<Live<T>>>
  create(object: T): Promise<Live<T>>
  /** Fails with Conflict unless the object's resourceVersion is still the current one. */
  update(object: T, subresource?: string): Promise<Live<T>>
  patch(name: string, type: PatchType, body: unknown, options?: PatchOptions): Promise<Live<T>>
  delete(name: string, options?: DeleteOptions): Promise<void>
  /** Deletes all that the selectors match, in one request. */
  deleteCollection(options: ListOptions & Omit<DeleteOptions, 'preconditions'>): Promise<void>
  /** GET of a subresource, e.g. deployments/scale. */
  getSubresource<R>(name: string, subresource: string, namespace?: string): Promise<R>
  /** POST to a subresource, e.g. pods/binding, pods/eviction, serviceaccounts/token. */
  createSubresource<B, R = unknown>(name: string, subresource: string, body: B, namespace?: string): Promise<R>
}

export interface Client {
  readonly transport: Transport
  resource<T extends KubeObject>(ref: ResourceRef): ResourceClient<T>
  /** GET of any path that answers JSON: discovery, /version, metrics. */
  read<R>(path: string): Promise<R>
}

export function createClient(transport: Transport): Client {
  return {
    transport,
    resource: <T extends KubeObject>(ref: ResourceRef) => new TransportResourceClient<T>(transport, ref),
    read: path => readJson(transport, { method: 'GET', path, headers: { accept: 'application/json' } }),
  }
}

const PATCH_CONTENT_TYPES: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  // JSON is YAML; older servers know apply bodies only by this name.
  apply: 'application/apply-patch+yaml',
}

class TransportResourceClient<T extends KubeObject> implements ResourceClient<T> {
  readonly ref: ResourceRef
  readonly #transport: Transport

  constructor(transport: Transport, ref: ResourceRef) {
    this.ref = ref
    this.#transport = transport
  }

  get(name: string, namespace?: string): Promise<Live<T>> {
    return this.#send('GET', resourcePath(this.ref, { name, namespace }))
  }

  list(options: ListOptions = {}): Promise<KubeList<Live<T>>> {
    const { namespace, ...query } = options
    return this.#send('GET', withQuery(resourcePath(this.ref, { namespace }), query))
  }

  async *watch(options: WatchOptions): AsyncIterable<WatchEvent<Live<T>>> {
    const { namespace, signal, allowBookmarks: allowWatchBookmarks, ...query } = options
    const resourceVersionMatch = query.sendInitialEvents ? 'NotOlderThan' : undefined
    const asked = { ...query, watch: true, allowWatchBookmarks, resourceVersionMatch }
    const response = await this.#transport.request({
      method: 'GET',
      path: withQuery(resourcePath(this.ref, { namespace }), asked),
      headers: { accept: 'application/json' },
      signal,
    })
    if (response.status >= 400) throw await refusal(response)
    yield* eventsOf<Live<T>>(response.events ?? decodeLines(chunksOf(response)))
  }

  create(object: T): Promise<Live<T>> {
    return this.#send('POST', resourcePath(this.ref, { namespace: object.metadata?.namespace }), this.#named(object))
  }

  update(object: T, subresource?: string): Promise<Live<T>> {
    const { name, namespace } = object.metadata ?? {}
    return this.#send('PUT', resourcePath(this.ref, { name, namespace, subresource }), this.#named(object))
  }

  patch(name: string, type: PatchType, body: unknown, options: PatchOptions = {}): Promise<Live<T>> {
    const { namespace, subresource, ...query } = options
    const path = withQuery(resourcePath(this.ref, { name, namespace, subresource }), query)
    return this.#send('PATCH', path, body, PATCH_CONTENT_TYPES[type])
  }

  async delete(name: string, options: DeleteOptions = {}): Promise<void> {
    const { namespace, ...rest } = options
    await this.#send('DELETE', resourcePath(this.ref, { name, namespace }), deleteBody(rest))
  }

  async deleteCollection(options: ListOptions & Omit<DeleteOptions, 'preconditions'>): Promise<void> {
    const { namespace, gracePeriodSeconds, propagationPolicy, ...query } = options
    const path = withQuery(resourcePath(this.ref, { namespace }), query)
    await this.#send('DELETE', path, deleteBody({ gracePeriodSeconds, propagationPolicy }))
  }

  getSubresource<R>(name: string, subresource: string, namespace?: string): Promise<R> {
    return this.#send('GET', resourcePath(this.ref, { name, namespace, subresource }))
  }

  createSubresource<B, R = unknown>(name: string, subresource: string, body: B, namespace?: string): Promise<R> {
    return this.#send('POST', resourcePath(this.ref, { name, namespace, subresource }), body)
  }

  #named(object: T): T {
    const { group, version, kind } = this.ref
    return object.kind ? object : { apiVersion: group === '' ? version : `${group}/${version}`, kind, ...object }
  }

  #send<R>(method: TransportRequest['method'], path: string, body?: unknown, type = 'application/json'): Promise<R> {
    const headers: Record<string, string> = { accept: 'application/json' }
    if (body === undefined) return readJson(this.#transport, { method, path, headers })
    headers['content-type'] = type
    return readJson(this.#transport, { method, path, headers, body: JSON.stringify(body) })
  }
}

function deleteBody(options: Omit<DeleteOptions, 'namespace'>) {
  return { apiVersion: 'v1', kind: 'DeleteOptions', ...options }
}

function withQuery(path: string, query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== false)
  if (given.length === 0) return path
  return `${path}?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`
}

async function readJson<R>(transport: Transport, request: TransportRequest): Promise<R> {
  const response = await transport.request(request)
  if (response.status >= 400) throw await refusal(response)
  return parseAnswer(await readBody(response), request.path)
}

function parseAnswer<R>(text: string, path: string): R {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new TransportError(`${path}: the answer is not JSON: ${text.slice(0, 200)}`, { cause })
  }
}

/** What an answer of 300 and above says, as an error. */
export async function refusal(response: ApiResponse): Promise<Error> {
  const text = await readBody(response)
  if (text.startsWith('{')) return errorFromStatus(JSON.parse(text), response.status)
  return errorFromStatus({ message: text.slice(0, 500).trim() }, response.status)
}

/** The whole of an answer as text. */
export async function readBody(response: ApiResponse): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of chunksOf(response)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function* chunksOf(response: ApiResponse): AsyncIterable<Uint8Array> {
  if (response.body instanceof Uint8Array) yield response.body
  else if (response.body) yield* response.body
}
