import { compareQuantity, isZeroQuantity } from '../quantity.ts'
import type { Container, PodSpec } from '../types/core-v1.ts'

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

/** Who is evicted last: Guaranteed when every container's requests are its limits, BestEffort when none has any. */
export function podQosClass(spec: PodSpec | undefined): QosClass {
  const containers: Part[] = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
  const wanted = speaksForAll(spec) ? [{ resources: spec?.resources }] : containers
  if (wanted.every(container => !hasResources(container))) return 'BestEffort'
  return wanted.every(isGuaranteed) ? 'Guaranteed' : 'Burstable'
}

const COUNTED = ['cpu', 'memory'] as const
type Part = Pick<Container, 'resources'>

/** Whether the pod itself says what its containers need together. */
function speaksForAll(spec: PodSpec | undefined): boolean {
  const { requests, limits } = spec?.resources ?? {}
  return COUNTED.some(name => requests?.[name] !== undefined || limits?.[name] !== undefined)
}

function hasResources({ resources }: Part): boolean {
  const { requests = {}, limits = {} } = resources ?? {}
  return COUNTED.some(name =>
    [requests[name], limits[name]].some(value => value !== undefined && !isZeroQuantity(value)),
  )
}

function isGuaranteed({ resources }: Part): boolean {
  const { requests = {}, limits = {} } = resources ?? {}
  return COUNTED.every(name => {
    const limit = limits[name]
    if (limit === undefined || isZeroQuantity(limit)) return false
    return compareQuantity(requests[name] ?? limit, limit) === 0
  })
}
