import { containerHash } from './labels.ts'
import { type Ending, type PodMemory, pausedUntil, SANDBOX } from './memory.ts'
import {
  allSeen,
  isLeftover,
  isOver,
  isRunning,
  liveSandbox,
  newest,
  type PodPicture,
  type SeenContainer,
} from './picture.ts'
import {
  type ContainerKind,
  declaredEnd,
  type LivePod,
  type PodContainer,
  podContainers,
  specGraceSeconds,
} from './pod.ts'
import { type Adjustable, adjustment, engineResources, type NodeLimits } from './resources.ts'
import { crashesAfter, exitCodeOf, isStarted, naturalEnd, nextAttempt, restartDueAt, shouldRestart } from './restart.ts'

/** One step towards what the pod should be. Each says why, for the log. */
export type Action =
  | { do: 'prepare'; why: string }
  | { do: 'create sandbox'; attempt: number; why: string }
  | { do: 'start'; name: string; kind: ContainerKind; attempt: number; crashes: number; sandboxId: string; why: string }
  | { do: 'stop'; name: string; id: string; graceSeconds: number; why: string }
  | { do: 'resize'; name: string; id: string; to: Adjustable; why: string }
  | { do: 'cancel'; name: string; why: string }
  | { do: 'remove'; id: string; name: string; why: string }
  | { do: 'release'; why: string }
  | { do: 'finish'; why: string }

export interface PlanInput {
  pod: LivePod
  picture: PodPicture
  memory: PodMemory
  limits: NodeLimits
  /** Monotonic. */
  at: number
  /** Milliseconds since 1970. */
  wall: number
}

export interface Plan {
  actions: Action[]
  /** When to look again even if nothing happens, by the monotonic clock. */
  wakeAt: number
  ending?: Ending
}

/** What to do next for a pod: pure, so every rule of a pod's life is a row in a table of tests. */
export function planPod(input: PlanInput): Plan {
  const ending = endingOf(input)
  if (ending) return { ...withoutPauses(input, planEnding(input, ending)), ending }
  const plan = withoutPauses(input, input.memory.refusal ? nothing() : planLife(input))
  const deadline = deadlineIn(input)
  return deadline === undefined ? plan : { ...plan, wakeAt: Math.min(plan.wakeAt, input.at + deadline) }
}

/** What failed just now is not tried again before its pause is over. */
function withoutPauses({ memory, at }: PlanInput, plan: Plan): Plan {
  const retryAt = (action: Action) => pausedUntil(memory, actionKey(action), action.do) ?? at
  const times = plan.actions.map(retryAt).filter(time => time > at)
  return { actions: plan.actions.filter(action => retryAt(action) <= at), wakeAt: Math.min(plan.wakeAt, ...times) }
}

/** What an action works on: never two at a time on the same. */
export function actionKey(action: Action): string {
  if (action.do === 'remove') return action.id
  return 'name' in action ? action.name : SANDBOX
}

/**
 * What counts as under way beside a picture: what ended while it was taken may be missing in it, and would be begun once
 * more. Only of a stop the picture itself shows that it is over.
 */
export function underWay(before: PodMemory['busy'], now: PodMemory['busy'], picture: PodPicture): PodMemory['busy'] {
  const isSeenOver = (name: string) => !isRunning(newest(picture, name))
  return new Map([...before].filter(([key, { kind }]) => now.has(key) || kind !== 'stop' || !isSeenOver(key)))
}

function nothing(): Plan {
  return { actions: [], wakeAt: Number.POSITIVE_INFINITY }
}

function endingOf(input: PlanInput): Ending | undefined {
  const { pod, picture, memory } = input
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
  if (memory.ending?.why === 'gone') return memory.ending
  const asSpecified = specGraceSeconds(pod)
  if (deletionTimestamp) return { why: 'deleted', graceSeconds: deletionGracePeriodSeconds ?? asSpecified }
  if (memory.ending) return memory.ending
  if (declaredEnd(pod)) return { why: 'terminal', graceSeconds: asSpecified }
  if ((deadlineIn(input) ?? 1) <= 0) {
    const message = 'Pod was active on the node longer than the specified deadline'
    return { why: 'deadline', reason: 'DeadlineExceeded', message, graceSeconds: asSpecified }
  }
  return naturalEnd(pod, picture) ? { why: 'finished', graceSeconds: asSpecified } : undefined
}

/** Milliseconds until activeDeadlineSeconds are over; undefined without such a limit. */
function deadlineIn({ pod, wall }: PlanInput): number | undefined {
  const seconds = pod.spec.activeDeadlineSeconds
  if (seconds === undefined || !pod.status?.startTime) return undefined
  return Date.parse(pod.status.startTime) + seconds * 1000 - wall
}

function planEnding(input: PlanInput, ending: Ending): Plan {
  const { picture, memory, pod } = input
  const running = allSeen(picture).filter(isRunning)
  const starting = [...memory.busy].filter(([, operation]) => operation.kind === 'start').map(([name]) => name)
  if (starting.length > 0) {
    // What runs already need not wait for that, but for sidecars, which outlast everything else.
    const others = running.filter(seen => seen.kind !== 'sidecar' && !starting.includes(seen.container!))
    const { actions } = planStops(input, ending, others)
    return { ...nothing(), actions: [...starting.map(name => cancel(name, ending)), ...actions] }
  }
  if (running.length > 0) return planStops(input, ending, nextToStop(pod, running))
  if (memory.busy.size > 0) return nothing()
  return { ...nothing(), actions: clearAway(input, ending) }
}

function cancel(name: string, ending: Ending): Action {
  return { do: 'cancel', name, why: `the pod is ending (${ending.why})` }
}

/** Everything but sidecars first and together; then the sidecars one by one, the last one started first. */
function nextToStop(pod: LivePod, running: SeenContainer[]): SeenContainer[] {
  const others = running.filter(seen => seen.kind !== 'sidecar')
  if (others.length > 0) return others
  const order = podContainers(pod).map(container => container.spec.name)
  const byStart = [...running].sort((a, b) => order.indexOf(b.container ?? '') - order.indexOf(a.container ?? ''))
  return byStart.slice(0, 1)
}

/** Less of a difference in grace is none. */
const CUT_MS = 500

function planStops({ memory, at }: PlanInput, ending: Ending, targets: SeenContainer[]): Plan {
  const deadline = (memory.endingSince ?? at) + ending.graceSeconds * 1000
  const actions = targets.flatMap(seen => {
    const operation = memory.busy.get(seen.container!)
    // A stop under way is left alone unless the grace has been cut short meanwhile.
    if (operation?.deadline !== undefined && operation.deadline <= deadline + CUT_MS) return []
    return [stop(seen, Math.max(0, (deadline - at) / 1000), `the pod is ending (${ending.why})`)]
  })
  return { ...nothing(), actions }
}

function stop(seen: SeenContainer, graceSeconds: number, why: string): Action {
  return { do: 'stop', name: seen.container!, id: seen.id, graceSeconds, why }
}

function clearAway({ picture, memory }: PlanInput, ending: Ending): Action[] {
  const forGood = ending.why === 'deleted' || ending.why === 'gone'
  const sandboxes = picture.sandboxes.map(seen => remove(seen, 'the pod has ended'))
  if (!forGood) {
    if (sandboxes.length > 0) return sandboxes
    return memory.released ? [] : [{ do: 'release', why: 'the pod has ended' }]
  }
  const remains = [...allSeen(picture).map(seen => remove(seen, 'the pod is gone')), ...sandboxes]
  return remains.length > 0 ? remains : [{ do: 'finish', why: 'nothing of the pod is left' }]
}

function remove(seen: SeenContainer, why: string): Action {
  return { do: 'remove', id: seen.id, name: seen.container ?? SANDBOX, why }
}

function planLife(input: PlanInput): Plan {
  const { picture } = input
  const sandbox = liveSandbox(picture)
  const plan = sandbox ? planContainers(input, sandbox) : planSandbox(input)
  return { ...plan, actions: [...plan.actions, ...removals(input)] }
}

function planSandbox(input: PlanInput): Plan {
  const { picture, memory } = input
  const stranded = allSeen(picture).filter(isRunning)
  if (stranded.length > 0) {
    const idle = stranded.filter(seen => !memory.busy.has(seen.container!))
    return { ...nothing(), actions: idle.map(seen => stop(seen, 0, 'its sandbox is gone')) }
  }
  if (memory.busy.size > 0) return nothing()
  if (!memory.prepared) return { ...nothing(), actions: [{ do: 'prepare', why: 'the pod is new to this agent' }] }
  if (isLeftover(picture.sandboxes[0])) return nothing()
  const attempt = (picture.sandboxes[0]?.attempt ?? -1) + 1
  const why = attempt === 0 ? 'the pod has no sandbox' : 'the sandbox is gone'
  return { ...nothing(), actions: [{ do: 'create sandbox', attempt, why }] }
}

function planContainers(input: PlanInput, sandbox: SeenContainer): Plan {
  const replaced = replacements(input, sandbox)
  const { memory, at } = input
  const startUnderWay = [...memory.busy.values()].some(operation => operation.kind === 'start')
  const waiting = wanted(input, sandbox).filter(container => !memory.busy.has(container.spec.name))
  const due = waiting.map(container => ({ container, dueAt: dueAt(input, container) }))
  const wakeAt = Math.min(...due.map(one => one.dueAt).filter(time => time > at), Number.POSITIVE_INFINITY)
  const next = due.find(one => one.dueAt <= at)
  if (startUnderWay || !next) return { actions: replaced, wakeAt }
  return { actions: [...replaced, ...begin(input, sandbox, next.container)], wakeAt }
}

/** The first thing to do so that a container starts: its volumes, when an agent that was restarted adopted the pod. */
function begin({ pod, picture, memory }: PlanInput, sandbox: SeenContainer, container: PodContainer): Action[] {
  const { name } = container.spec
  const last = newest(picture, name)
  if (!memory.prepared) {
    return memory.busy.has(SANDBOX) ? [] : [{ do: 'prepare', why: `container ${name} is to start` }]
  }
  const why = last ? `it ended with code ${exitCodeOf(last)}` : 'it has not run yet'
  const attempt = nextAttempt(pod, picture, name)
  const crashes = crashesAfter(last, memory)
  return [{ do: 'start', name, kind: container.kind, attempt, crashes, sandboxId: sandbox.id, why }]
}

function dueAt({ picture, memory, at }: PlanInput, container: PodContainer): number {
  const last = newest(picture, container.spec.name)
  const failed = pausedUntil(memory, container.spec.name, 'start') ?? at
  return Math.max(isOver(last) ? restartDueAt(last, memory) : at, failed)
}

/** Containers that should run and do not, in the order they are to start. */
function wanted(input: PlanInput, sandbox: SeenContainer): PodContainer[] {
  const { pod, picture, memory } = input
  const all = podContainers(pod)
  const inSandbox = (container: PodContainer) => {
    const seen = newest(picture, container.spec.name)
    return seen?.sandboxId === sandbox.id ? seen : undefined
  }
  const apps = all.filter(container => container.kind === 'app')
  const debuggers = all.filter(one => one.kind === 'ephemeral' && !newest(picture, one.spec.name))
  const begun = apps.some(inSandbox)
  const list: PodContainer[] = []
  for (const container of all.filter(one => one.kind === 'init' || one.kind === 'sidecar')) {
    const seen = inSandbox(container)
    const done = container.kind === 'init' && (begun || (isOver(seen) && exitCodeOf(seen) === 0))
    if (done) continue
    if (!isRunning(seen) && !isLeftover(seen)) list.push(container)
    if (container.kind === 'init' || (!begun && !isStarted(container, seen, memory))) return [...debuggers, ...list]
  }
  return [...debuggers, ...list, ...apps.filter(app => appNeedsStart(input, app))]
}

function appNeedsStart({ pod, picture }: PlanInput, app: PodContainer): boolean {
  const seen = newest(picture, app.spec.name)
  return seen === undefined || (isOver(seen) && shouldRestart(pod, app, exitCodeOf(seen)))
}

/** Running containers that have to be stopped so that a new attempt can take their place. */
function replacements(input: PlanInput, sandbox: SeenContainer): Action[] {
  const { pod, picture, memory } = input
  return podContainers(pod).flatMap(container => {
    const { name } = container.spec
    const seen = newest(picture, name)
    if (!isRunning(seen) || memory.busy.has(name)) return []
    if (seen.sandboxId !== sandbox.id) return [stop(seen, 0, 'it belongs to a former sandbox')]
    const reason = replaceReason(input, container, seen)
    return reason ? [stop(seen, reason.graceSeconds, reason.why)] : resize(input, container, seen)
  })
}

/** New requests and limits: in place, unless the container asks to be restarted for them. */
function resize({ pod, limits }: PlanInput, { spec, kind }: PodContainer, seen: SeenContainer): Action[] {
  if (kind === 'ephemeral') return []
  const to = adjustment(engineResources(pod.spec, spec, limits), seen.resources)
  if (!to) return []
  const changed = to.memory === (seen.resources.memory || undefined) ? 'cpu' : 'memory'
  const restart = spec.resizePolicy?.some(
    one => one.resourceName === changed && one.restartPolicy === 'RestartContainer',
  )
  if (restart) return [stop(seen, specGraceSeconds(pod), `Container ${spec.name} resize requires restart`)]
  return [{ do: 'resize', name: spec.name, id: seen.id, to, why: 'its requests or limits have changed' }]
}

function replaceReason({ pod, memory }: PlanInput, container: PodContainer, seen: SeenContainer) {
  const { name } = container.spec
  const failed = memory.probes.get(seen.id)?.failed
  const graceSeconds = failed?.graceSeconds ?? specGraceSeconds(pod)
  const again = shouldRestart(pod, container, 137) ? ', will be restarted' : ''
  if (failed) return { graceSeconds, why: `Container ${name} failed ${failed.probe} probe${again}` }
  if (container.kind === 'ephemeral' || seen.hash === containerHash(container.spec)) return undefined
  return { graceSeconds, why: `Container ${name} definition changed, will be restarted` }
}

/** Two attempts of a container are kept, the newest and the one before it, for `lastState` and `logs --previous`. */
function removals({ pod, picture, memory }: PlanInput): Action[] {
  const known = new Set(podContainers(pod).map(container => container.spec.name))
  const old = [...picture.containers].flatMap(([name, attempts]) =>
    memory.busy.has(name)
      ? []
      : attempts.filter((seen, index) => isLeftover(seen) || index > 1 || (!known.has(name) && !isRunning(seen))),
  )
  const sandboxes = memory.busy.has(SANDBOX)
    ? []
    : picture.sandboxes.filter((seen, index) => isLeftover(seen) || (index > 0 && !isRunning(seen)))
  return [...old, ...sandboxes].map(seen => remove(seen, 'it is no longer needed'))
}
