import type { FieldError } from '../kind.ts'
import { isLabelName, isLabelValue, isQualifiedName, type NameRule } from '../names.ts'
import type { ObjectMeta, OwnerReference } from '../objects.ts'
import { deepEqual } from '../values.ts'
import { forbidden, invalid, required } from './errors.ts'

/** Everything wrong with the metadata of a new object; its name is already generated. */
export function validateObjectMeta(
  meta: ObjectMeta = {},
  namespaced: boolean,
  rule: NameRule,
  path = 'metadata',
): FieldError[] {
  return [
    ...validateGenerateName(meta.generateName, rule, `${path}.generateName`),
    ...validateName(meta, rule, path),
    ...validateNamespace(meta.namespace, namespaced, `${path}.namespace`),
    ...validateLabels(meta.labels, `${path}.labels`),
    ...validateAnnotations(meta.annotations, `${path}.annotations`),
    ...validateOwners(meta.ownerReferences ?? [], `${path}.ownerReferences`),
    ...validateFinalizers(meta.finalizers ?? [], `${path}.finalizers`),
  ]
}

function validateGenerateName(prefix: string | undefined, rule: NameRule, path: string): FieldError[] {
  // What follows the prefix is made of letters and digits: a dash at its end is fine.
  return prefix ? rule(`${prefix}x`.replace(/-x$/, 'x')).map(problem => invalid(path, prefix, problem)) : []
}

function validateName(meta: ObjectMeta, rule: NameRule, path: string): FieldError[] {
  if (!meta.name) return [required(`${path}.name`, 'name or generateName is required')]
  return rule(meta.name).map(problem => invalid(`${path}.name`, meta.name, problem))
}

function validateNamespace(namespace: string | undefined, namespaced: boolean, path: string): FieldError[] {
  if (!namespaced) return namespace ? [forbidden(path, 'not allowed on this type')] : []
  if (!namespace) return [required(path)]
  return isLabelName(namespace).map(problem => invalid(path, namespace, problem))
}

function validateLabels(labels: Record<string, string> = {}, path: string): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...isQualifiedName(key).map(problem => invalid(path, key, problem)),
    ...isLabelValue(value).map(problem => invalid(path, value, problem)),
  ])
}

const ANNOTATIONS_LIMIT = 256 * 1024

export function validateAnnotations(annotations: Record<string, string> = {}, path: string): FieldError[] {
  const errors: FieldError[] = []
  let size = 0
  for (const [key, value] of Object.entries(annotations)) {
    errors.push(...isQualifiedName(key.toLowerCase()).map(problem => invalid(path, key, problem)))
    size += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (size > ANNOTATIONS_LIMIT) {
    errors.push({ type: 'Too long', field: path, detail: `may not be more than ${ANNOTATIONS_LIMIT} bytes` })
  }
  return errors
}

function validateOwners(owners: OwnerReference[], path: string): FieldError[] {
  const errors = owners.flatMap(owner => validateOwner(owner, path))
  const controllers = owners.filter(owner => owner.controller)
  if (controllers.length > 1) {
    const [first, second] = controllers as [OwnerReference, OwnerReference]
    const names = `${first.kind}/${first.name} and ${second.kind}/${second.name}`
    const message = `Only one reference can have Controller set to true. Found "true" in references for ${names}`
    errors.push(invalid(path, owners, message))
  }
  return errors
}

function validateOwner(owner: OwnerReference, path: string): FieldError[] {
  const errors: FieldError[] = []
  const version = owner.apiVersion?.split('/').at(-1)
  if (!version) errors.push(invalid(`${path}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'))
  if (!owner.kind) errors.push(invalid(`${path}.kind`, owner.kind ?? '', 'must not be empty'))
  if (!owner.name) errors.push(invalid(`${path}.name`, owner.name ?? '', 'must not be empty'))
  if (!owner.uid) errors.push(invalid(`${path}.uid`, owner.uid ?? '', 'must not be empty'))
  if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
    errors.push(invalid(path, 'v1, Kind=Event', 'v1, Kind=Event is disallowed from being an owner'))
  }
  return errors
}

const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

function validateFinalizers(finalizers: string[], path: string): FieldError[] {
  const errors = finalizers.flatMap(name => validateFinalizer(name, path))
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'))
  }
  return errors
}

function validateFinalizer(name: string, path: string): FieldError[] {
  return isQualifiedName(name).map(problem => invalid(path, name, problem))
}

/** Kinds that Kubernetes brings itself, other than those that extend it, take only these names without a domain. */
export function checkStandardFinalizers({ finalizers = [] }: ObjectMeta = {}): FieldError[] {
  const problem = 'name is neither a standard finalizer name nor is it fully qualified'
  return finalizers.flatMap((name, index) => {
    const isKnown = name.includes('/') || STANDARD_FINALIZERS.has(name)
    return isKnown ? [] : [invalid(`metadata.finalizers[${index}]`, name, problem)]
  })
}

const IMMUTABLE = 'field is immutable'

/** Everything wrong with a change of metadata. */
export function validateObjectMetaUpdate(meta: ObjectMeta = {}, old: ObjectMeta = {}, path = 'metadata'): FieldError[] {
  const errors: FieldError[] = []
  const fixed = ['name', 'namespace', 'uid', 'creationTimestamp'] as const
  for (const key of fixed) {
    const changed = old[key] !== undefined && meta[key] !== old[key]
    if (changed) errors.push(invalid(`${path}.${key}`, meta[key] ?? '', IMMUTABLE))
  }
  const added = (meta.finalizers ?? []).filter(name => !old.finalizers?.includes(name))
  if (old.deletionTimestamp && added.length > 0) {
    const list = added.map(name => JSON.stringify(name)).join(', ')
    errors.push(
      forbidden(
        `${path}.finalizers`,
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
      ),
    )
  }
  return [
    ...errors,
    ...validateLabels(meta.labels, `${path}.labels`),
    ...validateAnnotations(meta.annotations, `${path}.annotations`),
    ...validateOwners(meta.ownerReferences ?? [], `${path}.ownerReferences`),
    ...validateFinalizers(meta.finalizers ?? [], `${path}.finalizers`),
  ]
}

/** A field that may never change once it stands. */
export function immutable(value: unknown, old: unknown, path: string): FieldError[] {
  return deepEqual(value, old) ? [] : [invalid(path, value, IMMUTABLE)]
}
