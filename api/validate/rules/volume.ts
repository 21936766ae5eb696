import type { FieldError } from '../../kind.ts'
import { isLabelName, isSubdomainName } from '../../names.ts'
import { canonicalQuantity, compareQuantity, isQuantity } from '../../quantity.ts'
import type {
  DownwardAPIVolumeFile,
  FCVolumeSource,
  ISCSIVolumeSource,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
  ProjectedVolumeSource,
  TypedObjectReference,
  Volume,
  VolumeProjection,
} from '../../types/core-v1.ts'
import {
  absolutePath,
  amount,
  amounts,
  between,
  exactlyOne,
  fileMode,
  named,
  needed,
  noParent,
  oneOf,
  pathInside,
  present,
  qualified,
  type Rules,
  subdomain,
  tokenLifetime,
} from '../checks.ts'
import { forbidden, invalid, required, tooLong, unsupported } from '../errors.ts'
import { fieldSelector, resourceSelector } from './container.ts'

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
  const set = PROJECTIONS.filter(name => source[name] !== undefined)
  return set.length > 1 ? [forbidden(path, 'may not specify more than 1 volume type per source')] : []
}

/** Two sources may not be laid at the same place. */
function distinctPaths({ sources = [] }: ProjectedVolumeSource, path: string): FieldError[] {
  const seen = new Set<string>()
  const clash = (file: string, value: string) => {
    if (file && seen.has(file)) return [invalid(path, value, 'conflicting duplicate paths')]
    seen.add(file)
    return []
  }
  return sources.flatMap(({ secret, configMap, downwardAPI }) => [
    ...(secret?.items ?? []).flatMap(item => clash(item.path, secret?.name ?? '')),
    ...(configMap?.items ?? []).flatMap(item => clash(item.path, configMap?.name ?? '')),
    ...(downwardAPI?.items ?? []).flatMap(item => clash(item.path, item.path)),
  ])
}

const FILE_PATHS = ['metadata.name', 'metadata.namespace', 'metadata.labels', 'metadata.annotations', 'metadata.uid']
const fileField = fieldSelector(FILE_PATHS)

function downwardFile({ fieldRef, resourceFieldRef }: DownwardAPIVolumeFile, path: string): FieldError[] {
  if (fieldRef && resourceFieldRef) {
    return [invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously')]
  }
  if (fieldRef) return fileField(fieldRef, `${path}.fieldRef`)
  if (!resourceFieldRef) return [required(path, 'one of fieldRef and resourceFieldRef is required')]
  const where = `${path}.resourceFieldRef`
  return resourceFieldRef.containerName
    ? resourceSelector(resourceFieldRef, where)
    : [required(`${where}.containerName`)]
}

/** A path below a volume, where the kubelet's own folders begin with two dots. */
const fileInside = (value: string, path: string): FieldError[] => {
  const errors = pathInside(value, path)
  const isReserved = value.startsWith('..') && !value.split('/').includes('..')
  return isReserved ? [...errors, invalid(path, value, "must not start with '..'")] : errors
}

export function driverName(name: string, path: string): FieldError[] {
  if (name.length > 63) return [tooLong(path, 63)]
  return isSubdomainName(name.toLowerCase()).map(problem => invalid(path, name, problem))
}

function fibreChannel({ targetWWNs = [], wwids = [], lun }: FCVolumeSource, path: string): FieldError[] {
  const where = `${path}.targetWWNs`
  if (targetWWNs.length === 0) {
    return wwids.length > 0 ? [] : [required(where, 'must specify either targetWWNs or wwids, but not both')]
  }
  const errors =
    wwids.length > 0 ? [invalid(where, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously')] : []
  if (lun === undefined) return [...errors, required(`${path}.lun`, 'lun is required if targetWWNs is specified')]
  return [...errors, ...between(0, 255)(lun, `${path}.lun`)]
}

const IQN = {
  iqn: /^iqn\.\d{4}-\d{2}\.([a-z0-9A-Z.-_]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[a-zA-Z0-9]{16}$/,
  naa: /^naa.[a-zA-Z0-9]{32}$/,
}

function initiator(name: string, path: string): FieldError[] {
  const form = Object.entries(IQN).find(([prefix]) => name.startsWith(prefix))?.[1]
  if (!form) return [invalid(path, name, 'must be valid format starting with iqn, eui, or naa')]
  return form.test(name) ? [] : [invalid(path, name, 'must be valid format')]
}

function chap(
  { chapAuthDiscovery, chapAuthSession, secretRef }: Partial<ISCSIVolumeSource>,
  path: string,
): FieldError[] {
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
  const names = Object.keys(spec.capacity ?? {})
  if (names.length > 0 && (names.length > 1 || names[0] !== 'storage')) {
    errors.push(unsupported(`${path}.capacity`, spec.capacity, ['storage']))
  }
  const isRoot = spec.hostPath?.path.split('/').every(part => part === '' || part === '.')
  if (isRoot && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const detail = "may not be 'recycle' for a hostPath mount of '/'"
    errors.push(forbidden(`${path}.persistentVolumeReclaimPolicy`, detail))
  }
  return [...errors, ...attributesClass(spec, path)]
}

/** Only drivers of the interface know classes of attributes. */
function attributesClass({ volumeAttributesClassName: name, csi }: PersistentVolumeSpec, path: string): FieldError[] {
  if (name === undefined) return []
  const where = `${path}.volumeAttributesClassName`
  return [
    ...(name === '' ? [required(where, 'an empty string is disallowed')] : subdomain(name, where)),
    ...(csi ? [] : [required(`${path}.csi`, 'has to be specified when using volumeAttributesClassName')]),
  ]
}

function capacity(map: Record<string, string | number>, path: string): FieldError[] {
  return Object.entries(map).flatMap(([name, value]) => {
    const errors = amount(value, `${path}[${name}]`)
    const isNone = errors.length === 0 && compareQuantity(value, 0) === 0
    return isNone ? [invalid(`${path}[${name}]`, canonicalQuantity(value), 'must be greater than zero')] : errors
  })
}

function sizeLimit(value: string, path: string): FieldError[] {
  const isWrong = !isQuantity(value) || compareQuantity(value, 0) < 0
  return isWrong ? [forbidden(path, 'SizeLimit field must be a valid resource quantity')] : []
}

function dataSource(source: TypedObjectReference, path: string): FieldError[] {
  const { apiGroup = '', kind, name, namespace = '' } = source
  const errors = [...(name ? [] : [required(`${path}.name`)]), ...(kind ? [] : [required(`${path}.kind`)])]
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim') {
    errors.push(invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
  }
  return [
    ...errors,
    ...named(isSubdomainName)(apiGroup, `${path}.apiGroup`),
    ...named(isLabelName)(namespace, `${path}.namespace`),
  ]
}

/** What data a claim begins with is told in an old way and in a new one; who tells both must tell the same. */
function oneDataSource({ dataSource: old, dataSourceRef: ref }: PersistentVolumeClaimSpec, path: string): FieldError[] {
  if (!old || !ref) return []
  const where = `${path}.dataSource`
  if (ref.namespace) return [invalid(path, where, 'may not be specified when dataSourceRef.namespace is specified')]
  const isSame = old.apiGroup === ref.apiGroup && old.kind === ref.kind && old.name === ref.name
  return isSame ? [] : [invalid(path, where, 'must match dataSourceRef')]
}

const items = { key: [present], path: [present, fileInside], mode: [fileMode] }
const files = { defaultMode: [fileMode] }
const mode = oneOf(...MODES)
const modes = (list: string[], path: string): FieldError[] => {
  const isShared =
    list.includes('ReadWriteOncePod') && list.some(one => one !== 'ReadWriteOncePod' && MODES.includes(one))
  const errors = list.flatMap(one => mode(one, path))
  return isShared ? [...errors, forbidden(path, 'may not use ReadWriteOncePod with other access modes')] : errors
}

const noBackstep = (value: string, path: string): FieldError[] =>
  value.split('/').includes('..') ? [invalid(path, value, "can not contain backsteps ('..')")] : []

const iscsi = { targetPortal: [present], iqn: [present, initiator], lun: [between(0, 255)], '*': [chap] }

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
  'core.v1.EmptyDirVolumeSource': { sizeLimit: [sizeLimit] },
  'core.v1.SecretVolumeSource': { secretName: [present], ...files },
  'core.v1.ConfigMapVolumeSource': { name: [present], ...files },
  'core.v1.ProjectedVolumeSource': { ...files, '*': [distinctPaths] },
  'core.v1.VolumeProjection': { '*': [oneProjection] },
  'core.v1.SecretProjection': { name: [present] },
  'core.v1.ConfigMapProjection': { name: [present] },
  'core.v1.ServiceAccountTokenProjection': {
    path: [present, fileInside],
    expirationSeconds: [tokenLifetime],
  },
  'core.v1.KeyToPath': items,
  'core.v1.DownwardAPIVolumeSource': files,
  'core.v1.DownwardAPIVolumeFile': { path: [present, fileInside], mode: [fileMode], '*': [downwardFile] },
  'core.v1.PersistentVolumeClaimVolumeSource': { claimName: [present] },
  'core.v1.EphemeralVolumeSource': { volumeClaimTemplate: [present] },
  'core.v1.NFSVolumeSource': { server: [present], path: [present, absolutePath] },
  'core.v1.ISCSIVolumeSource': iscsi,
  'core.v1.ISCSIPersistentVolumeSource': iscsi,
  'core.v1.CSIVolumeSource': { driver: [present, driverName] },
  'core.v1.CSIPersistentVolumeSource': { driver: [present, driverName], volumeHandle: [present] },
  'core.v1.FCVolumeSource': { '*': [fibreChannel] },
  'core.v1.LocalVolumeSource': { path: [present, noParent] },
  'core.v1.RBDVolumeSource': { monitors: [present], image: [present] },
  'core.v1.RBDPersistentVolumeSource': { monitors: [present], image: [present] },
  'core.v1.CephFSVolumeSource': { monitors: [present] },
  'core.v1.CephFSPersistentVolumeSource': { monitors: [present] },
  'core.v1.CinderVolumeSource': { volumeID: [present] },
  'core.v1.CinderPersistentVolumeSource': { volumeID: [present] },
  'core.v1.GlusterfsVolumeSource': { endpoints: [present], path: [present, noParent] },
  'core.v1.GlusterfsPersistentVolumeSource': { endpoints: [present], path: [present, noParent] },
  'core.v1.AWSElasticBlockStoreVolumeSource': { volumeID: [present] },
  'core.v1.GCEPersistentDiskVolumeSource': { pdName: [present], partition: [between(0, 255)] },
  'core.v1.AzureFileVolumeSource': { secretName: [present], shareName: [present] },
  'core.v1.AzureFilePersistentVolumeSource': { secretName: [present], shareName: [present] },
  'core.v1.AzureDiskVolumeSource': { diskName: [present], diskURI: [present] },
  'core.v1.VsphereVirtualDiskVolumeSource': { volumePath: [present] },
  'core.v1.FlexVolumeSource': { driver: [present] },
  'core.v1.FlexPersistentVolumeSource': { driver: [present] },
  'core.v1.GitRepoVolumeSource': { repository: [present] },
  'core.v1.ImageVolumeSource': { reference: [present], pullPolicy: [oneOf('Always', 'IfNotPresent', 'Never')] },
  'core.v1.PersistentVolumeSpec': {
    capacity: [present, capacity],
    accessModes: [present, modes],
    persistentVolumeReclaimPolicy: [oneOf('Delete', 'Recycle', 'Retain')],
    volumeMode: [oneOf('Block', 'Filesystem')],
    storageClassName: [subdomain],
    '*': [persistentSource],
  },
  'core.v1.PersistentVolumeClaimSpec': {
    accessModes: [needed('at least 1 access mode is required'), modes],
    volumeMode: [oneOf('Block', 'Filesystem')],
    storageClassName: [subdomain],
    volumeAttributesClassName: [subdomain],
    dataSource: [dataSource],
    dataSourceRef: [dataSource],
    '*': [oneDataSource],
  },
  'core.v1.VolumeResourceRequirements': { requests: [amounts], limits: [amounts] },
  'core.v1.TopologySelectorLabelRequirement': { key: [present, qualified], values: [present] },
  'core.v1.VolumeNodeAffinity': { required: [needed('must specify required node constraints')] },
}
