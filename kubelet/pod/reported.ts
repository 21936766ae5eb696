import type { PodStatus } from '../../api/types/core-v1.ts'
import type { LivePod } from './pod.ts'

const OWN_CONDITIONS = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled']

/**
 * The pod with the status that is to be built on: what this agent said last, which the API server may not have sent back
 * yet, with the conditions that others set.
 */
export function mergeReported(pod: LivePod, own: PodStatus | undefined): LivePod {
  if (!own) return pod
  const said = new Set([...OWN_CONDITIONS, ...(own.conditions ?? []).map(condition => condition.type)])
  const others = (pod.status?.conditions ?? []).filter(condition => !said.has(condition.type))
  return { ...pod, status: { ...pod.status, ...own, conditions: [...(own.conditions ?? []), ...others] } }
}
