import type { KubeList, KubeObject, ResourceRef, WatchEvent } from '../api/objects.ts'

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

/** The verbs of one kind. Refusals are ApiErrors, as the server sent them; a lost server is a TransportError. */
export interface ResourceClient<T extends KubeObject> {
  readonly ref: ResourceRef
  get(name: string, namespace?: string): Promise<T>
  list(options?: ListOptions): Promise<KubeList<T>>
  /** Ends when the server ends it; throws an ApiError with reason Expired when the revision is gone. */
  watch(options: WatchOptions): AsyncIterable<WatchEvent<T>>
  create(object: T): Promise<T>
  /** Fails with Conflict unless the object's resourceVersion is still the current one. */
  update(object: T, subresource?: string): Promise<T>
  patch(name: string, type: PatchType, body: unknown, options?: PatchOptions): Promise<T>
  delete(name: string, options?: DeleteOptions): Promise<void>
  /** POST to a subresource, e.g. pods/binding, pods/eviction, serviceaccounts/token. */
  createSubresource<B, R = unknown>(name: string, subresource: string, body: B, namespace?: string): Promise<R>
}
