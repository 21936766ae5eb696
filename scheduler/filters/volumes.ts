import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import {
  claimNamesOf,
  findVolume,
  isFullyBound,
  NO_PROVISIONER,
  SELECTED_NODE,
  storageClassOf,
  volumeReaches,
} from '../../api/volumes.ts'
import type { PodFacts } from '../facts.ts'
import type { StorageView, View } from '../picture.ts'
import { allOf, type Check, type Filter, type Hopeless } from '../plugin.ts'

const WRONG_NODE = { reasons: ['node(s) had volume node affinity conflict'], isFinal: true }
const NOTHING_TO_BIND = { reasons: ["node(s) didn't find available persistent volumes to bind"], isFinal: true }
const LOST_VOLUME = {
  reasons: ['node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'],
  isFinal: true,
}
const WRONG_ZONE = { reasons: ['node(s) had no available volume zone'], isFinal: true }
const CLAIM_IN_USE = {
  reasons: ['node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode'],
  isFinal: false,
}
const ZONE_LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']

/** Claims: bound ones where their volume is; those that wait for a first consumer where one can be had. */
export const volumeBinding: Filter = {
  name: 'VolumeBinding',
  forPod(pod, { storage }) {
    const checks: Check[] = []
    for (const name of claimNamesOf(pod.pod)) {
      const claim = storage.claim(pod.namespace, name)
      const check = checkOf(name, claim, storage)
      if ('hopeless' in check) return check
      checks.push(check)
    }
    return allOf(checks)
  },
}

function checkOf(name: string, claim: PersistentVolumeClaim | undefined, storage: StorageView): Check | Hopeless {
  if (!claim) return { hopeless: `persistentvolumeclaim "${name}" not found` }
  if (claim.metadata?.deletionTimestamp) return { hopeless: `persistentvolumeclaim "${name}" is being deleted` }
  if (claim.status?.phase === 'Lost') {
    return {
      hopeless: `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName}"`,
    }
  }
  if (isFullyBound(claim)) return boundCheck(storage.volume(claim.spec!.volumeName!))
  const waits = storage.storageClass(storageClassOf(claim))?.volumeBindingMode === 'WaitForFirstConsumer'
  if (!waits || claim.spec?.volumeName) return { hopeless: 'pod has unbound immediate PersistentVolumeClaims' }
  return info => (canBeHad(claim, info.node, storage) ? undefined : NOTHING_TO_BIND)
}

function boundCheck(volume: PersistentVolume | undefined): Check {
  if (!volume) return () => LOST_VOLUME
  const zones = ZONE_LABELS.flatMap(label => {
    const value = volume.metadata?.labels?.[label]
    return value === undefined ? [] : [{ label, values: value.split('__') }]
  })
  return ({ node }) => {
    if (!volumeReaches(volume, node)) return WRONG_NODE
    const fits = zones.every(({ label, values }) => values.includes(node.metadata?.labels?.[label] ?? ''))
    return fits ? undefined : WRONG_ZONE
  }
}

/** A volume that stands ready, or one that is made for the node. */
function canBeHad(claim: PersistentVolumeClaim, node: Node, storage: StorageView): boolean {
  const selected = claim.metadata?.annotations?.[SELECTED_NODE]
  if (selected) return selected === node.metadata?.name
  const className = storageClassOf(claim)
  return findVolume(claim, storage.volumesOf(className), node) !== undefined || canProvision(className, node, storage)
}

function canProvision(className: string, node: Node, storage: StorageView): boolean {
  const storageClass = storage.storageClass(className)
  if (!storageClass || storageClass.provisioner === NO_PROVISIONER) return false
  const topologies = storageClass.allowedTopologies
  if (!topologies?.length) return true
  return topologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(node.metadata?.labels?.[key] ?? '')),
  )
}

/** A claim for one pod alone. */
export const volumeRestrictions: Filter = {
  name: 'VolumeRestrictions',
  forPod(pod, view) {
    const exclusive = claimNamesOf(pod.pod).filter(name => {
      return view.storage.claim(pod.namespace, name)?.spec?.accessModes?.includes('ReadWriteOncePod')
    })
    if (exclusive.length === 0 || !isUsed(pod, exclusive, view)) return undefined
    return () => CLAIM_IN_USE
  },
}

function isUsed(pod: PodFacts, claims: readonly string[], view: View): boolean {
  return view.nodes.some(info =>
    [...info.pods.values()].some(
      other =>
        other.namespace === pod.namespace &&
        other.uid !== pod.uid &&
        claimNamesOf(other.pod).some(name => claims.includes(name)),
    ),
  )
}
