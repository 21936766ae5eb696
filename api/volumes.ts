import { compileNodeSelector, compileSelector } from './placement.ts'
import { compareQuantity } from './quantity.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from './types/core-v1.ts'

/** Which volume suits which claim: the scheduler asks before it places a pod, the binder when it binds. */
export const NO_PROVISIONER = 'kubernetes.io/no-provisioner'
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node'
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed'
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by'
/** Ours: a folder on the node that a claim's first pod came to. */
export const LOCAL_PROVISIONER = 'kubox.io/local-path'
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'

/** '' means: no class, only volumes without one. */
export function storageClassOf(object: PersistentVolume | PersistentVolumeClaim): string {
  return object.metadata?.annotations?.[CLASS_ANNOTATION] ?? object.spec?.storageClassName ?? ''
}

/** What the folder of a local volume is called: who looks into the class's folder sees whose it is. */
export function localFolderName(volumeName?: string, claim?: { namespace?: string; name?: string }): string {
  return `${volumeName}_${claim?.namespace}_${claim?.name}`
}

/** Names of the claims that a pod mounts, those of its ephemeral volumes included. */
export function claimNamesOf(pod: Pod): string[] {
  return (pod.spec?.volumes ?? []).flatMap(volume => {
    if (volume.persistentVolumeClaim) return [volume.persistentVolumeClaim.claimName]
    return volume.ephemeral ? [`${pod.metadata?.name}-${volume.name}`] : []
  })
}

export function isFullyBound(claim: PersistentVolumeClaim): boolean {
  return Boolean(claim.spec?.volumeName) && claim.metadata?.annotations?.[BIND_COMPLETED] !== undefined
}

/** Whether a volume can be mounted on a node. */
export function volumeReaches(volume: PersistentVolume, node: Node): boolean {
  const required = volume.spec?.nodeAffinity?.required
  return !required || compileNodeSelector(required)(node)
}

/** Whether the volume is claimed by, or kept for, this claim. */
export function isClaimedBy(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = volume.spec?.claimRef
  if (reference?.name !== claim.metadata?.name || reference?.namespace !== claim.metadata?.namespace) return false
  return !reference?.uid || reference.uid === claim.metadata?.uid
}

/**
 * The volume that a claim should have: one kept for it, else the smallest free one that satisfies it. `node` narrows the
 * choice to what can be mounted there.
 */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: Iterable<PersistentVolume>,
  node?: Node,
): PersistentVolume | undefined {
  let best: PersistentVolume | undefined
  for (const volume of volumes) {
    if (node && !volumeReaches(volume, node)) continue
    if (isClaimedBy(volume, claim)) return volume
    if (volume.spec?.claimRef || !suits(volume, claim)) continue
    if (!best || compareQuantity(capacityOf(volume), capacityOf(best)) < 0) best = volume
  }
  return best
}

function suits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { phase } = volume.status ?? {}
  if (volume.metadata?.deletionTimestamp || (phase !== undefined && phase !== 'Available' && phase !== 'Pending'))
    return false
  if (storageClassOf(volume) !== storageClassOf(claim)) return false
  if ((volume.spec?.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem')) return false
  if (!claim.spec?.accessModes?.every(mode => volume.spec?.accessModes?.includes(mode))) return false
  if (claim.spec.selector && !compileSelector(claim.spec.selector)(volume.metadata?.labels)) return false
  return compareQuantity(capacityOf(volume), claim.spec.resources?.requests?.storage ?? 0) >= 0
}

function capacityOf(volume: PersistentVolume): string | number {
  return volume.spec?.capacity?.storage ?? 0
}
