import type { FieldError } from '../../kind.ts'
import { isQualifiedName, isSubdomainName } from '../../names.ts'
import type { CSINodeDriver, TokenRequest, VolumeAttachmentSource } from '../../types/storage-v1.ts'
import { amount, between, named, notNegative, oneOf, present, type Rules, subdomain, tokenLifetime } from '../checks.ts'
import { duplicate, forbidden, invalid, required, tooLong, unsupported } from '../errors.ts'
import { driverName } from './volume.ts'

const provisioner = (value: string, path: string): FieldError[] =>
  isQualifiedName(value.toLowerCase()).map(problem => invalid(path, value, problem))

const LIFECYCLES = ['Ephemeral', 'Persistent']
const lifecycles = (modes: string[], path: string): FieldError[] =>
  modes.filter(mode => !LIFECYCLES.includes(mode)).map(mode => unsupported(path, mode, LIFECYCLES))

/** One token for each audience; of those, one may be for the API server itself, which has no name. */
function tokenRequests(requests: TokenRequest[], path: string): FieldError[] {
  return requests.flatMap(({ audience, expirationSeconds }, index) => {
    if (requests.findIndex(other => other.audience === audience) < index) {
      return [duplicate(`${path}[${index}].audience`, audience)]
    }
    const where = `${path}[${index}].expirationSeconds`
    return expirationSeconds === undefined ? [] : tokenLifetime(expirationSeconds, where)
  })
}

const updatePeriod = (seconds: number, path: string): FieldError[] =>
  seconds < 10 ? [invalid(path, seconds, 'must be greater than or equal to 10 seconds')] : []

const LONGEST_NODE_ID = 192
const nodeId = (id: string, path: string): FieldError[] =>
  id.length > LONGEST_NODE_ID ? [invalid(path, id, `must be ${LONGEST_NODE_ID} characters or less`)] : []

/** Faults of the keys are told of the driver that has them. */
function topologyKeys({ topologyKeys: keys = [] }: CSINodeDriver, path: string): FieldError[] {
  return keys.flatMap((key, index) => [
    ...(key === '' ? [required(path)] : []),
    ...(keys.indexOf(key) < index ? [duplicate(path, key)] : []),
    ...isQualifiedName(key).map(problem => invalid(path, key, problem)),
  ])
}

const ONE_SOURCE = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'

function attachmentSource({ inlineVolumeSpec, persistentVolumeName: name }: VolumeAttachmentSource, path: string) {
  if (inlineVolumeSpec && name !== undefined) return [forbidden(path, ONE_SOURCE)]
  if (!inlineVolumeSpec && name === undefined) return [required(path, ONE_SOURCE)]
  if (inlineVolumeSpec) return []
  const where = `${path}.persistentVolumeName`
  return name ? named(isSubdomainName)(name, where) : [required(where, 'must specify non empty persistentVolumeName')]
}

const MOST_METADATA = 256 * 1024

function attachmentMetadata(metadata: Record<string, string>, path: string): FieldError[] {
  const size = Object.entries(metadata).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0)
  return size > MOST_METADATA ? [tooLong(path, MOST_METADATA)] : []
}

const LONGEST_MESSAGE = 1024

// The limit that is told is that of the metadata, as in Kubernetes.
const volumeMessage = (message: string, path: string): FieldError[] =>
  Buffer.byteLength(message) > LONGEST_MESSAGE ? [tooLong(path, MOST_METADATA)] : []

/** It is always given, if only as nothing. */
const className = (name: string, path: string): FieldError[] =>
  isSubdomainName(name).map(problem => invalid(path, name, problem))

export const STORAGE_RULES: Rules = {
  'storage.v1.StorageClass': {
    provisioner: [present, provisioner],
    reclaimPolicy: [oneOf('Delete', 'Retain')],
    volumeBindingMode: [oneOf('Immediate', 'WaitForFirstConsumer')],
  },
  'storage.v1.CSIDriverSpec': {
    fsGroupPolicy: [oneOf('ReadWriteOnceWithFSType', 'File', 'None')],
    volumeLifecycleModes: [lifecycles],
    tokenRequests: [tokenRequests],
    nodeAllocatableUpdatePeriodSeconds: [updatePeriod],
  },
  'storage.v1.CSINodeDriver': { name: [present, driverName], nodeID: [present, nodeId], '*': [topologyKeys] },
  'storage.v1.VolumeNodeResources': { count: [notNegative] },
  'storage.v1.VolumeAttachmentSpec': { attacher: [present, driverName], nodeName: [present, subdomain] },
  'storage.v1.VolumeAttachmentSource': { '*': [attachmentSource] },
  'storage.v1.VolumeAttachmentStatus': { attachmentMetadata: [attachmentMetadata] },
  'storage.v1.VolumeError': { message: [volumeMessage], errorCode: [between(0, 2147483647)] },
  'storage.v1.VolumeAttributesClass': { driverName: [present, provisioner] },
  'storage.v1.CSIStorageCapacity': { storageClassName: [className], capacity: [amount] },
}
