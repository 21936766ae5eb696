import type {
  AzureDiskVolumeSource,
  HostPathVolumeSource,
  ISCSIVolumeSource,
  PersistentVolume,
  PersistentVolumeClaim,
  RBDVolumeSource,
  ScaleIOVolumeSource,
} from '../types/core-v1.ts'
import type { CSIDriver, StorageClass } from '../types/storage-v1.ts'

type Loose<T> = { [K in keyof T]?: T[K] }

/** The sources that pods and persistent volumes share. */
interface VolumeSources {
  hostPath?: HostPathVolumeSource
  iscsi?: Loose<ISCSIVolumeSource>
  rbd?: Loose<RBDVolumeSource>
  azureDisk?: AzureDiskVolumeSource
  scaleIO?: Loose<ScaleIOVolumeSource>
}

export function setVolumeSourceDefaults({ hostPath, iscsi, rbd, azureDisk, scaleIO }: VolumeSources): void {
  if (hostPath) hostPath.type ??= ''
  if (iscsi) iscsi.iscsiInterface ??= 'default'
  if (rbd) {
    rbd.pool ??= 'rbd'
    rbd.user ??= 'admin'
    rbd.keyring ??= '/etc/ceph/keyring'
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite'
    azureDisk.kind ??= 'Shared'
    azureDisk.fsType ??= 'ext4'
    azureDisk.readOnly ??= false
  }
  if (scaleIO) {
    scaleIO.storageMode ??= 'ThinProvisioned'
    scaleIO.fsType ??= 'xfs'
  }
}

export function setVolumeDefaults(volume: PersistentVolume): void {
  volume.status ??= {}
  volume.status.phase ??= 'Pending'
  if (!volume.spec) return
  volume.spec.persistentVolumeReclaimPolicy ??= 'Retain'
  volume.spec.volumeMode ??= 'Filesystem'
  setVolumeSourceDefaults(volume.spec as VolumeSources)
}

export function setClaimDefaults(claim: PersistentVolumeClaim): void {
  claim.status ??= {}
  claim.status.phase ??= 'Pending'
  if (claim.spec) claim.spec.volumeMode ??= 'Filesystem'
}

export function setStorageClassDefaults(object: StorageClass): void {
  object.reclaimPolicy ??= 'Delete'
  object.volumeBindingMode ??= 'Immediate'
}

export function setDriverDefaults({ spec }: CSIDriver): void {
  if (!spec) return
  spec.attachRequired ??= true
  spec.podInfoOnMount ??= false
  spec.storageCapacity ??= false
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent']
  spec.requiresRepublish ??= false
  spec.seLinuxMount ??= false
}
