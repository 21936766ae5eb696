import type { Schema } from '../kind.ts'
import type { KubeObject, ManagedFieldsEntry } from '../objects.ts'
import { compare } from './compare.ts'
import { fieldsOfNew } from './created.ts'
import { FieldSet } from './fieldset.ts'

/** Who owns which fields of an object: metadata.managedFields, read, changed and written. */
export interface Ownership {
  entry: Omit<ManagedFieldsEntry, 'fieldsV1' | 'fieldsType'>
  fields: FieldSet
}

export interface Manager {
  manager: string
  apiVersion: string
  subresource?: string
  /** RFC 3339. */
  now: string
}

export function readOwners(object: KubeObject | undefined): Ownership[] {
  return (object?.metadata?.managedFields ?? []).map(({ fieldsV1, fieldsType: _, ...entry }) => {
    return { entry, fields: FieldSet.fromJson(fieldsV1) }
  })
}

export function writeOwners(object: KubeObject, owners: readonly Ownership[]): void {
  const kept = owners.filter(owner => !owner.fields.isEmpty).sort(byOperationAndTime)
  const entries = kept.map(({ entry, fields }): ManagedFieldsEntry => {
    return { ...entry, fieldsType: 'FieldsV1', fieldsV1: fields.toJson() }
  })
  object.metadata = { ...object.metadata, managedFields: entries }
  if (entries.length === 0) delete object.metadata.managedFields
}

function byOperationAndTime(a: Ownership, b: Ownership): number {
  const key = ({ entry }: Ownership) =>
    [entry.operation, entry.time ?? '', entry.manager, entry.apiVersion, entry.subresource ?? ''].join('\u0000')
  return key(a) < key(b) ? -1 : 1
}

/** An applier is one, whatever version it writes; updates in two versions are two. */
export function isSameOwner(a: Ownership['entry'], b: Ownership['entry']): boolean {
  const same = a.manager === b.manager && a.operation === b.operation && (a.subresource ?? '') === (b.subresource ?? '')
  return same && (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
}

const SYSTEM_METADATA_NAMES = new Set([
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'generation', 'managedFields', 'resourceVersion'],
])
const SYSTEM = new Set(['f:apiVersion', 'f:kind', 'f:metadata'])
const SYSTEM_METADATA = new Set([...SYSTEM_METADATA_NAMES].map(name => `f:${name}`))

/** Without the fields that nobody owns: the server's own ones. */
export function withoutSystemFields(fields: FieldSet): FieldSet {
  const result = fields.without(SYSTEM)
  const metadata = fields.children.get('f:metadata')?.without(SYSTEM_METADATA)
  if (metadata) metadata.member = false
  result.put('f:metadata', metadata)
  result.member = false
  return result
}

/** `managedFields: [{}]` in an update takes all ownership away. */
function isReset(object: KubeObject): boolean {
  const entries = object.metadata?.managedFields
  return entries?.length === 1 && Object.keys(entries[0]!).length === 0
}

/** All that a new object has is its creator's. */
function noteCreation(object: KubeObject, schema: Schema, by: Manager): void {
  const { apiVersion: _, kind: __, metadata = {}, ...rest } = object
  const given = Object.entries(metadata).filter(
    ([name, value]) => value !== undefined && !SYSTEM_METADATA_NAMES.has(name),
  )
  const own = given.length === 0 ? rest : { metadata: Object.fromEntries(given), ...rest }
  const fieldsV1 = fieldsOfNew(own, schema)
  const entry: ManagedFieldsEntry = { ...ownerEntry('Update', by), fieldsType: 'FieldsV1', fieldsV1 }
  object.metadata = { ...metadata, managedFields: [entry] }
  if (Object.keys(fieldsV1).length === 0) delete object.metadata.managedFields
}

/** Notes in `updated` what a create (no `live`), update or patch made its manager the owner of. */
export function trackUpdate(live: KubeObject | undefined, updated: KubeObject, schema: Schema, by: Manager): void {
  if (isReset(updated)) {
    writeOwners(updated, [])
    return
  }
  if (!live && !updated.metadata?.managedFields?.length) {
    noteCreation(updated, schema, by)
    return
  }
  const known = updated.metadata?.managedFields?.length ? updated : live
  const changes = compare(live ?? {}, updated, schema)
  const taken = withoutSystemFields(changes.added.union(changes.modified))
  const lost = taken.union(changes.removed)
  const entry = ownerEntry('Update', by)
  const before = readOwners(known)
  const own = before.find(owner => isSameOwner(owner.entry, entry))
  const fields = own ? own.fields.difference(changes.removed).union(taken) : taken
  const others = before.filter(owner => owner !== own).map(owner => without(owner, lost))
  const unchanged = own && fields.equals(own.fields)
  writeOwners(updated, capped([...others, unchanged ? own : { entry, fields }]))
}

export function ownerEntry(operation: 'Apply' | 'Update', by: Manager): Ownership['entry'] {
  const { manager, apiVersion, now, subresource } = by
  return { manager, operation, apiVersion, time: now, ...(subresource ? { subresource } : {}) }
}

export function without(owner: Ownership, fields: FieldSet): Ownership {
  return { entry: owner.entry, fields: owner.fields.difference(fields) }
}

const MOST_UPDATERS = 10

/** The oldest updaters become one, so that objects do not grow without end. */
function capped(owners: Ownership[]): Ownership[] {
  const updaters = owners.filter(owner => owner.entry.operation === 'Update').sort(byOperationAndTime)
  const surplus = updaters.slice(0, Math.max(0, updaters.length - MOST_UPDATERS + 1))
  if (updaters.length <= MOST_UPDATERS || surplus.length < 2) return owners
  const versions = Map.groupBy(surplus, owner => owner.entry.apiVersion ?? '')
  const merged = [...versions].map(([apiVersion, group]): Ownership => {
    const fields = group.reduce((all, owner) => all.union(owner.fields), new FieldSet())
    return {
      entry: { manager: 'ancient-changes', operation: 'Update', apiVersion, time: group.at(-1)!.entry.time },
      fields,
    }
  })
  return [...owners.filter(owner => !surplus.includes(owner)), ...merged]
}
