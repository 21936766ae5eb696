import { badRequest, conflict, notFound } from '../../api/errors.ts'
import type { KubeObject, ObjectMeta } from '../../api/objects.ts'
import { invalidObject } from '../../api/validate/errors.ts'
import { deepEqual } from '../../api/values.ts'
import { companionKey } from '../companions.ts'
import { served } from '../encoding/encoder.ts'
import type { Parts } from '../parts.ts'
import { MOST_ATTEMPTS, type Replaced } from '../stages/store.ts'
import { refuseInvalid } from '../stages/validate.ts'
import { Entry, serialise } from '../storage/entry.ts'
import { createObject } from './create.ts'
import { finalizersOf } from './finalizers.ts'
import { trackOwnership } from './ownership.ts'
import { admissionOf, type Write } from './write.ts'

/** Makes the wanted object from the current one (a copy that it may change). */
export type Edit = (current: KubeObject) => KubeObject | Promise<KubeObject>

export interface UpdateOptions {
  /** Makes the object when there is none: PUT of kinds that allow it, server-side apply. */
  createFrom?: () => KubeObject | Promise<KubeObject>
  /** Whether a full replacement without a resourceVersion is refused by the kind's strategy. */
  replaces?: boolean
  /** Skips strategy and validation of a plain update: subresources that bring their own. */
  prepare?: (object: KubeObject, old: KubeObject) => void
}

/** An edit through all stages, repeated while others write in between. */
export async function updateObject(
  parts: Parts,
  write: Write,
  edit: Edit,
  options: UpdateOptions = {},
): Promise<{ entry: Entry; created: boolean }> {
  let current = await parts.objects.find(write.kind, write.namespace, write.name)
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    if (!current) return createInstead(parts, write, options)
    await parts.conversion.prepare(write.kind, [current])
    const old = served(write.kind, current)
    const object = await edit(served(write.kind, current))
    const pinned = checkPreconditions(write, object, old, options)
    await prepare(parts, write, object, old, options)
    if (isSame(object, old) && parts.objects.isCurrent(write.kind, current)) return { entry: current, created: false }
    if (write.dryRun) return { entry: await dryEntry(parts, write, current, object), created: false }
    const result = await store(parts, write, current, object, old)
    if (result.ok) return { entry: result.entry, created: false }
    if (pinned) throw conflict(write.kind, write.name)
    current = result.current
  }
  throw conflict(write.kind, write.name)
}

/**
 * A write that changes nothing is not stored: no new revision, nobody is woken. Only what lies there under an old key or
 * in an old version is written again: so `kubectl replace` of everything brings all into the new form.
 */
function isSame(object: KubeObject, old: KubeObject): boolean {
  const { resourceVersion: _, ...metadata } = object.metadata ?? {}
  const { resourceVersion: __, ...before } = old.metadata ?? {}
  return deepEqual({ ...object, metadata }, { ...old, metadata: before })
}

async function dryEntry(parts: Parts, { kind }: Write, current: Entry, object: KubeObject): Promise<Entry> {
  return new Entry(current.key, serialise(await parts.conversion.toStored(kind, object)), current.revision)
}

/** Stores the new state, or removes the object when that was all it waited for, together with what belongs to it. */
async function store(
  parts: Parts,
  write: Write,
  current: Entry,
  object: KubeObject,
  old: KubeObject,
): Promise<Replaced> {
  const companion = parts.companions.get(companionKey(write.kind))
  const finished = isFinished(write, object)
  const undo = finished ? undefined : await companion?.reserve(write, object, old)
  const result = finished ? await parts.objects.remove(current) : await replace(parts, write, current, object)
  if (!result.ok) await undo?.()
  else await companion?.release(old, finished ? undefined : object)
  return result
}

async function replace(parts: Parts, { kind }: Write, current: Entry, object: KubeObject): Promise<Replaced> {
  const stored = await parts.conversion.toStored(kind, object)
  return parts.objects.replace(current, stored, await parts.leases.leaseFor(kind))
}

async function createInstead(parts: Parts, write: Write, options: UpdateOptions) {
  if (!options.createFrom) throw notFound(write.kind, write.name)
  return { entry: await createObject(parts, write, await options.createFrom()), created: true }
}

/** Whether the object that is updated was waiting for this: deleted, its grace over, its last finalizer gone. */
function isFinished(write: Write, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata ?? {}
  return Boolean(deletionTimestamp) && !deletionGracePeriodSeconds && finalizersOf(write.kind, object).length === 0
}

/** Identity must match; whether the client tied its write to one resourceVersion. */
function checkPreconditions(write: Write, object: KubeObject, old: KubeObject, options: UpdateOptions): boolean {
  object.metadata ??= {}
  const { metadata } = object
  const before = old.metadata ?? {}
  if (metadata.name && metadata.name !== write.name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${write.name})`)
  }
  if (write.kind.namespaced && metadata.namespace && metadata.namespace !== write.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  if (metadata.uid && metadata.uid !== before.uid) {
    const why = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${before.uid}`
    throw conflict(write.kind, write.name, why)
  }
  const wanted = metadata.resourceVersion
  if (wanted && wanted !== '0' && wanted !== before.resourceVersion) throw conflict(write.kind, write.name)
  if (!wanted && options.replaces && !write.kind.strategy.allowUnconditionalUpdate) refuseUnconditional(write)
  return Boolean(wanted) && options.replaces === true
}

function refuseUnconditional(write: Write): never {
  throw invalidObject(write.kind, write.name, [
    { type: 'Invalid value', field: 'metadata.resourceVersion', value: 0, detail: 'must be specified for an update' },
  ])
}

async function prepare(parts: Parts, write: Write, object: KubeObject, old: KubeObject, options: UpdateOptions) {
  const { kind } = write
  object.metadata = keepSystemMetadata(object.metadata ?? {}, old.metadata ?? {})
  kind.setDefaults(object)
  await parts.admission.mutate(admissionOf(write, 'UPDATE', object, old))
  applyStrategy(write, object, old, options)
  const errors = kind.validateSubresource?.[write.subresource]?.(object, old) ?? kind.validateUpdate(object, old)
  refuseInvalid(kind, write.name, errors)
  trackOwnership(write, object, old, parts.clock.now())
  await parts.admission.validate(admissionOf(write, 'UPDATE', object, old))
}

function applyStrategy(write: Write, object: KubeObject, old: KubeObject, options: UpdateOptions): void {
  const { strategy } = write.kind
  const own = options.prepare ?? strategy.prepareForSubresource?.[write.subresource]
  if (own) own(object, old)
  else if (write.subresource === 'status') strategy.prepareForStatusUpdate(object, old)
  else strategy.prepareForUpdate(object, old)
}

/** What only the server writes stays as it was. */
function keepSystemMetadata(metadata: ObjectMeta, old: ObjectMeta): ObjectMeta {
  const { name, namespace, uid, creationTimestamp, generateName } = old
  const kept = { ...metadata, name, uid, creationTimestamp, ...(namespace ? { namespace } : {}) }
  if (generateName) kept.generateName = generateName
  for (const key of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'generation'] as const) {
    if (old[key] === undefined) delete kept[key]
    else Object.assign(kept, { [key]: old[key] })
  }
  delete kept.selfLink
  return kept
}
