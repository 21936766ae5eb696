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
import { duplicate, forbidden, invalid, required, tooLong } from './errors.ts'
import { immutable } from './meta.ts'

const SOURCE_FIXED = 'spec.persistentvolumesource is immutable after creation'

/** Fields of a volume that are not the place where its data lie. */
const CHANGEABLE = new Set([
  ...['capacity', 'accessModes', 'claimRef', 'persistentVolumeReclaimPolicy', 'storageClassName', 'mountOptions'],
  ...['volumeMode', 'nodeAffinity', 'volumeAttributesClassName'],
])

export function validateVolume({ spec }: PersistentVolume): FieldError[] {
  return spec ? [] : [required('spec')]
}

export function validateVolumeUpdate(volume: PersistentVolume, old: PersistentVolume): FieldError[] {
  const source = (spec: PersistentVolumeSpec | undefined) =>
    Object.fromEntries(Object.entries(spec ?? {}).filter(([key]) => !CHANGEABLE.has(key)))
  const errors = deepEqual(source(volume.spec), source(old.spec))
    ? []
    : [forbidden('spec.persistentvolumesource', SOURCE_FIXED)]
  const affinity = old.spec?.nodeAffinity
    ? immutable(volume.spec?.nodeAffinity, old.spec.nodeAffinity, 'spec.nodeAffinity')
    : []
  return [...errors, ...immutable(volume.spec?.volumeMode, old.spec?.volumeMode, 'spec.volumeMode'), ...affinity]
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

/** A bound claim may only ask for more. */
export function validateClaimUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = validateClaim(claim)
  const [spec, before] = [claim.spec, old.spec]
  if (!spec || !before || errors.length > 0) return errors
  if (!deepEqual(fixedPart(spec, before), fixedPart(before, before))) errors.push(forbidden('spec', CLAIM_FIXED))
  const [now, then] = [spec.resources?.requests?.storage ?? 0, before.resources?.requests?.storage ?? 0]
  const grew = compareQuantity(now, then)
  if (grew < 0) errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'))
  if (grew > 0 && old.status?.phase !== 'Bound') errors.push(forbidden('spec', CLAIM_FIXED))
  return errors
}

/** What of a claim must stay; a volume or a class may be given where none was. */
function fixedPart(spec: PersistentVolumeClaimSpec, before: PersistentVolumeClaimSpec): unknown {
  const { resources: _, volumeAttributesClassName: __, volumeName, storageClassName, ...rest } = spec
  return {
    ...rest,
    ...(before.volumeName ? { volumeName } : {}),
    ...(before.storageClassName === undefined ? {} : { storageClassName }),
  }
}

export function validateStorageClassUpdate(object: StorageClass, old: StorageClass): FieldError[] {
  const fixed = ['parameters', 'provisioner', 'reclaimPolicy'] as const
  return [
    ...fixed
      .filter(name => !deepEqual(object[name], old[name]))
      .map(name => forbidden(name, `updates to ${name} are forbidden.`)),
    ...immutable(object.volumeBindingMode, old.volumeBindingMode, 'volumeBindingMode'),
  ]
}

export function validateStorageClass({ allowedTopologies = [], parameters }: StorageClass): FieldError[] {
  return [...validateParameters(parameters), ...allowedTopologies.flatMap(validateTopology)]
}

const MOST_PARAMETERS = 512
const PARAMETERS_SIZE = 256 * 1024

function validateParameters(parameters: Record<string, string> = {}): FieldError[] {
  const entries = Object.entries(parameters)
  if (entries.length > MOST_PARAMETERS) return [tooLong('parameters', MOST_PARAMETERS)]
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  return [
    ...('' in parameters ? [invalid('parameters', '', 'field can not be empty.')] : []),
    ...(size > PARAMETERS_SIZE ? [tooLong('parameters', PARAMETERS_SIZE)] : []),
  ]
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
