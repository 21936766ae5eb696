import type { ContainerState, ContainerStatus } from '../../api/types/core-v1.ts'
import { timestamp } from '../../client/times.ts'
import type { Ending, PodMemory } from './memory.ts'
import { SANDBOX } from './memory.ts'
import { isLeftover, isOver, isRunning, type PodPicture, type SeenContainer } from './picture.ts'
import { type LivePod, type PodContainer, podContainers, podTitle, reportedStatus } from './pod.ts'
import { crashPauseMs, exitCodeOf, isReady, isStarted, shouldRestart } from './restart.ts'

export interface StatusInput {
  pod: LivePod
  picture: PodPicture
  memory: PodMemory
  ending?: Ending
  nodeIp: string
  /** Milliseconds since 1970. */
  wall: number
  /** Termination messages by container id. */
  messages: Map<string, string>
  /** How images are called that containers show by their id only. */
  imageIds: Map<string, string>
}

/** One container's part of a pod's status, with Kubernetes' words for why it waits or ended. */
export function containerStatus(input: StatusInput, container: PodContainer): ContainerStatus {
  const { pod, picture, memory } = input
  const { name } = container.spec
  const attempts = (picture.containers.get(name) ?? []).filter(seen => !isLeftover(seen))
  const reported = reportedStatus(pod, name)
  const [last, previous] = attempts
  const state = currentState(input, container, last)
  return {
    name,
    image: container.spec.image ?? '',
    imageID: imageId(input, last) ?? reported?.imageID ?? '',
    containerID: last ? containerId(last) : reported?.containerID,
    restartCount: last?.attempt ?? reported?.restartCount ?? 0,
    ready: container.kind === 'init' ? isDoneInit(last) : isReady(container, last, memory),
    started: container.kind === 'init' ? isRunning(last) : isStarted(container, last, memory),
    state,
    lastState: lastState(input, state, last, previous, reported),
    ...resourcesOf(container),
  }
}

function isDoneInit(seen: SeenContainer | undefined): boolean {
  return isOver(seen) && exitCodeOf(seen) === 0
}

function resourcesOf(container: PodContainer): Pick<ContainerStatus, 'resources' | 'allocatedResources'> {
  const { resources } = container.spec
  if (!resources || Object.keys(resources).length === 0) return {}
  return { resources, ...(resources.requests ? { allocatedResources: resources.requests } : {}) }
}

function containerId(seen: SeenContainer): string {
  return `docker://${seen.id}`
}

function imageId({ imageIds }: StatusInput, seen: SeenContainer | undefined): string | undefined {
  return seen && (imageIds.get(seen.imageId) ?? `docker://${seen.imageId}`)
}

function currentState(input: StatusInput, container: PodContainer, seen: SeenContainer | undefined): ContainerState {
  if (isRunning(seen)) return { running: { startedAt: timestamp(seen.startedAt ?? seen.createdAt) } }
  const failure = input.memory.failures.get(container.spec.name)
  const willRun = !input.ending
  if (failure && willRun) return { waiting: { reason: failure.reason, message: failure.message } }
  if (!isOver(seen)) return goneState(input, container) ?? { waiting: waitingReason(input) }
  if (!willRun || !shouldRestart(input.pod, container, exitCodeOf(seen))) return terminated(input, seen)
  const pause = crashPauseMs(seen, input.memory)
  if (pause === 0) return terminated(input, seen)
  return { waiting: { reason: 'CrashLoopBackOff', message: backOffMessage(input.pod, container, pause) } }
}

/** A container whose pod has ended, and that the engine no longer shows. */
function goneState({ pod, ending }: StatusInput, container: PodContainer): ContainerState | undefined {
  const reported = reportedStatus(pod, container.spec.name)
  if (!ending || !reported?.containerID) return undefined
  if (reported.state?.terminated) return reported.state
  const message = 'The container could not be located when the pod was terminated'
  return { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message, containerID: reported.containerID } }
}

function backOffMessage(pod: LivePod, container: PodContainer, pauseMs: number): string {
  return `back-off ${pauseMs / 1000}s restarting failed container=${container.spec.name} pod=${podTitle(pod)}`
}

function waitingReason({ pod, memory }: StatusInput): { reason: string; message?: string } {
  if (memory.refusal) return { reason: 'CreateContainerConfigError', message: memory.refusal }
  const failure = memory.failures.get(SANDBOX)
  const hasInits = podContainers(pod).some(one => one.kind === 'init' || one.kind === 'sidecar')
  return {
    reason: hasInits ? 'PodInitializing' : 'ContainerCreating',
    ...(failure ? { message: failure.message } : {}),
  }
}

function lastState(
  input: StatusInput,
  state: ContainerState,
  last: SeenContainer | undefined,
  previous: SeenContainer | undefined,
  reported: ContainerStatus | undefined,
): ContainerState {
  if (state.waiting && last && isOver(last)) return terminated(input, last)
  if (isOver(previous)) return terminated(input, previous)
  // Removed by somebody: what was told of it last still stands.
  if (reported && last && reported.restartCount < last.attempt && reported.state?.terminated) return reported.state
  return reported?.lastState ?? {}
}

function terminated(input: StatusInput, seen: SeenContainer): ContainerState {
  const exitCode = exitCodeOf(seen)
  const message = seen.state === 'created' ? seen.error : input.messages.get(seen.id)
  return {
    terminated: {
      exitCode,
      reason: terminatedReason(seen),
      ...(message ? { message } : {}),
      startedAt: timestamp(seen.startedAt ?? seen.createdAt),
      finishedAt: timestamp(seen.finishedAt ?? seen.createdAt),
      containerID: containerId(seen),
    },
  }
}

function terminatedReason(seen: SeenContainer): string {
  if (seen.oomKilled) return 'OOMKilled'
  if (seen.error !== '' && !seen.startedAt) return 'ContainerCannotRun'
  return exitCodeOf(seen) === 0 ? 'Completed' : 'Error'
}
