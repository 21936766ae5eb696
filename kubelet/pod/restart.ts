import type { ContainerRestartRule } from '../../api/types/core-v1.ts'
import { LONGEST_PAUSE_MS, type PodMemory, pauseAfter } from './memory.ts'
import { isLeftover, isOver, isRunning, newest, type PodPicture, ranFor, type SeenContainer } from './picture.ts'
import { type LivePod, type PodContainer, podContainers, reportedStatus } from './pod.ts'

/** Whether a container that ended as it did is to run again. */
export function shouldRestart(pod: LivePod, container: PodContainer, exitCode: number): boolean {
  if (container.kind === 'sidecar') return true
  if (container.kind === 'ephemeral') return false
  if (container.spec.restartPolicyRules?.some(rule => ruleMatches(rule, exitCode))) return true
  const policy = container.spec.restartPolicy ?? pod.spec.restartPolicy ?? 'Always'
  if (policy === 'Never') return false
  return exitCode !== 0 || (policy === 'Always' && container.kind === 'app')
}

function ruleMatches(rule: ContainerRestartRule, exitCode: number): boolean {
  if (rule.action !== 'Restart' || !rule.exitCodes) return false
  const listed = rule.exitCodes.values?.includes(exitCode) ?? false
  return rule.exitCodes.operator === 'In' ? listed : !listed
}

/** How a container that could not even be started counts. */
export function exitCodeOf(seen: SeenContainer): number {
  return seen.state === 'created' && seen.exitCode === 0 ? 128 : seen.exitCode
}

/** The number of the next attempt: containers that somebody removed have been counted by the status. */
export function nextAttempt(pod: LivePod, picture: PodPicture, name: string): number {
  const last = newest(picture, name)
  if (last) return isLeftover(last) ? last.attempt : last.attempt + 1
  const reported = reportedStatus(pod, name)
  return reported?.containerID ? reported.restartCount + 1 : 0
}

/** A run of a minute is a healthy one: what was before it is forgotten. */
function crashesOf(seen: SeenContainer, memory: PodMemory): number {
  const forgiven = (memory.diedAt.get(seen.id) ?? 0) < memory.forgivenAt
  return forgiven || ranFor(seen) >= LONGEST_PAUSE_MS ? 0 : seen.crashes
}

/** What the next attempt after this one is to remember. */
export function crashesAfter(seen: SeenContainer | undefined, memory: PodMemory): number {
  return seen && isOver(seen) ? crashesOf(seen, memory) + 1 : 0
}

export function crashPauseMs(seen: SeenContainer, memory: PodMemory): number {
  return pauseAfter(crashesOf(seen, memory))
}

/** When the next attempt may begin, by the monotonic clock. */
export function restartDueAt(seen: SeenContainer, memory: PodMemory): number {
  return (memory.diedAt.get(seen.id) ?? 0) + crashPauseMs(seen, memory)
}

/** How the pod has ended by itself, if it has. */
export function naturalEnd(pod: LivePod, picture: PodPicture): 'Succeeded' | 'Failed' | undefined {
  const containers = podContainers(pod)
  const stoppedInit = containers.some(one => one.kind === 'init' && hasFailedForGood(pod, one, picture))
  if (stoppedInit) return 'Failed'
  const last = containers.filter(one => one.kind === 'app').map(one => ({ one, seen: newest(picture, one.spec.name) }))
  if (!last.every(({ one, seen }) => isOver(seen) && !shouldRestart(pod, one, exitCodeOf(seen)))) return undefined
  return last.every(({ seen }) => seen && exitCodeOf(seen) === 0) ? 'Succeeded' : 'Failed'
}

function hasFailedForGood(pod: LivePod, container: PodContainer, picture: PodPicture): boolean {
  const seen = newest(picture, container.spec.name)
  return isOver(seen) && exitCodeOf(seen) !== 0 && !shouldRestart(pod, container, exitCodeOf(seen))
}

/** The engine has it running, its postStart hook is through, and its startup probe has succeeded. */
export function isStarted(container: PodContainer, seen: SeenContainer | undefined, memory: PodMemory): boolean {
  if (!isRunning(seen) || memory.busy.get(container.spec.name)?.kind === 'start') return false
  return !container.spec.startupProbe || memory.probes.get(seen.id)?.started === true
}

export function isReady(container: PodContainer, seen: SeenContainer | undefined, memory: PodMemory): boolean {
  if (!isStarted(container, seen, memory)) return false
  return !container.spec.readinessProbe || memory.probes.get(seen!.id)?.ready === true
}
