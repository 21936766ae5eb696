/** strategy/ holds what the server does to kinds whose ways differ from most (kinds/strategy.ts has those). */

import type { Strategy } from '../kind.ts'
import { keepGeneration } from '../kinds/strategy.ts'
import { podQosClass } from '../pods/qos.ts'
import type { Container, Pod, PodSpec } from '../types/core-v1.ts'
import { deepCopy } from '../values.ts'

export const podStrategy: Partial<Strategy> = {
  prepareForCreate(pod: Pod) {
    pod.metadata = { ...pod.metadata, generation: 1 }
    pod.status = { phase: 'Pending', qosClass: podQosClass(pod.spec) }
  },
  prepareForStatusUpdate(pod: Pod, old: Pod) {
    const { deletionTimestamp, deletionGracePeriodSeconds, ownerReferences, generation } = old.metadata ?? {}
    pod.spec = old.spec
    pod.metadata = { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds, ownerReferences, generation }
    for (const key of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'ownerReferences'] as const) {
      if (pod.metadata[key] === undefined) delete pod.metadata[key]
    }
    if (pod.status) pod.status.qosClass ??= old.status?.qosClass
  },
  prepareForSubresource: {
    ephemeralcontainers(pod: Pod, old: Pod) {
      const added = pod.spec?.ephemeralContainers
      keepAll(pod, old)
      if (added) pod.spec = { ...old.spec!, ephemeralContainers: added }
      keepGeneration(pod, old, true)
    },
    resize(pod: Pod, old: Pod) {
      const wanted = pod.spec
      keepAll(pod, old)
      if (wanted) pod.spec = withResources(deepCopy(old.spec!), wanted)
      keepGeneration(pod, old, true)
    },
  },
  /** Nothing waits for a pod that no node runs, or that has ended. */
  gracePeriod(pod: Pod) {
    const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
    return pod.spec?.nodeName && !ended ? (pod.spec.terminationGracePeriodSeconds ?? 30) : undefined
  },
}

function keepAll(pod: Pod, old: Pod): void {
  const { managedFields, resourceVersion } = pod.metadata ?? {}
  pod.metadata = { ...old.metadata, resourceVersion, managedFields }
  pod.spec = deepCopy(old.spec)
  pod.status = old.status
}

/** The old spec with what a resize may change: resources and resize policies of its containers. */
function withResources(spec: PodSpec, wanted: PodSpec): PodSpec {
  const merge = (containers: Container[] = [], from: Container[] = []) =>
    containers.map(container => {
      const match = from.find(({ name }) => name === container.name)
      return match ? { ...container, resources: match.resources, resizePolicy: match.resizePolicy } : container
    })
  spec.containers = merge(spec.containers, wanted.containers)
  if (spec.initContainers) spec.initContainers = merge(spec.initContainers, wanted.initContainers)
  return spec
}
