import type { Column } from '../kind.ts'
import { isSidecar } from '../pods/containers.ts'
import type { ContainerState, ContainerStatus, Pod } from '../types/core-v1.ts'
import { age, ageColumn, column, NONE, nameColumn } from './basic.ts'

/** The line of a pod as `kubectl get pods` has always shown it. */
export interface PodLine {
  ready: number
  total: number
  status: string
  restarts: number
  lastRestart: string | undefined
}

/** What is known of a pod in one word and three numbers. Init containers come first: they hide what follows them. */
function podLine(pod: Pod): PodLine {
  const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar)
  const total = (pod.spec?.containers.length ?? 0) + sidecars.length
  const begin: PodLine = { ready: 0, total, status: firstStatus(pod), restarts: 0, lastRestart: undefined }
  const init = afterInit(pod, begin, new Set(sidecars.map(one => one.name)))
  const line = init.initializing && !isTrue(pod, 'Initialized') ? init.line : afterContainers(pod, init)
  if (pod.metadata?.deletionTimestamp) return { ...line, status: deletingStatus(pod, line.status) }
  return line
}

function firstStatus(pod: Pod): string {
  const scheduled = pod.status?.conditions?.find(condition => condition.type === 'PodScheduled')
  if (scheduled?.reason === 'SchedulingGated') return 'SchedulingGated'
  return pod.status?.reason || pod.status?.phase || ''
}

function deletingStatus(pod: Pod, status: string): string {
  if (pod.status?.reason === 'NodeLost') return 'Unknown'
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' ? status : 'Terminating'
}

function isTrue(pod: Pod, type: string): boolean {
  return pod.status?.conditions?.some(condition => condition.type === type && condition.status === 'True') ?? false
}

interface InitOutcome {
  line: PodLine
  initializing: boolean
  /** Restarts of sidecars: they count on when the other init containers are done. */
  sidecarRestarts: number
  sidecarLastRestart: string | undefined
}

function afterInit(pod: Pod, begin: PodLine, sidecars: Set<string>): InitOutcome {
  const outcome: InitOutcome = {
    line: { ...begin },
    initializing: false,
    sidecarRestarts: 0,
    sidecarLastRestart: undefined,
  }
  const count = pod.spec?.initContainers?.length ?? 0
  for (const [index, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const isSidecar = sidecars.has(container.name)
    countRestarts(outcome, container, isSidecar)
    if (container.state?.terminated?.exitCode === 0) continue
    if (isSidecar && container.started) {
      if (container.ready) outcome.line.ready++
      continue
    }
    outcome.line.status = `Init:${initStatus(container.state ?? {}, index, count)}`
    outcome.initializing = true
    break
  }
  return outcome
}

function countRestarts(outcome: InitOutcome, container: ContainerStatus, isSidecar: boolean): void {
  const finished = container.lastState?.terminated?.finishedAt
  outcome.line.restarts += container.restartCount
  outcome.line.lastRestart = later(outcome.line.lastRestart, finished)
  if (!isSidecar) return
  outcome.sidecarRestarts += container.restartCount
  outcome.sidecarLastRestart = later(outcome.sidecarLastRestart, finished)
}

function initStatus(state: ContainerState, index: number, count: number): string {
  if (state.terminated) return terminatedReason(state.terminated)
  const waiting = state.waiting?.reason
  return waiting && waiting !== 'PodInitializing' ? waiting : `${index}/${count}`
}

function terminatedReason({ reason, signal, exitCode }: NonNullable<ContainerState['terminated']>): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`)
}

function afterContainers(pod: Pod, init: InitOutcome): PodLine {
  const line = { ...init.line, restarts: init.sidecarRestarts, lastRestart: init.sidecarLastRestart }
  if (init.initializing) line.status = firstStatus(pod)
  let running = false
  for (const container of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    const state = container.state ?? {}
    line.restarts += container.restartCount
    line.lastRestart = later(line.lastRestart, container.lastState?.terminated?.finishedAt)
    if (state.waiting?.reason) line.status = state.waiting.reason
    else if (state.terminated) line.status = terminatedReason(state.terminated)
    else if (container.ready && state.running) {
      running = true
      line.ready++
    }
  }
  if (line.status === 'Completed' && running) line.status = isTrue(pod, 'Ready') ? 'Running' : 'NotReady'
  return line
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  return !a || (b && Date.parse(b) > Date.parse(a)) ? b : a
}

function restartsText({ restarts, lastRestart }: PodLine, now: number): string {
  return restarts > 0 && lastRestart ? `${restarts} (${age(lastRestart, now)} ago)` : String(restarts)
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? []
  if (gates.length === 0) return NONE
  return `${gates.filter(gate => isTrue(pod, gate.conditionType)).length}/${gates.length}`
}

export const podColumns: readonly Column[] = [
  nameColumn,
  column<Pod>('Ready', pod => {
    const { ready, total } = podLine(pod)
    return `${ready}/${total}`
  }),
  column<Pod>('Status', pod => podLine(pod).status),
  column<Pod>('Restarts', (pod, now) => restartsText(podLine(pod), now)),
  ageColumn,
  column<Pod>('IP', pod => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || NONE, { wide: true }),
  column<Pod>('Node', pod => pod.spec?.nodeName || NONE, { wide: true }),
  column<Pod>('Nominated Node', pod => pod.status?.nominatedNodeName || NONE, { wide: true }),
  column<Pod>('Readiness Gates', readinessGates, { wide: true }),
]
