import type { Container, PodSpec } from '../../api/types/core-v1.ts'
import { amountOf } from '../amount.ts'

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const COUNTED = ['cpu', 'memory'] as const

/** How well a pod has said what it needs: decides who is stopped first when memory runs out. */
export function qosClass(spec: PodSpec): QosClass {
  const containers: Pick<Container, 'resources'>[] = speaksForAll(spec)
    ? [{ resources: spec.resources }]
    : [...(spec.initContainers ?? []), ...spec.containers]
  if (!containers.some(asksForAnything)) return 'BestEffort'
  return containers.every(isExact) ? 'Guaranteed' : 'Burstable'
}

/** Whether the pod itself says what its containers need together. */
function speaksForAll({ resources }: PodSpec): boolean {
  return COUNTED.some(name => resources?.requests?.[name] !== undefined || resources?.limits?.[name] !== undefined)
}

function asksForAnything({ resources }: Pick<Container, 'resources'>): boolean {
  return COUNTED.some(name => (amountOf(resources?.requests?.[name]) ?? amountOf(resources?.limits?.[name]) ?? 0) > 0)
}

function isExact({ resources }: Pick<Container, 'resources'>): boolean {
  return COUNTED.every(name => {
    const limit = amountOf(resources?.limits?.[name])
    const request = amountOf(resources?.requests?.[name]) ?? limit
    return limit !== undefined && limit > 0 && request === limit
  })
}

/** The kernel's weight for whom to end when memory is out: 1000 first, -1000 never. */
export function oomScoreAdjust(spec: PodSpec, container: Container, memoryCapacity: number): number {
  // What the node itself needs. Pods that are critical for the cluster alone can run elsewhere.
  if (spec.priorityClassName === 'system-node-critical') return -997
  const qos = qosClass(spec)
  if (qos === 'Guaranteed') return -997
  if (qos === 'BestEffort') return 1000
  const own = burstableScore(container, memoryCapacity)
  const isSidecar = spec.initContainers?.some(one => one.name === container.name && one.restartPolicy === 'Always')
  // Whom the others lean on is not ended before them.
  return isSidecar ? Math.min(own, ...spec.containers.map(one => burstableScore(one, memoryCapacity))) : own
}

function burstableScore({ resources }: Container, memoryCapacity: number): number {
  const request = amountOf(resources?.requests?.memory) ?? amountOf(resources?.limits?.memory) ?? 0
  return Math.min(999, Math.max(3, 1000 - Math.floor((1000 * request) / memoryCapacity)))
}
