import type { Container, PodSpec } from '../types/core-v1.ts'

export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always'
}

/** Those that run for as long as the pod does; other init containers are over when it is ready. */
export function lastingContainers({ containers, initContainers = [] }: PodSpec): Container[] {
  return [...containers, ...initContainers.filter(isSidecar)]
}
