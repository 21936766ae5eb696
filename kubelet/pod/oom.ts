import { podQosClass } from '../../api/pods/qos.ts'
import type { Container, PodSpec } from '../../api/types/core-v1.ts'
import { amountOf } from '../amount.ts'

/** The kernel's weight for whom to end when memory is out: 1000 first, -1000 never. */
export function oomScoreAdjust(spec: PodSpec, container: Container, memoryCapacity: number): number {
  // What the node itself needs. Pods that are critical for the cluster alone can run elsewhere.
  if (spec.priorityClassName === 'system-node-critical') return -997
  const qos = podQosClass(spec)
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
