import type { Job, PodFailurePolicyRule, SuccessPolicyRule } from '../../api/types/batch-v1.ts'
import type { ContainerStatus, Pod } from '../../api/types/core-v1.ts'
import { parseIndexes } from './indexes.ts'

export type FailureVerdict = { action: 'Count' | 'Ignore' | 'FailIndex' } | { action: 'FailJob'; message: string }

/** What the Job's failure policy says about a failed pod; the first rule that matches counts. */
export function judgeFailure(job: Job, pod: Pod): FailureVerdict {
  const rules = job.spec?.podFailurePolicy?.rules ?? []
  for (const [index, rule] of rules.entries()) {
    const match = matchRule(rule, pod)
    if (match === undefined) continue
    if (rule.action === 'FailJob')
      return { action: 'FailJob', message: `${match} matching FailJob rule at index ${index}` }
    return { action: rule.action as 'Ignore' | 'FailIndex' | 'Count' }
  }
  return { action: 'Count' }
}

/** In words what of the pod matches; undefined: nothing. */
function matchRule({ onExitCodes, onPodConditions }: PodFailurePolicyRule, pod: Pod): string | undefined {
  const name = `${pod.metadata?.namespace}/${pod.metadata?.name}`
  if (onExitCodes) {
    const { containerName, operator, values } = onExitCodes
    const failed = containersOf(pod).find(status => {
      const code = status.state?.terminated?.exitCode ?? 0
      if (code === 0 || (containerName && status.name !== containerName)) return false
      return (operator === 'In') === values.includes(code)
    })
    const code = failed?.state?.terminated?.exitCode
    return failed && `Container ${failed.name} for pod ${name} failed with exit code ${code}`
  }
  const condition = onPodConditions?.find(({ type, status = 'True' }) =>
    pod.status?.conditions?.some(known => known.type === type && known.status === status),
  )
  return condition && `Pod ${name} has condition ${condition.type}`
}

function containersOf(pod: Pod): ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
}

/** The first rule of the success policy that is fulfilled; undefined: none is. */
export function fulfilledRule(job: Job, succeeded: ReadonlySet<number>): number | undefined {
  const rules = job.spec?.successPolicy?.rules ?? []
  const index = rules.findIndex(rule => isFulfilled(rule, succeeded))
  return index < 0 ? undefined : index
}

function isFulfilled({ succeededIndexes, succeededCount }: SuccessPolicyRule, succeeded: ReadonlySet<number>): boolean {
  const wanted = succeededIndexes === undefined ? undefined : parseIndexes(succeededIndexes)
  const counting = wanted ? [...wanted].filter(index => succeeded.has(index)) : [...succeeded]
  return counting.length >= (succeededCount ?? wanted?.size ?? Number.POSITIVE_INFINITY)
}
