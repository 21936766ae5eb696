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
import type { CSIDriver, StorageClass, VolumeAttachment } from '../types/storage-v1.ts'
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
      columns: driverColumns,
      strategy: { allowUnconditionalUpdate: false },
    }),
    { kind: 'CSINode', columns: csiNodeColumns, strategy: { allowUnconditionalUpdate: false } },
    { kind: 'CSIStorageCapacity', columns: capacityColumns, strategy: { allowUnconditionalUpdate: false } },
    kind<VolumeAttachment>({
      kind: 'VolumeAttachment',
      validateUpdate: validateAttachmentUpdate,
      columns: attachmentColumns,
      strategy: { allowUnconditionalUpdate: false },
    }),
    { kind: 'VolumeAttributesClass', shortNames: ['vac'], columns: attributesClassColumns },
  ])
}
