import type { KubeObject } from '../../api/objects.ts'

/**
 * Objects are kept as the bytes that were stored: JSON whose first members are apiVersion, kind and metadata, without a
 * resourceVersion. That one is the store's revision and is spliced in on the way out, so no reader costs a parse.
 */
const METADATA = Buffer.from('"metadata":{')
const HEAD_LIMIT = 512
/** `"resourceVersion":"",` */
const REVISION_MEMBER = 21

/** What selectors ask of an object, so that lists and watches with selectors parse each object at most once. */
export interface Facts {
  labels: Readonly<Record<string, string>>
  fields: Readonly<Record<string, string>>
}

export class Entry {
  readonly key: string
  readonly value: Uint8Array
  readonly revision: number
  /** By what it was sealed in the store. */
  seal = ''
  #metadataAt = 0
  #facts: Facts | undefined
  #factsOwner: unknown
  #shared: KubeObject | undefined
  #lent: WeakRef<KubeObject> | undefined
  /** What a webhook made of it, by apiVersion. */
  #converted: Map<string, KubeObject> | undefined

  constructor(key: string, value: Uint8Array, revision: number) {
    this.key = key
    this.value = value
    this.revision = revision
  }

  /** The bytes a reader gets. */
  json(): Buffer {
    const bytes = Buffer.allocUnsafe(this.jsonLength)
    this.writeJson(bytes, 0)
    return bytes
  }

  get jsonLength(): number {
    return this.value.length + REVISION_MEMBER + String(this.revision).length
  }

  /** Writes the bytes that a reader gets into those of a larger answer; tells where they end. */
  writeJson(target: Buffer, at: number): number {
    this.#metadataAt ||= metadataOffset(this.value)
    const split = at + this.#metadataAt
    target.set(this.value.subarray(0, this.#metadataAt), at)
    const end = split + target.write(`"resourceVersion":"${this.revision}",`, split, 'latin1')
    target.set(this.value.subarray(this.#metadataAt), end)
    return at + this.jsonLength
  }

  /** A fresh object that the caller may change. */
  object<T extends KubeObject = KubeObject>(): T {
    return parseStored(this.value, this.revision) as T
  }

  /** One parsed object that all callers share and none may change: for small kinds that the server itself reads often. */
  shared<T extends KubeObject = KubeObject>(): Readonly<T> {
    this.#shared ??= this.object()
    return this.#shared as T
  }

  /**
   * One parsed object, without its managedFields, that all who read in this process share and none may change. It lives as
   * long as one of them keeps it: so a cluster's pods are in memory once, however many components follow them.
   */
  lent<T extends KubeObject = KubeObject>(): T {
    const known = this.#lent?.deref()
    if (known) return known as T
    const object = this.object<T>()
    if (object.metadata) delete object.metadata.managedFields
    this.#lent = new WeakRef(object)
    return object
  }

  /** Computed once for the first `owner` that asks; another owner of the same bytes pays again. */
  facts(owner: unknown, compute: (object: KubeObject) => Facts): Facts {
    if (this.#facts && this.#factsOwner === owner) return this.#facts
    this.#facts = compute(this.#shared ?? this.lent())
    this.#factsOwner = owner
    return this.#facts
  }

  /** The same object as it is told at another revision, as deletions are. */
  at(revision: number): Entry {
    const entry = new Entry(this.key, this.value, revision)
    entry.#converted = this.#converted
    return entry
  }

  /** The object as a webhook made it, for the caller to change; undefined when none was asked. */
  converted(apiVersion: string): KubeObject | undefined {
    const made = this.#converted?.get(apiVersion)
    if (!made) return undefined
    const metadata = { ...made.metadata, resourceVersion: String(this.revision) }
    return { ...structuredClone(made), metadata: structuredClone(metadata) }
  }

  keepConverted(apiVersion: string, object: KubeObject): void {
    this.#converted ??= new Map()
    this.#converted.set(apiVersion, object)
  }
}

export function serialise(object: KubeObject): Buffer {
  const { apiVersion, kind, metadata, ...rest } = object
  const stored = { apiVersion, kind, metadata: { ...metadata, resourceVersion: undefined }, ...rest }
  return Buffer.from(JSON.stringify(stored))
}

/** Bytes of the stored form; what somebody else wrote in another order is brought into it. */
export function canonical(value: Uint8Array): Uint8Array {
  return metadataOffset(value) > 0 ? value : serialise(JSON.parse(asBuffer(value).toString()))
}

function parseStored(value: Uint8Array, revision: number): KubeObject {
  const object = JSON.parse(asBuffer(value).toString()) as KubeObject
  if (object.metadata) object.metadata.resourceVersion = String(revision)
  return object
}

function metadataOffset(value: Uint8Array): number {
  const at = asBuffer(value).subarray(0, HEAD_LIMIT).indexOf(METADATA)
  return at < 0 ? -1 : at + METADATA.length
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}
