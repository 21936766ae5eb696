import type { FieldError } from '../kind.ts'
import { compareQuantity } from '../quantity.ts'
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
  TopologySelectorTerm,
} from '../types/core-v1.ts'
import type { StorageClass, VolumeAttachment } from '../types/storage-v1.ts'
import { deepEqual } from '../values.ts'
import { duplicates } from './checks.ts'
import { forbidChanges, validateParameters } from './csi.ts'
import { duplicate, forbidden, invalid, required } from './errors.ts'
import { immutable } from './meta.ts'

const SOURCE_FIXED = 'spec.persistentvolumesource is immutable after creation'
const CLASS_GONE = 'update from non-nil value to nil is forbidden'

/** Fields of a volume that are not the place where its data lie. */
const CHANGEABLE = new Set([
  ...['capacity', 'accessModes', 'claimRef', 'persistentVolumeReclaimPolicy', 'storageClassName', 'mountOptions'],
  ...['volumeMode', 'nodeAffinity', 'volumeAttributesClassName'],
])

export function validateVolume({ spec }: PersistentVolume): FieldError[] {
  return spec ? [] : [required('spec')]
}

/** The place of the data stays. Paths are as Kubernetes has them: two of them without the `spec`. */
export function validateVolumeUpdate(volume: PersistentVolume, old: PersistentVolume): FieldError[] {
  const [spec, before] = [volume.spec, old.spec]
  const errors = deepEqual(sourceOf(withoutNewSecret(spec, before)), sourceOf(before))
    ? []
    : [forbidden('spec.persistentvolumesource', SOURCE_FIXED)]
  if (before?.nodeAffinity) errors.push(...immutable(spec?.nodeAffinity, before.nodeAffinity, 'nodeAffinity'))
  if (before?.volumeAttributesClassName !== undefined && spec?.volumeAttributesClassName === undefined) {
    errors.push(forbidden('spec.volumeAttributesClassName', CLASS_GONE))
  }
  return [...errors, ...immutable(spec?.volumeMode, before?.volumeMode, 'volumeMode')]
}

function sourceOf(spec: Partial<PersistentVolumeSpec> = {}): unknown {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => !CHANGEABLE.has(key)))
}

/** A driver that learns to expand volumes may need a secret for it that nobody thought of before. */
function withoutNewSecret(spec: PersistentVolumeSpec | undefined, before: PersistentVolumeSpec | undefined) {
  if (!spec?.csi || !before?.csi || before.csi.controllerExpandSecretRef) return spec
  const { controllerExpandSecretRef: _, ...csi } = spec.csi
  return { ...spec, csi }
}

export function validateClaim({ spec }: PersistentVolumeClaim): FieldError[] {
  if (!spec) return [required('spec')]
  const size = spec.resources?.requests?.storage
  if (size === undefined) return [required('spec.resources[storage]')]
  return compareQuantity(size, 0) > 0
    ? []
    : [invalid('spec.resources[storage]', String(size), 'must be greater than zero')]
}

const CLAIM_FIXED =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'

/** A bound claim may ask for more, and for less again as long as it did not get it. */
export function validateClaimUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = validateClaim(claim)
  const [spec, before] = [claim.spec, old.spec]
  if (!spec || !before || errors.length > 0) return errors
  const isBound = old.status?.phase === 'Bound'
  if (!deepEqual(fixedPart(spec, before, isBound), fixedPart(before, before, isBound))) {
    errors.push(forbidden('spec', CLAIM_FIXED))
  }
  return [
    ...errors,
    ...sizeChange(spec, before, old.status?.capacity?.storage),
    ...immutable(spec.volumeMode, before.volumeMode, 'volumeMode'),
    ...classChange(spec, before),
  ]
}

/** What of a claim must stay; a volume or a class may be given where none was. */
function fixedPart(spec: PersistentVolumeClaimSpec, before: PersistentVolumeClaimSpec, isBound: boolean): unknown {
  const { resources, volumeAttributesClassName: _, volumeName, storageClassName, ...rest } = spec
  const { storage: __, ...requests } = resources?.requests ?? {}
  return {
    ...rest,
    resources: isBound ? { ...resources, requests } : resources,
    ...(before.volumeName ? { volumeName } : {}),
    ...(before.storageClassName === undefined ? {} : { storageClassName }),
  }
}

function sizeChange(
  spec: PersistentVolumeClaimSpec,
  before: PersistentVolumeClaimSpec,
  got: string | number = 0,
): FieldError[] {
  const [now, then] = [spec.resources?.requests?.storage ?? 0, before.resources?.requests?.storage ?? 0]
  if (compareQuantity(now, then) >= 0 || compareQuantity(now, got) > 0) return []
  return [forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity')]
}

function classChange(spec: PersistentVolumeClaimSpec, before: PersistentVolumeClaimSpec): FieldError[] {
  const path = 'spec.volumeAttributesClassName'
  const [now, then] = [spec.volumeAttributesClassName, before.volumeAttributesClassName]
  if (then === undefined || now === then) return []
  if (now === undefined) return [forbidden(path, CLASS_GONE)]
  return now === '' ? [forbidden(path, 'update from non-nil value to an empty string is forbidden')] : []
}

export function validateStorageClassUpdate(object: StorageClass, old: StorageClass): FieldError[] {
  return [
    ...forbidChanges(object, old, ['parameters', 'provisioner', 'reclaimPolicy']),
    ...immutable(object.volumeBindingMode, old.volumeBindingMode, 'volumeBindingMode'),
  ]
}

export function validateStorageClass({ allowedTopologies = [], parameters }: StorageClass): FieldError[] {
  return [...validateParameters(parameters), ...allowedTopologies.flatMap(validateTopology)]
}

function validateTopology({ matchLabelExpressions = [] }: TopologySelectorTerm, index: number, all: readonly object[]) {
  const path = `allowedTopologies[${index}].matchLabelExpressions`
  const asSets = (term: TopologySelectorTerm) =>
    (term.matchLabelExpressions ?? [])
      .map(({ key, values }) => JSON.stringify([key, [...(values ?? [])].sort()]))
      .sort()
      .join()
  const own = asSets({ matchLabelExpressions })
  return [
    ...duplicates(matchLabelExpressions, path, '.key', one => one.key),
    ...matchLabelExpressions.flatMap(({ values = [] }, at) =>
      duplicates(values, `${path}[${at}].values`, '', one => one),
    ),
    ...all.slice(0, index).flatMap(before => (asSets(before) === own ? [duplicate(path, '')] : [])),
  ]
}

export function validateAttachmentUpdate(object: VolumeAttachment, old: VolumeAttachment): FieldError[] {
  return immutable(object.spec, old.spec, 'spec')
}
