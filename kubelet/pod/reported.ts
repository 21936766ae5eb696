import type { PodCondition, PodStatus } from '../../api/types/core-v1.ts'
import { deepEqual } from '../../api/values.ts'
import { declaredEnd, type LivePod } from './pod.ts'

const OWN_CONDITIONS = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled']

/**
 * The pod with the status that is to be built on: what this agent said last, which the API server may not have sent back
 * yet, with the conditions that others set. A pod that somebody else has declared ended has ended.
 */
export function mergeReported(pod: LivePod, own: PodStatus | undefined): LivePod {
  if (!own) return pod
  const conditions = [...(own.conditions ?? []), ...othersConditions(pod.status, own)]
  return { ...pod, status: { ...pod.status, ...own, conditions, phase: declaredEnd(pod) ?? own.phase } }
}

/** Whether a newer version of a pod differs in anything but what this agent itself says about it. */
export function saysMoreThanStatus(before: LivePod, now: LivePod): boolean {
  return !deepEqual(saidByOthers(before), saidByOthers(now))
}

function saidByOthers(pod: LivePod): object {
  const { resourceVersion: _, managedFields: __, ...metadata } = pod.metadata
  return { metadata, spec: pod.spec, conditions: othersConditions(pod.status), end: declaredEnd(pod) }
}

/** Whether all that was said is still there as the API server had taken it. */
export function stillSays(now: PodStatus | undefined, taken: PodStatus, said: PodStatus): boolean {
  const { conditions: _, ...own } = said
  const kept = Object.keys(own) as (keyof PodStatus)[]
  return (
    kept.every(key => deepEqual(now?.[key], taken[key])) &&
    deepEqual(ownConditions(now, said), ownConditions(taken, said))
  )
}

function ownConditions(status: PodStatus | undefined, own: PodStatus): PodCondition[] {
  const others = new Set(othersConditions(status, own))
  return (status?.conditions ?? []).filter(condition => !others.has(condition))
}

function othersConditions(status: PodStatus | undefined, own?: PodStatus): PodCondition[] {
  const said = new Set([...OWN_CONDITIONS, ...(own?.conditions ?? []).map(condition => condition.type)])
  return (status?.conditions ?? []).filter(condition => !said.has(condition.type))
}
