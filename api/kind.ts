import type { KubeObject } from './objects.ts'
import type { WebhookConversion as DeclaredConversion } from './types/apiextensions-v1.ts'

/**
 * A kind is data: routes, discovery, OpenAPI, tables, patch merge keys, field ownership and RBAC verbs are all derived
 * from this record. Built-in kinds stand in kinds/; a CustomResourceDefinition makes one while the server runs.
 */
export interface Kind {
  group: string
  version: string
  kind: string
  plural: string
  singular: string
  /** What a list of them is called, where it is not `KINDList`. */
  listKind?: string
  shortNames: readonly string[]
  categories: readonly string[]
  namespaced: boolean
  /** Other versions that bodies of this kind may say they are of: `policy/v1beta1`, which old clients evict with. */
  alsoAccepts?: readonly string[]
  /** What discovery announces: get, list, watch, create, update, patch, delete, deletecollection. */
  verbs: readonly string[]
  /** Kinds that are one and the same in the store (autoscaling v1 and v2, core and events.k8s.io Event) share it. */
  storage: KindStorage
  schema: Schema
  subresources: readonly Subresource[]
  /** Where /scale finds its numbers, as JSONPaths; absent: where workloads have them. */
  scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string }
  /** Told to whoever still uses this version. */
  deprecation?: string
  /**
   * Makes a decoded object fit the schema, in place: drops what does not belong and names it (`unknown field "spec.x"`).
   * Absent for built-in kinds, which all have the same way (codec/conform.ts).
   */
  conform?(object: KubeObject): string[]
  /** Absent fields filled in, in place, as Kubernetes does when it decodes. */
  setDefaults(object: KubeObject): void
  /** Everything wrong with a new object. */
  validate(object: KubeObject): FieldError[]
  /** Everything wrong with a change, immutable fields included. */
  validateUpdate(object: KubeObject, old: KubeObject): FieldError[]
  /** Changes through a subresource that have rules of their own: `status`, `ephemeralcontainers`, `approval`... */
  validateSubresource?: Readonly<Record<string, Kind['validateUpdate']>>
  strategy: Strategy
  columns: readonly Column[]
  /** Values that fieldSelector may ask for, metadata.name and metadata.namespace not listed. */
  fields: Readonly<Record<string, (object: KubeObject) => string>>
}

export type WebhookConversion = DeclaredConversion & { clientConfig: object }

export interface KindStorage {
  /** Path segment under /registry, as in etcd: `pods`, `deployments`, `services/specs`. */
  prefix: string
  /** The version that is written. */
  version: { group: string; version: string }
  /** From the stored version to this kind's and back; absent when they are the same. */
  fromStored?(object: KubeObject): KubeObject
  toStored?(object: KubeObject): KubeObject
  /** Who turns one version into another, where more differs than the name; `fromStored` then finishes what it made. */
  webhook?: WebhookConversion
}

/** What the server itself does to an object on its way in. All work in place and are pure otherwise. */
export interface Strategy {
  /** Clears what a client may not set on create: status, for most. */
  prepareForCreate(object: KubeObject): void
  /** Keeps what a client may not change (status on a plain update), bumps the generation where the spec changed. */
  prepareForUpdate(object: KubeObject, old: KubeObject): void
  /** Keeps everything but the status (and its own metadata rules). */
  prepareForStatusUpdate(object: KubeObject, old: KubeObject): void
  /** What an update through another subresource keeps: `ephemeralcontainers`, `resize`, `approval`, `finalize`. */
  prepareForSubresource?: Readonly<Record<string, Strategy['prepareForUpdate']>>
  /** Whether PUT may create. */
  allowCreateOnUpdate: boolean
  /** Whether an update without resourceVersion is taken. */
  allowUnconditionalUpdate: boolean
  /** Whose consent every deletion waits for: noted in the object when it is marked. */
  finalizersOnDelete?: readonly string[]
  /** Seconds that a delete waits by default; undefined: deleted at once. Pods: terminationGracePeriodSeconds. */
  gracePeriod?(object: KubeObject): number | undefined
}

export interface Subresource {
  /** `status`, `scale`, `log`, `exec`... */
  name: string
  kind: { group: string; version: string; kind: string }
  verbs: readonly string[]
}

/** The structural schema of a value, compact: what OpenAPI, pruning, validation, merge and ownership need. */
export interface Schema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  format?: string
  /** Name of the shared definition this is, e.g. `io.k8s.api.core.v1.Container`; properties are resolved lazily. */
  definition?: string
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
  items?: Schema
  /** Values of a map. */
  additionalProperties?: Schema
  listType?: 'atomic' | 'set' | 'map'
  listMapKeys?: readonly string[]
  mapType?: 'atomic' | 'granular'
  patchMergeKey?: string
  patchStrategy?: readonly string[]
  intOrString?: boolean
  preserveUnknownFields?: boolean
  embeddedResource?: boolean
  nullable?: boolean
  enum?: readonly unknown[]
  default?: unknown
  minimum?: number
  maximum?: number
  exclusiveMinimum?: boolean
  exclusiveMaximum?: boolean
  multipleOf?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  minItems?: number
  maxItems?: number
  uniqueItems?: boolean
  minProperties?: number
  maxProperties?: number
  allOf?: readonly Schema[]
  anyOf?: readonly Schema[]
  oneOf?: readonly Schema[]
  not?: Schema
  description?: string
  /** CEL rules of custom resources. */
  rules?: readonly { rule: string; message?: string; messageExpression?: string; reason?: string; fieldPath?: string }[]
}

export type FieldErrorType =
  | 'Required value'
  | 'Invalid value'
  | 'Unsupported value'
  | 'Forbidden'
  | 'Duplicate value'
  | 'Too long'
  | 'Too many'
  | 'Not found'
  | 'Internal error'

export interface FieldError {
  type: FieldErrorType
  /** `spec.containers[0].name` */
  field: string
  /** Shown after the type, as JSON, for the types that show one. */
  value?: unknown
  /** Of values that say nothing in a sentence. */
  hidden?: boolean
  detail: string
}

export interface Column {
  name: string
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  format: string
  description: string
  /** 0 is shown always, more only with -o wide. */
  priority: number
  /** `now` in milliseconds, for ages. */
  cell(object: KubeObject, now: number): unknown
}
