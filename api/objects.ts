/**
 * api/ is the vocabulary: what a Pod, a selector, a quantity, a patch, an error is. Pure: no clock, disk or network.
 * Start here, then kind.ts (a kind is data) and kinds/. It imports nothing of ours.
 */

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface ManagedFieldsEntry {
  manager?: string
  operation?: 'Apply' | 'Update'
  apiVersion?: string
  time?: string
  fieldsType?: 'FieldsV1'
  fieldsV1?: Record<string, unknown>
  subresource?: string
}

export interface ObjectMeta {
  name?: string
  generateName?: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  managedFields?: ManagedFieldsEntry[]
  selfLink?: string
}

/** Anything the API stores. The generated types of types/ are all of this shape. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata?: ObjectMeta
}

export interface ListMeta {
  resourceVersion?: string
  continue?: string
  remainingItemCount?: number
  selfLink?: string
}

export interface KubeList<T extends KubeObject = KubeObject> {
  apiVersion?: string
  kind?: string
  metadata?: ListMeta
  items: T[]
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'

export interface WatchEvent<T = KubeObject> {
  type: WatchEventType
  object: T
}

/** Where a kind is served: the part of its record that a path is made from. */
export interface ResourceRef {
  /** '' for the core group. */
  group: string
  version: string
  /** e.g. `pods` */
  plural: string
  kind: string
  namespaced: boolean
}

/** `v1` for the core group, else `apps/v1`. */
export function apiVersionOf(ref: { group: string; version: string }): string {
  return ref.group === '' ? ref.version : `${ref.group}/${ref.version}`
}

/** `/api/v1/namespaces/default/pods/web/status`, from its parts. */
export function resourcePath(
  ref: ResourceRef,
  where: { namespace?: string; name?: string; subresource?: string } = {},
): string {
  const root = ref.group === '' ? `/api/${ref.version}` : `/apis/${ref.group}/${ref.version}`
  const parts = [root]
  if (ref.namespaced && where.namespace) parts.push('namespaces', encodeURIComponent(where.namespace))
  parts.push(ref.plural)
  if (where.name) parts.push(encodeURIComponent(where.name))
  if (where.subresource) parts.push(where.subresource)
  return parts.join('/')
}

/** `namespace/name`, or `name` for what has no namespace: the key of informers and queues. */
export function objectKey(object: KubeObject): string {
  const { namespace, name = '' } = object.metadata ?? {}
  return namespace ? `${namespace}/${name}` : name
}
