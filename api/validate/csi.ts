import type { FieldError } from '../kind.ts'
import type {
  CSIDriver,
  CSINode,
  CSINodeDriver,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttributesClass,
} from '../types/storage-v1.ts'
import { deepEqual } from '../values.ts'
import { duplicates } from './checks.ts'
import { forbidden, invalid, required, tooLong } from './errors.ts'
import { immutable } from './meta.ts'

/** Drivers of volumes: what they are called, what they can do, where they run and what they are asked for. */
export function validateDriver({ spec }: CSIDriver): FieldError[] {
  const { serviceAccountTokenInSecrets: inSecrets, tokenRequests = [] } = spec ?? {}
  if (inSecrets === undefined || tokenRequests.length > 0) return []
  const detail = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'
  return [invalid('spec.serviceAccountTokenInSecrets', inSecrets, detail)]
}

/** What the controllers decided once for all volumes of the driver; the first field is spelt as Kubernetes spells it. */
export function validateDriverUpdate(driver: CSIDriver, old: CSIDriver): FieldError[] {
  const [spec, before] = [driver.spec, old.spec]
  return [
    ...validateDriver(driver),
    ...immutable(spec?.attachRequired, before?.attachRequired, 'spec.attachedRequired'),
    ...immutable(spec?.volumeLifecycleModes, before?.volumeLifecycleModes, 'spec.volumeLifecycleModes'),
  ]
}

export function validateCsiNode({ spec }: CSINode): FieldError[] {
  return duplicates(spec?.drivers ?? [], 'spec.drivers', '.name', ({ name }) => name)
}

/** Drivers come and go, and learn how many volumes fit; else a driver stays what it registered as. */
export function validateCsiNodeUpdate(node: CSINode, old: CSINode): FieldError[] {
  const fixed = ({ allocatable: _, ...rest }: CSINodeDriver) => rest
  const before = old.spec?.drivers ?? []
  const changed = (node.spec?.drivers ?? []).flatMap(driver => {
    const known = before.find(({ name }) => name === driver.name)
    return known ? immutable(fixed(driver), fixed(known), 'spec.drivers') : []
  })
  return [...validateCsiNode(node), ...changed]
}

/** What was asked of the driver stays; its answer changes. */
export function validateCapacityUpdate(object: CSIStorageCapacity, old: CSIStorageCapacity): FieldError[] {
  return [
    ...immutable(object.nodeTopology, old.nodeTopology, 'nodeTopology'),
    ...immutable(object.storageClassName, old.storageClassName, 'storageClassName'),
  ]
}

const MOST_PARAMETERS = 512
const PARAMETERS_SIZE = 256 * 1024

/** What is handed on to a driver as it stands. */
export function validateParameters(parameters: Record<string, string> = {}): FieldError[] {
  const entries = Object.entries(parameters)
  if (entries.length > MOST_PARAMETERS) return [tooLong('parameters', MOST_PARAMETERS)]
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  return [
    ...('' in parameters ? [invalid('parameters', '', 'field can not be empty.')] : []),
    ...(size > PARAMETERS_SIZE ? [tooLong('parameters', PARAMETERS_SIZE)] : []),
  ]
}

export function validateAttributesClass({ parameters = {} }: VolumeAttributesClass): FieldError[] {
  const isEmpty = Object.keys(parameters).length === 0
  return [
    ...validateParameters(parameters),
    ...(isEmpty ? [required('parameters', 'must contain at least one key/value pair')] : []),
  ]
}

export function validateAttributesClassUpdate(object: VolumeAttributesClass, old: VolumeAttributesClass): FieldError[] {
  return [...validateAttributesClass(object), ...forbidChanges(object, old, ['driverName', 'parameters'])]
}

/** Volumes were made by these fields: another value would not be true of them. */
export function forbidChanges<T extends StorageClass | VolumeAttributesClass>(
  object: T,
  old: T,
  names: readonly (keyof T & string)[],
): FieldError[] {
  const changed = names.filter(name => !deepEqual(object[name], old[name]))
  return changed.map(name => forbidden(name, `updates to ${name} are forbidden.`))
}
