import type { StatefulSet, StatefulSetStatus } from '../../api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { resolvePercentage } from '../deployments/rollout.ts'
import { isAvailable, isFinished, isReady } from '../pods.ts'
import { REVISION_HASH } from '../revisions.ts'

const POD_NAME = 'statefulset.kubernetes.io/pod-name'
const POD_INDEX = 'apps.kubernetes.io/pod-index'

type Set = Live<StatefulSet>

/** The number at the end of a member's name; undefined: it is no member. */
export function ordinalOf(set: Set, podName: string): number | undefined {
  const prefix = `${set.metadata.name}-`
  const rest = podName.startsWith(prefix) ? podName.slice(prefix.length) : ''
  return /^(0|[1-9]\d*)$/.test(rest) ? Number(rest) : undefined
}

function firstOrdinal({ spec }: Set): number {
  return spec.ordinals?.start ?? 0
}

export function claimName(template: PersistentVolumeClaim, set: Set, ordinal: number): string {
  return `${template.metadata?.name}-${set.metadata.name}-${ordinal}`
}

/** What a member has beyond the template: its name, and its own claims. */
export function memberOf(set: Set, pod: Pod, ordinal: number, hash: string): Pod {
  const name = `${set.metadata.name}-${ordinal}`
  const own = { [POD_NAME]: name, [POD_INDEX]: String(ordinal), [REVISION_HASH]: hash }
  const claims = (set.spec.volumeClaimTemplates ?? []).map(template => ({
    name: template.metadata?.name ?? '',
    persistentVolumeClaim: { claimName: claimName(template, set, ordinal) },
  }))
  const names = new Set(claims.map(volume => volume.name))
  const volumes = [...(pod.spec?.volumes ?? []).filter(volume => !names.has(volume.name)), ...claims]
  return {
    ...pod,
    metadata: { ...pod.metadata, name, labels: { ...pod.metadata?.labels, ...own } },
    spec: { ...pod.spec!, hostname: name, subdomain: set.spec.serviceName, ...(volumes.length > 0 ? { volumes } : {}) },
  }
}

export type Step =
  | { do: 'create'; ordinal: number; revision: 'current' | 'update' }
  | { do: 'remove'; pod: Live<Pod>; why: 'failed' | 'surplus' | 'outdated' }

export interface Revisions {
  /** The hash that members had before the present update, and the one of the template. */
  current: string
  update: string
}

/**
 * The next steps. Ordered: the lowest ordinal that is missing or not available holds up all after it, and members go from
 * the highest down, one at a time. Parallel: everybody at once, but updates go in order all the same.
 */
export function planMembers(set: Set, pods: readonly Live<Pod>[], revisions: Revisions, now: number): Step[] {
  const members = new Map<number, Live<Pod>>()
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod.metadata.name)
    if (ordinal !== undefined) members.set(ordinal, pod)
  }
  const first = firstOrdinal(set)
  const replicas = set.spec.replicas ?? 1
  const isOrdered = set.spec.podManagementPolicy !== 'Parallel'
  const isWanted = (ordinal: number) => ordinal >= first && ordinal < first + replicas
  const steps: Step[] = []
  for (let ordinal = first; ordinal < first + replicas; ordinal++) {
    const step = stepForMember(set, members.get(ordinal), ordinal, revisions)
    if (step) steps.push(step)
    const isSettled = isHealthy(members.get(ordinal)) && isAvailable(members.get(ordinal)!, minReady(set), now)
    if (isOrdered && !isSettled) return steps.length > 0 ? steps : unblock(members.get(ordinal), revisions)
  }
  const surplus = [...members].filter(([ordinal]) => !isWanted(ordinal)).sort(([a], [b]) => b - a)
  for (const [, pod] of surplus) {
    if (!pod.metadata.deletionTimestamp) steps.push({ do: 'remove', pod, why: 'surplus' })
    if (isOrdered) return steps
  }
  return [...steps, ...updateSteps(set, members, revisions, now)]
}

/** A member that a template broke which is no longer wanted must not keep the better one from coming. */
function unblock(pod: Live<Pod> | undefined, { current, update }: Revisions): Step[] {
  const hash = pod && hashOf(pod)
  if (!pod || pod.metadata.deletionTimestamp || isReady(pod) || hash === current || hash === update) return []
  return [{ do: 'remove', pod, why: 'outdated' }]
}

function stepForMember(set: Set, pod: Live<Pod> | undefined, ordinal: number, revisions: Revisions): Step | undefined {
  if (!pod) return { do: 'create', ordinal, revision: revisionFor(set, ordinal, revisions) }
  if (pod.metadata.deletionTimestamp || !isFinished(pod)) return undefined
  return { do: 'remove', pod, why: 'failed' }
}

/** Members below the partition keep the old template, also when they are made anew. */
function revisionFor(set: Set, ordinal: number, { current, update }: Revisions): 'current' | 'update' {
  if (current === update) return 'update'
  if (set.spec.updateStrategy?.type === 'OnDelete') return 'update'
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0
  return ordinal < firstOrdinal(set) + partition ? 'current' : 'update'
}

/** From the highest ordinal down to the partition; at most maxUnavailable of them down at a time. */
function updateSteps(set: Set, members: ReadonlyMap<number, Live<Pod>>, { update }: Revisions, now: number): Step[] {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {}
  if (type === 'OnDelete') return []
  const first = firstOrdinal(set)
  const replicas = set.spec.replicas ?? 1
  const lowest = first + (rollingUpdate?.partition ?? 0)
  const limit = Math.max(1, resolvePercentage(rollingUpdate?.maxUnavailable ?? 1, replicas, false))
  const isDown = (pod: Live<Pod> | undefined) => !isHealthy(pod) || !isAvailable(pod!, minReady(set), now)
  const ordinals = Array.from({ length: replicas }, (_, i) => first + replicas - 1 - i)
  let down = ordinals.filter(ordinal => isDown(members.get(ordinal))).length
  const steps: Step[] = []
  for (const ordinal of ordinals.filter(candidate => candidate >= lowest)) {
    const pod = members.get(ordinal)
    const isOutdated = pod && hashOf(pod) !== update && !pod.metadata.deletionTimestamp
    if (!isOutdated) continue
    // One that does not work anyway is no loss; a broken template must not keep its fix from coming.
    if (!isDown(pod) && ++down > limit) continue
    steps.push({ do: 'remove', pod, why: 'outdated' })
  }
  return steps
}

function isHealthy(pod: Live<Pod> | undefined): boolean {
  return pod !== undefined && !pod.metadata.deletionTimestamp && isReady(pod)
}

function minReady({ spec }: Set): number {
  return spec.minReadySeconds ?? 0
}

function hashOf(pod: Live<Pod>): string | undefined {
  return pod.metadata.labels?.[REVISION_HASH]
}

/** `names`: of the ControllerRevisions. */
export function statefulStatus(
  set: Set,
  pods: readonly Live<Pod>[],
  revisions: Revisions,
  names: Revisions,
  now: number,
): StatefulSetStatus {
  const members = pods.filter(pod => ordinalOf(set, pod.metadata.name) !== undefined)
  const living = members.filter(pod => !pod.metadata.deletionTimestamp)
  const replicas = set.spec.replicas ?? 1
  const updated = living.filter(pod => hashOf(pod) === revisions.update).length
  const ready = members.filter(isReady).length
  const isDone = updated === replicas && members.length === replicas && ready === replicas
  const isRolling = set.spec.updateStrategy?.type !== 'OnDelete'
  return {
    observedGeneration: set.metadata.generation,
    replicas: members.length,
    readyReplicas: ready,
    availableReplicas: members.filter(pod => isAvailable(pod, minReady(set), now)).length,
    currentReplicas: isDone ? updated : living.filter(pod => hashOf(pod) === revisions.current).length,
    updatedReplicas: updated,
    currentRevision: isDone && isRolling ? names.update : names.current,
    updateRevision: names.update,
    collisionCount: set.status?.collisionCount ?? 0,
  }
}

export type ClaimFate = 'keep' | 'follow-set' | 'follow-pod'

/** What a member's claims belong to: nobody, the set (gone when it is deleted), or the pod (gone when scaled away). */
export function claimFate(set: Set, ordinal: number): ClaimFate {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  const first = firstOrdinal(set)
  const isSurplus = ordinal < first || ordinal >= first + (set.spec.replicas ?? 1)
  if (isSurplus && whenScaled === 'Delete') return 'follow-pod'
  return whenDeleted === 'Delete' ? 'follow-set' : 'keep'
}
