import type { PodMemory } from './memory.ts'
import { isOver, newest, type PodPicture } from './picture.ts'
import { type LivePod, podContainers, podTitle } from './pod.ts'
import { crashPauseMs, exitCodeOf, shouldRestart } from './restart.ts'

export interface BackOff {
  container: string
  /** Of the attempt that failed: each is told of once. */
  id: string
  message: string
}

/** Containers that failed again and wait for their next attempt, in Kubernetes' words, with when that will be. */
export function backOffs(pod: LivePod, picture: PodPicture, memory: PodMemory): BackOff[] {
  return podContainers(pod).flatMap(container => {
    const { name } = container.spec
    const seen = newest(picture, name)
    if (!isOver(seen) || !shouldRestart(pod, container, exitCodeOf(seen))) return []
    const seconds = crashPauseMs(seen, memory) / 1000
    if (seconds === 0) return []
    const message = `Back-off restarting failed container ${name} in pod ${podTitle(pod)}, next try in ${seconds} s`
    return [{ container: name, id: seen.id, message }]
  })
}
