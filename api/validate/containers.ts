import type { Container, EphemeralContainer, PodSpec } from '../types/core-v1.ts'

export interface Listed {
  container: Container | EphemeralContainer
  list: 'initContainers' | 'containers' | 'ephemeralContainers'
  /** `spec.containers[0]` */
  at: string
}

/** All containers of a pod with their places, in the order of the lists' names here. */
export function listContainers(
  spec: PodSpec,
  path: string,
  lists: readonly Listed['list'][] = ['initContainers', 'containers', 'ephemeralContainers'],
): Listed[] {
  return lists.flatMap(list =>
    (spec[list] ?? []).map((container, index) => ({ container, list, at: `${path}.${list}[${index}]` })),
  )
}
