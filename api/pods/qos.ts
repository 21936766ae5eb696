import { compareQuantity, isZeroQuantity } from '../quantity.ts'
import type { Container, PodSpec } from '../types/core-v1.ts'

/** Who is evicted last: Guaranteed when every container's requests are its limits, BestEffort when none has any. */
export function podQosClass(spec: PodSpec | undefined): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
  const wanted = spec?.resources ? [{ name: '', resources: spec.resources }] : containers
  if (wanted.every(container => !hasResources(container))) return 'BestEffort'
  return wanted.every(isGuaranteed) ? 'Guaranteed' : 'Burstable'
}

const COUNTED = ['cpu', 'memory'] as const

function hasResources({ resources }: Container): boolean {
  const { requests = {}, limits = {} } = resources ?? {}
  return COUNTED.some(name =>
    [requests[name], limits[name]].some(value => value !== undefined && !isZeroQuantity(value)),
  )
}

function isGuaranteed({ resources }: Container): boolean {
  const { requests = {}, limits = {} } = resources ?? {}
  return COUNTED.every(name => {
    const limit = limits[name]
    if (limit === undefined || isZeroQuantity(limit)) return false
    return compareQuantity(requests[name] ?? limit, limit) === 0
  })
}
