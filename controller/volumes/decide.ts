import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import type { StorageClass } from '../../api/types/storage-v1.ts'
import {
  BIND_COMPLETED,
  BOUND_BY_CONTROLLER,
  findVolume,
  isClaimedBy,
  isFullyBound,
  LOCAL_PROVISIONER,
  localFolderName,
  NO_PROVISIONER,
  PROVISIONED_BY,
  SELECTED_NODE,
  storageClassOf,
} from '../../api/volumes.ts'
import type { Live } from '../../client/client.ts'

export const LOCAL_CLASS = 'local-path'
export const IS_DEFAULT = 'storageclass.kubernetes.io/is-default-class'
const DEFAULT_FOLDER = '/var/lib/kubox/volumes'

type Claim = Live<PersistentVolumeClaim>
type Volume = Live<PersistentVolume>

export type ClaimStep =
  | { do: 'nothing' }
  | { do: 'bind'; volume: Volume }
  /** It was made before there was a default class. */
  | { do: 'give-class'; className: string }
  | { do: 'lose'; message: string }
  | { do: 'provision'; storageClass: StorageClass; nodeName: string | undefined }
  | { do: 'wait'; reason: string; message: string; type: 'Normal' | 'Warning' }

/** What a claim needs next: to be bound to its volume, to have one made, or to wait. */
export function decideClaim(
  claim: Claim,
  volumes: Iterable<Volume>,
  volumeOf: (name: string) => Volume | undefined,
  storageClass: StorageClass | undefined,
  defaultClass?: string,
): ClaimStep {
  if (claim.metadata.deletionTimestamp) return { do: 'nothing' }
  if (claim.spec.volumeName) return decideNamed(claim, volumeOf(claim.spec.volumeName))
  if (!hasClass(claim) && defaultClass) return { do: 'give-class', className: defaultClass }
  const selectedNode = claim.metadata.annotations?.[SELECTED_NODE]
  const own = [...volumes].find(volume => isClaimedBy(volume, claim))
  if (own) return { do: 'bind', volume: own }
  const waits = storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && !selectedNode
  if (waits) {
    const message = 'waiting for first consumer to be created before binding'
    return { do: 'wait', reason: 'WaitForFirstConsumer', message, type: 'Normal' }
  }
  const found = selectedNode ? undefined : (findVolume(claim, volumes) as Volume | undefined)
  if (found) return { do: 'bind', volume: found }
  return decideProvisioning(claim, storageClass, selectedNode)
}

/** '' is a choice as well: it means volumes without a class. */
function hasClass({ spec, metadata }: Claim): boolean {
  return (
    spec.storageClassName !== undefined || 'volume.beta.kubernetes.io/storage-class' in (metadata.annotations ?? {})
  )
}

/** The newest of the classes that are marked as default; of those as new the first by name. */
export function defaultClassOf(classes: readonly Live<StorageClass>[]): string | undefined {
  const marked = classes.filter(({ metadata }) => metadata.annotations?.[IS_DEFAULT] === 'true')
  const [first] = marked.sort(
    ({ metadata: a }, { metadata: b }) =>
      b.creationTimestamp.localeCompare(a.creationTimestamp) || a.name.localeCompare(b.name),
  )
  return first?.metadata.name
}

function decideNamed(claim: Claim, volume: Volume | undefined): ClaimStep {
  const name = claim.spec.volumeName
  if (!volume) {
    if (isFullyBound(claim))
      return { do: 'lose', message: 'Bound claim has lost its PersistentVolume. Data on the volume is lost!' }
    return { do: 'nothing' }
  }
  if (volume.spec.claimRef && !isClaimedBy(volume, claim)) {
    if (isFullyBound(claim))
      return { do: 'lose', message: 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!' }
    const message = `volume "${name}" already bound to a different claim.`
    return { do: 'wait', reason: 'FailedBinding', message, type: 'Warning' }
  }
  return { do: 'bind', volume }
}

function decideProvisioning(
  claim: Claim,
  storageClass: StorageClass | undefined,
  nodeName: string | undefined,
): ClaimStep {
  const className = storageClassOf(claim)
  if (!className) {
    const message = 'no persistent volumes available for this claim and no storage class is set'
    return { do: 'wait', reason: 'FailedBinding', message, type: 'Normal' }
  }
  if (!storageClass) {
    const message = `storageclass.storage.k8s.io "${className}" not found`
    return { do: 'wait', reason: 'ProvisioningFailed', message, type: 'Warning' }
  }
  if (storageClass.provisioner === LOCAL_PROVISIONER) return { do: 'provision', storageClass, nodeName }
  if (storageClass.provisioner === NO_PROVISIONER) {
    const message = `storageclass.storage.k8s.io "${className}" has no provisioner: a volume has to be made by hand`
    return { do: 'wait', reason: 'ProvisioningFailed', message, type: 'Warning' }
  }
  const message = `Waiting for a volume to be created either by the external provisioner '${storageClass.provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`
  return { do: 'wait', reason: 'ExternalProvisioning', message, type: 'Normal' }
}

/** A folder on one node. Its access modes are what the claim asks for; its size is not enforced, only remembered. */
export function localVolume(claim: Claim, storageClass: StorageClass, node: Node): PersistentVolume {
  const name = `pvc-${claim.metadata.uid}`
  const folder = storageClass.parameters?.path ?? DEFAULT_FOLDER
  const { namespace, uid } = claim.metadata
  const hostname = node.metadata?.labels?.['kubernetes.io/hostname'] ?? node.metadata?.name ?? ''
  const onNode = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [hostname] }]
  return {
    metadata: { name, annotations: { [PROVISIONED_BY]: LOCAL_PROVISIONER } },
    spec: {
      capacity: { storage: claim.spec.resources?.requests?.storage ?? '1Gi' },
      accessModes: claim.spec.accessModes,
      volumeMode: 'Filesystem',
      storageClassName: storageClass.metadata?.name,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      mountOptions: storageClass.mountOptions,
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: claim.metadata.name, namespace, uid },
      hostPath: { path: `${folder}/${localFolderName(name, claim.metadata)}`, type: 'DirectoryOrCreate' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: onNode }] } },
    },
  }
}

export type VolumePhase = 'Available' | 'Bound' | 'Released'

/** The phase a volume should have; `claim` is what its reference means, as far as it exists. */
export function decidePhase(volume: Volume, claim: Claim | undefined): VolumePhase {
  const reference = volume.spec.claimRef
  if (!reference?.uid) return 'Available'
  return claim?.metadata.uid === reference.uid ? 'Bound' : 'Released'
}

/** Whether nobody will come back for the volume, and it is for us to remove what it held. */
export function isToReclaim({ metadata, spec, status }: Volume): boolean {
  if (status?.phase !== 'Released' || metadata.deletionTimestamp) return false
  return spec.persistentVolumeReclaimPolicy === 'Delete' && metadata.annotations?.[PROVISIONED_BY] === LOCAL_PROVISIONER
}

/** What the claim says when it is bound. */
export function boundClaim(claim: Claim, volume: Volume, wasFound: boolean): Claim {
  const annotations = {
    ...claim.metadata.annotations,
    [BIND_COMPLETED]: 'yes',
    ...(wasFound ? { [BOUND_BY_CONTROLLER]: 'yes' } : {}),
  }
  return {
    ...claim,
    metadata: { ...claim.metadata, annotations },
    spec: { ...claim.spec, volumeName: volume.metadata.name },
  }
}
