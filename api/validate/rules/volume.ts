import type { FieldError } from '../../kind.ts'
import { isConfigKey, isLabelName } from '../../names.ts'
import type {
  DownwardAPIVolumeFile,
  ISCSIVolumeSource,
  PersistentVolumeSpec,
  Volume,
  VolumeProjection,
} from '../../types/core-v1.ts'
import {
  absolutePath,
  amount,
  amounts,
  between,
  eachOneOf,
  exactlyOne,
  fileMode,
  given,
  maxItems,
  named,
  needed,
  noParent,
  notNegative,
  oneOf,
  pathInside,
  present,
  qualified,
  type Rules,
  subdomain,
} from '../checks.ts'
import { forbidden, invalid, required, unsupported } from '../errors.ts'

const MODES = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod']
const HOST_PATHS = ['', 'DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice']

/** Fields of a volume that are not its source. */
const NO_SOURCE = new Set(['name'])

function oneSource(volume: Volume, path: string): FieldError[] {
  const set = Object.keys(volume).filter(name => !NO_SOURCE.has(name) && volume[name as keyof Volume] !== undefined)
  if (set.length === 0) return [required(path, 'must specify a volume type')]
  return set.slice(1).map(name => forbidden(`${path}.${name}`, 'may not specify more than 1 volume type'))
}

const PROJECTIONS = [
  'configMap',
  'secret',
  'downwardAPI',
  'serviceAccountToken',
  'clusterTrustBundle',
  'podCertificate',
] as const

function oneProjection(source: VolumeProjection, path: string): FieldError[] {
  return exactlyOne(
    PROJECTIONS,
    'must specify a projected volume source',
    'may not specify more than 1 volume type per source',
  )(source, path)
}

const FILE_PATHS = ['metadata.name', 'metadata.namespace', 'metadata.labels', 'metadata.annotations', 'metadata.uid']

function downwardFile({ fieldRef, resourceFieldRef }: DownwardAPIVolumeFile, path: string): FieldError[] {
  if (fieldRef && resourceFieldRef) {
    return [invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously')]
  }
  if (!fieldRef && !resourceFieldRef) return [required(path, 'one of fieldRef and resourceFieldRef is required')]
  const isOfMap = /^metadata\.(labels|annotations)\['[^']+'\]$/.test(fieldRef?.fieldPath ?? '')
  if (!fieldRef || isOfMap || FILE_PATHS.includes(fieldRef.fieldPath)) return []
  return [unsupported(`${path}.fieldRef.fieldPath`, fieldRef.fieldPath, FILE_PATHS)]
}

function chap({ chapAuthDiscovery, chapAuthSession, secretRef }: ISCSIVolumeSource, path: string): FieldError[] {
  const needsSecret = (chapAuthDiscovery || chapAuthSession) && !secretRef
  return needsSecret ? [required(`${path}.secretRef`)] : []
}

const PERSISTENT_SOURCES = [
  ...['awsElasticBlockStore', 'azureDisk', 'azureFile', 'cephfs', 'cinder', 'csi', 'fc', 'flexVolume', 'flocker'],
  ...['gcePersistentDisk', 'glusterfs', 'hostPath', 'iscsi', 'local', 'nfs', 'photonPersistentDisk', 'portworxVolume'],
  ...['quobyte', 'rbd', 'scaleIO', 'storageos', 'vsphereVolume'],
]

function persistentSource(spec: PersistentVolumeSpec, path: string): FieldError[] {
  const errors = exactlyOne(
    PERSISTENT_SOURCES,
    'must specify a volume type',
    'may not specify more than 1 volume type',
  )(spec, path)
  if (spec.local && !spec.nodeAffinity) {
    errors.push(required(`${path}.nodeAffinity`, 'Local volume requires node affinity'))
  }
  if (spec.capacity && spec.capacity.storage === undefined) {
    errors.push(unsupported(`${path}.capacity`, spec.capacity, ['storage']))
  }
  return errors
}

const items = { key: [present, named(isConfigKey)], path: [present, pathInside], mode: [fileMode] }
const files = { defaultMode: [fileMode] }
const exclusive = (list: string[], path: string): FieldError[] =>
  list.includes('ReadWriteOncePod') && list.length > 1
    ? [forbidden(path, 'may not use ReadWriteOncePod with other access modes')]
    : []

const noBackstep = (value: string, path: string): FieldError[] =>
  value.split('/').includes('..') ? [invalid(path, value, "can not contain backsteps ('..')")] : []

export const VOLUME_RULES: Rules = {
  'core.v1.Volume': { name: [present, named(isLabelName)], '*': [oneSource] },
  'core.v1.VolumeMount': {
    name: [present],
    mountPath: [present],
    subPath: [pathInside],
    subPathExpr: [pathInside],
    mountPropagation: [oneOf('None', 'HostToContainer', 'Bidirectional')],
    recursiveReadOnly: [oneOf('Disabled', 'IfPossible', 'Enabled')],
  },
  'core.v1.VolumeDevice': { name: [present], devicePath: [present, noBackstep] },
  'core.v1.HostPathVolumeSource': { path: [present, noParent], type: [oneOf(...HOST_PATHS)] },
  'core.v1.EmptyDirVolumeSource': { sizeLimit: [amount] },
  'core.v1.SecretVolumeSource': { secretName: [present], ...files },
  'core.v1.ConfigMapVolumeSource': { name: [present], ...files },
  'core.v1.ProjectedVolumeSource': files,
  'core.v1.VolumeProjection': { '*': [oneProjection] },
  'core.v1.SecretProjection': { name: [present] },
  'core.v1.ConfigMapProjection': { name: [present] },
  'core.v1.ServiceAccountTokenProjection': {
    path: [present, pathInside],
    expirationSeconds: [
      (seconds: number, path: string) => [
        ...(seconds < 600 ? [invalid(path, seconds, 'may not specify a duration less than 10 minutes')] : []),
        ...(seconds > 2 ** 32 ? [invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds')] : []),
      ],
    ],
  },
  'core.v1.KeyToPath': items,
  'core.v1.DownwardAPIVolumeSource': files,
  'core.v1.DownwardAPIVolumeFile': { path: [present, pathInside], mode: [fileMode], '*': [downwardFile] },
  'core.v1.PersistentVolumeClaimVolumeSource': { claimName: [present] },
  'core.v1.EphemeralVolumeSource': { volumeClaimTemplate: [present] },
  'core.v1.NFSVolumeSource': { server: [present], path: [present, absolutePath] },
  'core.v1.ISCSIVolumeSource': { targetPortal: [present], iqn: [present], lun: [between(0, 255)], '*': [chap] },
  'core.v1.CSIVolumeSource': { driver: [present] },
  'core.v1.CSIPersistentVolumeSource': { driver: [present], volumeHandle: [present] },
  'core.v1.LocalVolumeSource': { path: [present, noParent] },
  'core.v1.RBDVolumeSource': { monitors: [present], image: [present] },
  'core.v1.CephFSVolumeSource': { monitors: [present] },
  'core.v1.CinderVolumeSource': { volumeID: [present] },
  'core.v1.GlusterfsVolumeSource': { endpoints: [present], path: [present, noParent] },
  'core.v1.AWSElasticBlockStoreVolumeSource': { volumeID: [present] },
  'core.v1.GCEPersistentDiskVolumeSource': { pdName: [present], partition: [between(0, 255)] },
  'core.v1.AzureFileVolumeSource': { secretName: [present], shareName: [present] },
  'core.v1.AzureDiskVolumeSource': { diskName: [present], diskURI: [present] },
  'core.v1.VsphereVirtualDiskVolumeSource': { volumePath: [present] },
  'core.v1.FlexVolumeSource': { driver: [present] },
  'core.v1.GitRepoVolumeSource': { repository: [present] },
  'core.v1.ImageVolumeSource': { reference: [present], pullPolicy: [oneOf('Always', 'IfNotPresent', 'Never')] },
  'core.v1.PersistentVolumeSpec': {
    capacity: [present, amounts],
    accessModes: [present, eachOneOf(...MODES), exclusive],
    persistentVolumeReclaimPolicy: [oneOf('Delete', 'Recycle', 'Retain')],
    volumeMode: [oneOf('Block', 'Filesystem')],
    storageClassName: [subdomain],
    '*': [persistentSource],
  },
  'core.v1.PersistentVolumeClaimSpec': {
    accessModes: [needed('at least 1 access mode is required'), eachOneOf(...MODES), exclusive],
    volumeMode: [oneOf('Block', 'Filesystem')],
    storageClassName: [subdomain],
  },
  'core.v1.VolumeResourceRequirements': { requests: [amounts], limits: [amounts] },
  'core.v1.TypedLocalObjectReference': { kind: [present], name: [present] },
  'storage.v1.StorageClass': {
    provisioner: [present, qualified],
    reclaimPolicy: [oneOf('Delete', 'Retain')],
    volumeBindingMode: [oneOf('Immediate', 'WaitForFirstConsumer')],
  },
  'storage.v1.CSIDriverSpec': {
    attachRequired: [given],
    fsGroupPolicy: [oneOf('ReadWriteOnceWithFSType', 'File', 'None')],
    volumeLifecycleModes: [eachOneOf('Persistent', 'Ephemeral')],
  },
  'storage.v1.CSINodeDriver': { name: [present], nodeID: [present] },
  'storage.v1.VolumeNodeResources': { count: [notNegative] },
  'storage.v1.VolumeAttachmentSpec': { attacher: [present], nodeName: [present] },
  'storage.v1.VolumeAttributesClass': { driverName: [present] },
  'storage.v1.CSIStorageCapacity': {
    storageClassName: [present, subdomain],
    capacity: [amount],
    maximumVolumeSize: [amount],
  },
  'core.v1.TopologySelectorLabelRequirement': { key: [present, qualified], values: [present, maxItems(10_000)] },
  'core.v1.VolumeNodeAffinity': { required: [present] },
}
