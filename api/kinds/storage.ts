import {
  attachmentColumns,
  attributesClassColumns,
  capacityColumns,
  csiNodeColumns,
  driverColumns,
  storageClassColumns,
} from '../columns/storage.ts'
import { setDriverDefaults, setStorageClassDefaults } from '../defaults/storage.ts'
import type { Kind } from '../kind.ts'
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../types/storage-v1.ts'
import {
  validateAttributesClass,
  validateAttributesClassUpdate,
  validateCapacityUpdate,
  validateCsiNode,
  validateCsiNodeUpdate,
  validateDriver,
  validateDriverUpdate,
} from '../validate/csi.ts'
import { validateAttachmentUpdate, validateStorageClass, validateStorageClassUpdate } from '../validate/storage.ts'
import { declareKinds, kind } from './declare.ts'

export function storageKinds(): Kind[] {
  return declareKinds('storage.k8s.io', 'v1', [
    kind<StorageClass>({
      kind: 'StorageClass',
      shortNames: ['sc'],
      setDefaults: setStorageClassDefaults,
      validate: validateStorageClass,
      validateUpdate: validateStorageClassUpdate,
      columns: storageClassColumns,
    }),
    kind<CSIDriver>({
      kind: 'CSIDriver',
      setDefaults: setDriverDefaults,
      validate: validateDriver,
      validateUpdate: validateDriverUpdate,
      columns: driverColumns,
      strategy: { allowUnconditionalUpdate: false },
    }),
    kind<CSINode>({
      kind: 'CSINode',
      validate: validateCsiNode,
      validateUpdate: validateCsiNodeUpdate,
      columns: csiNodeColumns,
      strategy: { allowUnconditionalUpdate: false },
    }),
    kind<CSIStorageCapacity>({
      kind: 'CSIStorageCapacity',
      validateUpdate: validateCapacityUpdate,
      columns: capacityColumns,
      strategy: { allowUnconditionalUpdate: false },
    }),
    kind<VolumeAttachment>({
      kind: 'VolumeAttachment',
      validateUpdate: validateAttachmentUpdate,
      columns: attachmentColumns,
      strategy: { allowUnconditionalUpdate: false },
    }),
    kind<VolumeAttributesClass>({
      kind: 'VolumeAttributesClass',
      shortNames: ['vac'],
      validate: validateAttributesClass,
      validateUpdate: validateAttributesClassUpdate,
      columns: attributesClassColumns,
    }),
  ])
}
