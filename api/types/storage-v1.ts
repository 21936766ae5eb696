/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */
import type { KubeList, KubeObject } from '../objects.ts'
import type { PersistentVolumeSpec, TopologySelectorTerm } from './core-v1.ts'
import type { LabelSelector } from './meta-v1.ts'
import type { Quantity } from './scalars.ts'

export interface CSIDriver extends KubeObject {
  spec: CSIDriverSpec
}

export type CSIDriverList = KubeList<CSIDriver>

export interface CSIDriverSpec {
  attachRequired?: boolean
  fsGroupPolicy?: string
  nodeAllocatableUpdatePeriodSeconds?: number
  podInfoOnMount?: boolean
  preventPodSchedulingIfMissing?: boolean
  requiresRepublish?: boolean
  seLinuxMount?: boolean
  serviceAccountTokenInSecrets?: boolean
  storageCapacity?: boolean
  tokenRequests?: TokenRequest[]
  volumeLifecycleModes?: string[]
}

export interface CSINode extends KubeObject {
  spec: CSINodeSpec
}

export interface CSINodeDriver {
  allocatable?: VolumeNodeResources
  name: string
  nodeID: string
  topologyKeys?: string[]
}

export type CSINodeList = KubeList<CSINode>

export interface CSINodeSpec {
  drivers: CSINodeDriver[]
}

export interface CSIStorageCapacity extends KubeObject {
  capacity?: Quantity
  maximumVolumeSize?: Quantity
  nodeTopology?: LabelSelector
  storageClassName: string
}

export type CSIStorageCapacityList = KubeList<CSIStorageCapacity>

export interface StorageClass extends KubeObject {
  allowVolumeExpansion?: boolean
  allowedTopologies?: TopologySelectorTerm[]
  mountOptions?: string[]
  parameters?: Record<string, string>
  provisioner: string
  reclaimPolicy?: string
  volumeBindingMode?: string
}

export type StorageClassList = KubeList<StorageClass>

export interface TokenRequest {
  audience: string
  expirationSeconds?: number
}

export interface VolumeAttachment extends KubeObject {
  spec: VolumeAttachmentSpec
  status?: VolumeAttachmentStatus
}

export type VolumeAttachmentList = KubeList<VolumeAttachment>

export interface VolumeAttachmentSource {
  inlineVolumeSpec?: PersistentVolumeSpec
  persistentVolumeName?: string
}

export interface VolumeAttachmentSpec {
  attacher: string
  nodeName: string
  source: VolumeAttachmentSource
}

export interface VolumeAttachmentStatus {
  attachError?: VolumeError
  attached: boolean
  attachmentMetadata?: Record<string, string>
  detachError?: VolumeError
}

export interface VolumeAttributesClass extends KubeObject {
  driverName: string
  parameters?: Record<string, string>
}

export type VolumeAttributesClassList = KubeList<VolumeAttributesClass>

export interface VolumeError {
  errorCode?: number
  message?: string
  time?: string
}

export interface VolumeNodeResources {
  count?: number
}
