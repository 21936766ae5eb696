import type { Column } from '../kind.ts'
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../types/storage-v1.ts'
import { ageColumn, column, nameColumn, UNSET } from './basic.ts'

const DEFAULT_CLASS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]

/** The name, and whether claims that name no class get this one. */
function classNameCell({ metadata }: StorageClass): string {
  const isDefault = DEFAULT_CLASS.some(key => metadata?.annotations?.[key] === 'true')
  return `${metadata?.name ?? ''}${isDefault ? ' (default)' : ''}`
}

export const storageClassColumns: readonly Column[] = [
  column<StorageClass>('Name', classNameCell, { format: 'name', description: nameColumn.description }),
  column<StorageClass>('Provisioner', object => object.provisioner),
  column<StorageClass>('ReclaimPolicy', object => object.reclaimPolicy ?? 'Delete'),
  column<StorageClass>('VolumeBindingMode', object => object.volumeBindingMode ?? 'Immediate'),
  column<StorageClass>('AllowVolumeExpansion', object => object.allowVolumeExpansion ?? false, { type: 'boolean' }),
  ageColumn,
]

export const attributesClassColumns: readonly Column[] = [
  nameColumn,
  column<VolumeAttributesClass>('DriverName', object => object.driverName),
  ageColumn,
]

const flag = (value: boolean | undefined, otherwise: boolean) => value ?? otherwise

export const driverColumns: readonly Column[] = [
  nameColumn,
  column<CSIDriver>('AttachRequired', ({ spec }) => flag(spec.attachRequired, true), { type: 'boolean' }),
  column<CSIDriver>('PodInfoOnMount', ({ spec }) => flag(spec.podInfoOnMount, false), { type: 'boolean' }),
  column<CSIDriver>('StorageCapacity', ({ spec }) => flag(spec.storageCapacity, false), { type: 'boolean' }),
  column<CSIDriver>('TokenRequests', ({ spec }) => {
    return (spec.tokenRequests ?? []).map(({ audience }) => audience).join(',') || UNSET
  }),
  column<CSIDriver>('RequiresRepublish', ({ spec }) => flag(spec.requiresRepublish, false), { type: 'boolean' }),
  column<CSIDriver>('Modes', ({ spec }) => (spec.volumeLifecycleModes ?? ['Persistent']).join(',')),
  ageColumn,
]

export const csiNodeColumns: readonly Column[] = [
  nameColumn,
  column<CSINode>('Drivers', ({ spec }) => spec.drivers.length, { type: 'integer' }),
  ageColumn,
]

export const capacityColumns: readonly Column[] = [
  nameColumn,
  column<CSIStorageCapacity>('StorageClassName', object => object.storageClassName),
  column<CSIStorageCapacity>('Capacity', object => String(object.capacity ?? UNSET)),
  ageColumn,
]

export const attachmentColumns: readonly Column[] = [
  nameColumn,
  column<VolumeAttachment>('Attacher', ({ spec }) => spec.attacher),
  column<VolumeAttachment>('PV', ({ spec }) => spec.source.persistentVolumeName ?? ''),
  column<VolumeAttachment>('Node', ({ spec }) => spec.nodeName),
  column<VolumeAttachment>('Attached', ({ status }) => status?.attached ?? false, { type: 'boolean' }),
  ageColumn,
]
