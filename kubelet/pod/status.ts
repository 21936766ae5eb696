import { podQosClass } from '../../api/pods/qos.ts'
import type { PodCondition, PodStatus } from '../../api/types/core-v1.ts'
import { timestamp } from '../../client/times.ts'
import { containerStatus, type StatusInput } from './container-status.ts'
import type { Ending } from './memory.ts'
import { isOver, liveSandbox, newest } from './picture.ts'
import { declaredEnd, type PodContainer, podContainers } from './pod.ts'
import { exitCodeOf, isReady, isStarted, naturalEnd } from './restart.ts'

export type { StatusInput } from './container-status.ts'

/** What the API server is to be told of a pod, from what the engine shows: pure. */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, nodeIp, ending } = input
  const containers = podContainers(pod)
  const ofKind = (...kinds: PodContainer['kind'][]) =>
    containers.filter(one => kinds.includes(one.kind)).map(one => containerStatus(input, one))
  const ip = podIp(input)
  const inits = ofKind('init', 'sidecar')
  const debuggers = ofKind('ephemeral')
  const phase = podPhase(input)
  return {
    phase,
    conditions: conditions(input, phase),
    hostIP: nodeIp,
    hostIPs: [{ ip: nodeIp }],
    ...(ip ? { podIP: ip, podIPs: [{ ip }] } : {}),
    startTime: pod.status?.startTime ?? timestamp(input.wall),
    qosClass: pod.status?.qosClass ?? podQosClass(pod.spec),
    ...(inits.length > 0 ? { initContainerStatuses: inits } : {}),
    containerStatuses: ofKind('app'),
    ...(debuggers.length > 0 ? { ephemeralContainerStatuses: debuggers } : {}),
    ...explanation(input, ending),
    ...(pod.metadata.generation ? { observedGeneration: pod.metadata.generation } : {}),
  }
}

function podIp({ pod, picture, nodeIp }: StatusInput): string | undefined {
  if (pod.spec.hostNetwork) return picture.sandboxes.length > 0 ? nodeIp : undefined
  return liveSandbox(picture)?.ipAddress || pod.status?.podIP
}

/** Why it ended or is ending; a pod that starts again, after a shutdown say, has left that behind. */
function explanation({ pod }: StatusInput, ending: Ending | undefined): { reason?: string; message?: string } {
  if (ending?.reason) return { reason: ending.reason, message: ending.message }
  if (!declaredEnd(pod)) return {}
  const { reason, message } = pod.status ?? {}
  return { ...(reason ? { reason } : {}), ...(message ? { message } : {}) }
}

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

function podPhase(input: StatusInput): Phase {
  const { pod, picture, ending } = input
  const declared = declaredEnd(pod)
  if (declared) return declared
  const end = naturalEnd(pod, picture)
  const stillRuns = hasRunning(input)
  if (ending?.reason && !stillRuns) return 'Failed'
  if (end && !stillRuns) return end
  // A pod that was asked to go does not come back: what it has left decides.
  if (ending?.why === 'deleted' && !stillRuns && hasRun(input)) return endedPhase(input)
  return hasBegun(input) ? 'Running' : 'Pending'
}

function hasRunning({ picture }: StatusInput): boolean {
  return [...picture.containers.values()].some(attempts => attempts.some(seen => seen.state === 'running'))
}

function hasRun({ pod, picture }: StatusInput): boolean {
  return pod.spec.containers.every(container => isOver(newest(picture, container.name)))
}

function endedPhase({ pod, picture }: StatusInput): Phase {
  const codes = pod.spec.containers.map(container => exitCodeOf(newest(picture, container.name)!))
  return codes.every(code => code === 0) ? 'Succeeded' : 'Failed'
}

/** Once past its init containers, a pod whose containers have all been tried is running, also between restarts. */
function hasBegun({ pod, picture, memory }: StatusInput): boolean {
  if (incomplete({ pod, picture, memory }).length > 0) return false
  return pod.spec.containers.every(container => {
    const seen = newest(picture, container.name)
    return seen !== undefined && (seen.state === 'running' || seen.state === 'paused' || isOver(seen))
  })
}

type Seen = Pick<StatusInput, 'pod' | 'picture' | 'memory'>

/** Names of the init containers that hold the others back. */
function incomplete({ pod, picture, memory }: Seen): string[] {
  const all = podContainers(pod)
  const begun = all.some(one => one.kind === 'app' && newest(picture, one.spec.name) !== undefined)
  if (begun) return []
  return all.filter(one => !isInitialised(one, { pod, picture, memory })).map(one => one.spec.name)
}

function isInitialised(one: PodContainer, { picture, memory }: Seen): boolean {
  const seen = newest(picture, one.spec.name)
  if (one.kind === 'init') return isOver(seen) && exitCodeOf(seen) === 0
  return one.kind !== 'sidecar' || isStarted(one, seen, memory)
}

interface Verdict {
  status: 'True' | 'False'
  reason?: string
  message?: string
}

const TRUE: Verdict = { status: 'True' }

function conditions(input: StatusInput, phase: Phase): PodCondition[] {
  const { pod, picture } = input
  const hasNetwork = liveSandbox(picture) !== undefined
  const containersReady = containersVerdict(input, phase)
  const own: [string, Verdict][] = [
    ['PodReadyToStartContainers', { status: hasNetwork ? 'True' : 'False' }],
    ['Initialized', initialisedVerdict(input, phase)],
    ['Ready', readyVerdict(input, containersReady)],
    ['ContainersReady', containersReady],
    ['PodScheduled', TRUE],
    ...disruption(input.ending),
  ]
  const known = new Map((pod.status?.conditions ?? []).map(condition => [condition.type, condition]))
  return own.map(([type, verdict]) => withTransition(type, verdict, known.get(type), timestamp(input.wall)))
}

/** Whoever made the pod may take it that this end is not its fault. */
function disruption(ending: Ending | undefined): [string, Verdict][] {
  if (ending?.why !== 'evicted' && ending?.why !== 'shutdown') return []
  return [['DisruptionTarget', { status: 'True', reason: 'TerminationByKubelet', message: ending.message }]]
}

/** The time of a condition moves only when its status does. */
function withTransition(type: string, verdict: Verdict, before: PodCondition | undefined, now: string): PodCondition {
  const lastTransitionTime = before?.status === verdict.status ? (before.lastTransitionTime ?? now) : now
  return { type, ...verdict, lastProbeTime: undefined, lastTransitionTime }
}

function initialisedVerdict(input: StatusInput, phase: Phase): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' }
  const waiting = incomplete(input)
  if (waiting.length === 0) return TRUE
  const message = `containers with incomplete status: [${waiting.join(' ')}]`
  return { status: 'False', reason: 'ContainersNotInitialized', message }
}

function containersVerdict(input: StatusInput, phase: Phase): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const { pod, picture, memory } = input
  const counted = podContainers(pod).filter(one => one.kind === 'app' || one.kind === 'sidecar')
  const unready = counted.filter(one => !isReady(one, newest(picture, one.spec.name), memory))
  if (unready.length === 0) return TRUE
  const message = `containers with unready status: [${unready.map(one => one.spec.name).join(' ')}]`
  return { status: 'False', reason: 'ContainersNotReady', message }
}

function readyVerdict({ pod }: StatusInput, containersReady: Verdict): Verdict {
  if (containersReady.status === 'False') return containersReady
  const states = new Map((pod.status?.conditions ?? []).map(condition => [condition.type, condition.status]))
  const missing = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => gateProblem(conditionType, states))
  return missing.length === 0
    ? TRUE
    : { status: 'False', reason: 'ReadinessGatesNotReady', message: missing.join(', ') }
}

function gateProblem(type: string, states: Map<string, string>): string[] {
  const status = states.get(type)
  if (status === 'True') return []
  if (status === undefined) return [`corresponding condition of pod readiness gate "${type}" does not exist.`]
  return [`the status of pod readiness gate "${type}" is not "True", but ${status}`]
}
