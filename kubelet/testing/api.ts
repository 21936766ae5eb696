import { randomUUID } from 'node:crypto'
import { ApiError, alreadyExists, conflict, notFound } from '../../api/errors.ts'
import { type KubeObject, type ResourceRef, resourcePath, type WatchEvent } from '../../api/objects.ts'
import { deepCopy, deepEqual, isRecord } from '../../api/values.ts'
import type { Client, Live, ResourceClient, WatchOptions } from '../../client/client.ts'
import { timestamp } from '../../client/times.ts'
import { TransportError } from '../../client/transport.ts'
import type { Clock } from '../../platform/clock.ts'

type Stored = Live<KubeObject>
type Listener = (path: string, event: WatchEvent<Stored>) => void

/** An API server in memory, as far as an agent uses one: enough for its tests, with a switch that takes it away. */
export class FakeApi implements Client {
  readonly objects = new Map<string, Stored>()
  readonly requests: string[] = []
  /** While true, nobody answers. */
  away = false
  readonly #clock: Clock
  readonly #listeners = new Set<Listener>()
  #revision = 1

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get transport(): never {
    throw new Error('the fake API server has no transport')
  }

  read<R>(): Promise<R> {
    throw new Error('the fake API server reads no paths')
  }

  resource<T extends KubeObject>(ref: ResourceRef): ResourceClient<T> {
    return new FakeResource(this, ref) as unknown as ResourceClient<T>
  }

  find<T extends KubeObject>(ref: ResourceRef, name: string, namespace?: string): Live<T> | undefined {
    return this.objects.get(resourcePath(ref, { name, namespace })) as Live<T> | undefined
  }

  all<T extends KubeObject>(ref: ResourceRef): Live<T>[] {
    const ofKind = [...this.objects].filter(([path]) => matches(path, ref))
    return ofKind.map(([, object]) => object as unknown as Live<T>)
  }

  check(request: string): void {
    if (this.away) throw new TransportError('the API server is away')
    this.requests.push(request)
  }

  put(path: string, object: KubeObject): Stored {
    const before = this.objects.get(path)
    const metadata = {
      creationTimestamp: timestamp(this.#clock.now()),
      uid: randomUUID(),
      ...object.metadata,
      resourceVersion: String(++this.#revision),
    }
    const stored = { ...deepCopy(object), metadata } as Stored
    this.objects.set(path, stored)
    this.#tell(path, { type: before ? 'MODIFIED' : 'ADDED', object: stored })
    return deepCopy(stored)
  }

  drop(path: string): void {
    const object = this.objects.get(path)
    this.objects.delete(path)
    if (object) this.#tell(path, { type: 'DELETED', object })
  }

  /** As `kubectl delete pod`: the agent is given its grace. */
  markDeleted(path: string, graceSeconds: number): void {
    const pod = this.objects.get(path)!
    const deletionTimestamp = timestamp(this.#clock.now() + graceSeconds * 1000)
    this.put(path, {
      ...pod,
      metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: graceSeconds },
    })
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get revision(): string {
    return String(this.#revision)
  }

  #tell(path: string, event: WatchEvent<Stored>): void {
    for (const listener of this.#listeners) listener(path, deepCopy(event))
  }
}

function matches(path: string, ref: ResourceRef, namespace?: string): boolean {
  const collection = resourcePath(ref, { namespace })
  if (namespace || !ref.namespaced) return path.startsWith(`${collection}/`)
  const [, , plural] = /^(.*)\/namespaces\/[^/]+\/([^/]+)\/[^/]+$/.exec(path) ?? []
  return plural === ref.plural && path.startsWith(resourcePath({ ...ref, namespaced: false, plural: 'namespaces' }))
}

function selects(fieldSelector: string | undefined, object: Stored): boolean {
  return (fieldSelector ?? '').split(',').every(part => {
    const [path = '', value] = part.split('=')
    if (path === '') return true
    const found = path.split('.').reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), object)
    return String(found ?? '') === value
  })
}

/** Strategic merge as far as statuses need it: maps merge, conditions merge by type, other lists are replaced. */
function merge(target: unknown, patch: unknown, key = ''): unknown {
  if (Array.isArray(patch)) return mergeList(target, patch, key)
  if (!isRecord(patch)) return patch
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else if (value !== undefined) result[name] = merge(result[name], value, name)
  }
  return result
}

function mergeList(target: unknown, patch: unknown[], key: string): unknown[] {
  if (key !== 'conditions') return patch.filter(item => !isRecord(item) || item.$patch === undefined)
  const byType = new Map<unknown, unknown>()
  const old = Array.isArray(target) ? target : []
  for (const item of [...old, ...patch]) if (isRecord(item)) byType.set(item.type, merge(byType.get(item.type), item))
  return [...byType.values()]
}

class FakeResource {
  readonly ref: ResourceRef
  readonly #api: FakeApi

  constructor(api: FakeApi, ref: ResourceRef) {
    this.#api = api
    this.ref = ref
  }

  async get(name: string, namespace?: string): Promise<Stored> {
    this.#api.check(`get ${this.ref.plural}/${name}`)
    return deepCopy(this.#find(name, namespace))
  }

  async list({ namespace, fieldSelector }: { namespace?: string; fieldSelector?: string } = {}) {
    this.#api.check(`list ${this.ref.plural}`)
    const found = [...this.#api.objects].filter(([path]) => matches(path, this.ref, namespace)).map(([, one]) => one)
    const items = found.filter(one => selects(fieldSelector, one)).map(deepCopy)
    return { items, metadata: { resourceVersion: this.#api.revision } }
  }

  async *watch(options: WatchOptions): AsyncIterable<WatchEvent<Stored>> {
    this.#api.check(`watch ${this.ref.plural}`)
    const queue: WatchEvent<Stored>[] = []
    let wake = () => {}
    const stop = this.#api.listen((path, event) => {
      if (!matches(path, this.ref, options.namespace) || !selects(options.fieldSelector, event.object)) return
      queue.push(event)
      wake()
    })
    try {
      if (options.sendInitialEvents) yield* this.#initial(options)
      while (!options.signal.aborted) {
        while (queue.length > 0) yield queue.shift()!
        if (this.#api.away) throw new TransportError('the API server went away')
        await new Promise<void>(resolve => {
          wake = resolve
          options.signal.addEventListener('abort', () => resolve(), { once: true })
        })
      }
    } finally {
      stop()
    }
  }

  async *#initial(options: WatchOptions): AsyncIterable<WatchEvent<Stored>> {
    for (const object of (await this.list(options)).items) yield { type: 'ADDED', object }
    const annotations = { 'k8s.io/initial-events-end': 'true' }
    yield {
      type: 'BOOKMARK',
      object: { metadata: { resourceVersion: this.#api.revision, annotations } } as unknown as Stored,
    }
  }

  async create(object: KubeObject): Promise<Stored> {
    const { name = '', namespace } = object.metadata ?? {}
    this.#api.check(`create ${this.ref.plural}/${name}`)
    const path = resourcePath(this.ref, { name, namespace })
    if (this.#api.objects.has(path)) throw alreadyExists(this.ref, name)
    return this.#api.put(path, object)
  }

  async update(object: Stored): Promise<Stored> {
    const { name, namespace, resourceVersion } = object.metadata
    this.#api.check(`update ${this.ref.plural}/${name}`)
    if (this.#find(name, namespace).metadata.resourceVersion !== resourceVersion) throw conflict(this.ref, name)
    return this.#api.put(resourcePath(this.ref, { name, namespace }), object)
  }

  async patch(name: string, type: string, body: unknown, { namespace }: { namespace?: string } = {}): Promise<Stored> {
    this.#api.check(`patch ${this.ref.plural}/${name} ${type}`)
    const before = this.#find(name, namespace)
    const uid = (body as KubeObject).metadata?.uid
    if (uid !== undefined && uid !== before.metadata.uid) throw conflict(this.ref, name)
    const after = merge(before, body) as Stored
    if (deepEqual(after, before)) return deepCopy(before)
    return this.#api.put(resourcePath(this.ref, { name, namespace }), after)
  }

  async delete(name: string, options: { namespace?: string; preconditions?: { uid?: string } } = {}): Promise<void> {
    this.#api.check(`delete ${this.ref.plural}/${name}`)
    const found = this.#find(name, options.namespace)
    const { uid } = options.preconditions ?? {}
    if (uid !== undefined && uid !== found.metadata.uid) throw conflict(this.ref, name)
    this.#api.drop(resourcePath(this.ref, { name, namespace: options.namespace }))
  }

  async createSubresource(name: string, subresource: string, _body: unknown, namespace?: string): Promise<unknown> {
    this.#api.check(`create ${this.ref.plural}/${name}/${subresource}`)
    if (subresource !== 'token') throw new ApiError('NotFound', `no subresource ${subresource}`)
    const expirationTimestamp = new Date(Date.UTC(2100, 0)).toISOString()
    return { status: { token: `token-of-${namespace}-${name}`, expirationTimestamp } }
  }

  #find(name: string, namespace: string | undefined): Stored {
    const found = this.#api.objects.get(resourcePath(this.ref, { name, namespace }))
    if (!found) throw notFound(this.ref, name)
    return found
  }
}
