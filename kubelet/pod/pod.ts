import type { Container, ContainerStatus, Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'

/** A pod as the API server gives it, or as a static file with the missing parts filled in. */
export type LivePod = Live<Pod>

export type ContainerKind = 'init' | 'sidecar' | 'app' | 'ephemeral'

export interface PodContainer {
  kind: ContainerKind
  spec: Container
}

/** All containers of a pod in the order they start in. A sidecar is an init container that keeps running. */
export function podContainers(pod: LivePod): PodContainer[] {
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec
  return [
    ...initContainers.map(spec => ({ kind: spec.restartPolicy === 'Always' ? 'sidecar' : 'init', spec }) as const),
    ...containers.map(spec => ({ kind: 'app', spec }) as const),
    ...ephemeralContainers.map(spec => ({ kind: 'ephemeral', spec }) as const),
  ]
}

export function findContainer(pod: LivePod, name: string): PodContainer | undefined {
  return podContainers(pod).find(container => container.spec.name === name)
}

/** The status that the API server has of a container, of whatever kind. */
export function reportedStatus(pod: LivePod, name: string): ContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {}
  const all = [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses]
  return all.find(status => status.name === name)
}

export const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror'
export const HASH_ANNOTATION = 'kubernetes.io/config.hash'
export const SOURCE_ANNOTATION = 'kubernetes.io/config.source'

/** A pod from a file on this node; the API server only shows its mirror. */
export function isStatic(pod: LivePod): boolean {
  const source = pod.metadata.annotations?.[SOURCE_ANNOTATION]
  return source !== undefined && source !== 'api'
}

export function isMirror(pod: LivePod): boolean {
  return pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined
}

/** The phase of a pod that will never run again, whoever says so. */
export function declaredEnd({ status }: LivePod): 'Failed' | 'Succeeded' | undefined {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded' ? status.phase : undefined
}

/** `name_namespace(uid)`, as Kubernetes names a pod in messages. */
export function podTitle(pod: LivePod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`
}

const DEFAULT_GRACE_SECONDS = 30

export function specGraceSeconds(pod: LivePod): number {
  return pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
}
