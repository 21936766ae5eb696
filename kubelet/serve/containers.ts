import { ApiError } from '../../api/errors.ts'
import type { ContainerStatus, Pod } from '../../api/types/core-v1.ts'

/** Which container a request means, by the pod's status; refusals in Kubernetes' words. Pure. */

export function hasContainer(pod: Pod, name: string): boolean {
  const { containers, initContainers, ephemeralContainers } = pod.spec ?? { containers: [] }
  return [containers, initContainers, ephemeralContainers].some(list =>
    list?.some(container => container.name === name),
  )
}

/** For exec and attach: the container must be up. */
export function runningContainerId(pod: Pod, name: string): string {
  const status = statusOf(pod, name)
  if (!status?.state?.running || !status.containerID)
    throw new ApiError('InternalError', `container not found ("${name}")`)
  return bareId(status.containerID)
}

/** For logs: the present run, or the last one while the next has not begun, or the one before when asked for. */
export function logContainerId(pod: Pod, name: string, previous: boolean): string {
  const podName = pod.metadata?.name ?? ''
  if (!hasContainer(pod, name)) throw new ApiError('NotFound', `container "${name}" not found in pod "${podName}"`)
  const status = statusOf(pod, name)
  const where = `container "${name}" in pod "${podName}"`
  const last = status?.lastState?.terminated?.containerID
  if (previous && !last) throw refuse(`previous terminated ${where} not found`)
  const id = previous ? last : presentId(status) || last
  if (id) return bareId(id)
  throw refuse(`${where} ${whyNoLogs(status)}`)
}

function presentId(status: ContainerStatus | undefined): string | undefined {
  if (status?.state?.running) return status.containerID
  return status?.state?.terminated?.containerID
}

function whyNoLogs(status: ContainerStatus | undefined): string {
  if (status?.state?.terminated) return 'is terminated'
  const reason = status?.state?.waiting?.reason
  if (!reason) return 'is waiting to start - no logs yet'
  return `is waiting to start: ${WAITING_IN_WORDS[reason] ?? reason}`
}

const WAITING_IN_WORDS: Record<string, string> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
}

function statusOf(pod: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {}
  return [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find(
    status => status.name === name,
  )
}

function refuse(message: string): ApiError {
  return new ApiError('BadRequest', message)
}

/** `docker://abc` is how a status names container `abc`. */
function bareId(containerId: string): string {
  return containerId.replace(/^.*:\/\//, '')
}
