import type { Pod } from '../../api/types/core-v1.ts'
import type { EventRecorder } from '../../client/events.ts'
import type { Tell } from '../image/images.ts'
import { findContainer, type LivePod } from './pod.ts'

/** Events about a pod, or about one of its containers. */
export function podTeller(events: EventRecorder, pod: LivePod, container?: string): Tell {
  const fieldPath = container === undefined ? undefined : containerPath(pod, container)
  const regarding: Pod = { ...pod, apiVersion: 'v1', kind: 'Pod' }
  return (type, reason, message) => events.event(regarding, type, reason, message, fieldPath)
}

/** Where in the pod's spec a container stands, e.g. `spec.containers{web}`. */
function containerPath(pod: LivePod, name: string): string {
  const lists = {
    app: 'containers',
    init: 'initContainers',
    sidecar: 'initContainers',
    ephemeral: 'ephemeralContainers',
  }
  return `spec.${lists[findContainer(pod, name)?.kind ?? 'app']}{${name}}`
}
