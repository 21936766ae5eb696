import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../api/types/apps-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Live } from '../../client/client.ts'
import { transitionTime } from '../conditions.ts'
import { resolveLimits } from './rollout.ts'

type Counts = Omit<DeploymentStatus, 'conditions'>

/** The numbers of the status, summed over the sets. */
function countReplicas(
  deployment: Live<Deployment>,
  newSet: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
): Counts {
  const total = (field: 'replicas' | 'readyReplicas' | 'availableReplicas') =>
    sets.reduce((sum, set) => sum + (set.status?.[field] ?? 0), 0)
  const wanted = sets.reduce((sum, set) => sum + (set.spec?.replicas ?? 1), 0)
  const availableReplicas = total('availableReplicas')
  return {
    observedGeneration: deployment.metadata.generation,
    replicas: total('replicas'),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: total('readyReplicas'),
    availableReplicas,
    unavailableReplicas: Math.max(0, wanted - availableReplicas),
    ...(deployment.status?.collisionCount ? { collisionCount: deployment.status.collisionCount } : {}),
  }
}

export function isComplete(deployment: Deployment, counts: Counts): boolean {
  const wanted = deployment.spec?.replicas ?? 1
  return (
    counts.updatedReplicas === wanted &&
    counts.replicas === wanted &&
    counts.availableReplicas === wanted &&
    (counts.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  )
}

export interface StatusInput {
  deployment: Live<Deployment>
  newSet: Live<ReplicaSet> | undefined
  sets: readonly Live<ReplicaSet>[]
  /** Set in this very step. */
  created?: boolean
  createError?: string
  now: number
  time: string
}

type Condition = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>

export function deploymentStatus(input: StatusInput): DeploymentStatus {
  const { deployment, sets, newSet, time } = input
  const counts = countReplicas(deployment, newSet, sets)
  const known = deployment.status?.conditions ?? []
  const wanted = [availability(deployment, counts), progress(input, counts), replicaFailure(input)]
  const conditions = known.filter(condition => !MANAGED.includes(condition.type))
  for (const condition of wanted) if (condition) conditions.push(dated(known, condition, time, input, counts))
  return { ...counts, conditions }
}

const MANAGED = ['Available', 'Progressing', 'ReplicaFailure']

/** Progressing is touched whenever something moved: the deadline counts from the last movement. */
function dated(
  known: readonly DeploymentCondition[],
  condition: Condition,
  time: string,
  { deployment }: StatusInput,
  counts: Counts,
): DeploymentCondition {
  const old = known.find(other => other.type === condition.type)
  const isSame =
    old?.status === condition.status && old.reason === condition.reason && old.message === condition.message
  const isMoving = condition.type === 'Progressing' && hasMoved(deployment.status ?? {}, counts)
  if (isSame && !isMoving) return old
  return { ...condition, lastUpdateTime: time, lastTransitionTime: transitionTime(known, condition, time) }
}

function availability(deployment: Live<Deployment>, counts: Counts): Condition {
  const replicas = deployment.spec.replicas ?? 1
  const { maxSurge, maxUnavailable } = deployment.spec.strategy?.rollingUpdate ?? {}
  const isRolling = deployment.spec.strategy?.type !== 'Recreate'
  const minAvailable = isRolling
    ? replicas - resolveLimits(replicas, maxSurge, maxUnavailable).maxUnavailable
    : replicas
  if ((counts.availableReplicas ?? 0) >= minAvailable) {
    const message = 'Deployment has minimum availability.'
    return { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message }
  }
  const message = 'Deployment does not have minimum availability.'
  return { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message }
}

function progress(input: StatusInput, counts: Counts): Condition | undefined {
  const { deployment, newSet, created, createError, now } = input
  const old = deployment.status?.conditions?.find(condition => condition.type === 'Progressing')
  if (!hasDeadline(deployment)) return undefined
  const say = (status: string, reason: string, message: string): Condition => ({
    type: 'Progressing',
    status,
    reason,
    message,
  })
  if (createError) return say('False', 'ReplicaSetCreateError', createError)
  // A rollout that was given up stays so, also when it is paused to be looked at.
  if (deployment.spec.paused && old?.reason !== 'ProgressDeadlineExceeded') {
    return say('Unknown', 'DeploymentPaused', 'Deployment is paused')
  }
  if (old?.reason === 'DeploymentPaused') return say('Unknown', 'DeploymentResumed', 'Deployment is resumed')
  // What has been rolled out is: pods that die later, or a new size, are no rollout that could fail.
  if (old?.reason === 'NewReplicaSetAvailable' && counts.replicas === counts.updatedReplicas) return old
  const subject = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`
  if (isComplete(deployment, counts))
    return say('True', 'NewReplicaSetAvailable', `${subject} has successfully progressed.`)
  if (created) return say('True', 'NewReplicaSetCreated', `Created new replica set "${newSet?.metadata.name}"`)
  if (hasMoved(deployment.status ?? {}, counts)) return say('True', 'ReplicaSetUpdated', `${subject} is progressing.`)
  if (isTimedOut(deployment, now))
    return say('False', 'ProgressDeadlineExceeded', `${subject} has timed out progressing.`)
  if (!old || old.reason === 'NewReplicaSetAvailable')
    return say('True', 'ReplicaSetUpdated', `${subject} is progressing.`)
  return old
}

function replicaFailure({ sets }: StatusInput): Condition | undefined {
  const failing = sets.flatMap(set => set.status?.conditions ?? []).find(({ type }) => type === 'ReplicaFailure')
  return failing && { type: 'ReplicaFailure', status: failing.status, reason: failing.reason, message: failing.message }
}

function hasMoved(old: DeploymentStatus, counts: Counts): boolean {
  const outdated = (status: Counts) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0)
  return (
    (counts.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    outdated(counts) < outdated(old) ||
    (counts.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (counts.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  )
}

/** The largest number means: wait for ever. */
function hasDeadline({ spec }: Live<Deployment>): boolean {
  return spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== 2_147_483_647
}

/** When to look at the deadline again; undefined: there is nothing to wait for. */
export function untilDeadlineMs(deployment: Live<Deployment>, now: number): number | undefined {
  const condition = deployment.status?.conditions?.find(({ type }) => type === 'Progressing')
  const isSettled = ['NewReplicaSetAvailable', 'ProgressDeadlineExceeded', 'DeploymentPaused'].includes(
    condition?.reason ?? '',
  )
  if (!condition || !hasDeadline(deployment) || isSettled) return undefined
  const since = Date.parse(condition.lastUpdateTime ?? condition.lastTransitionTime ?? '')
  return since + deployment.spec.progressDeadlineSeconds! * 1000 - now
}

function isTimedOut(deployment: Live<Deployment>, now: number): boolean {
  const left = untilDeadlineMs(deployment, now)
  return left !== undefined && left <= 0
}

export function isSameStatus(old: DeploymentStatus | undefined, status: DeploymentStatus): boolean {
  const tidy = (value: DeploymentStatus = {}) => {
    const { conditions = [], ...counts } = value
    const numbers = Object.fromEntries(Object.entries(counts).filter(([, count]) => count))
    return { ...numbers, conditions: [...conditions].sort((a, b) => a.type.localeCompare(b.type)) }
  }
  return deepEqual(tidy(old), tidy(status))
}
