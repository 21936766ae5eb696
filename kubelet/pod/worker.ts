import type { PodStatus } from '../../api/types/core-v1.ts'
import type { Timer } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { perform } from './act.ts'
import { backOffs } from './back-off.ts'
import { StartError } from './errors.ts'
import { tellFailure } from './failures.ts'
import { type Ending, newMemory, noteFailure, type Operation, type PodMemory, SANDBOX } from './memory.ts'
import { PodObserver } from './observer.ts'
import { EMPTY_PICTURE, type PodPicture } from './picture.ts'
import { type Action, actionKey, type Plan, type PlanInput, planPod, underWay } from './plan.ts'
import type { LivePod } from './pod.ts'
import { refusalsOf } from './refusals.ts'
import { mergeReported, saysMoreThanStatus } from './reported.ts'
import type { PodServices } from './services.ts'
import { podStatus } from './status.ts'
import { podTeller } from './tell.ts'

/** What a worker tells whoever keeps the workers. */
export interface WorkerListener {
  /** Nothing of the pod is left on this node. */
  finished(uid: string): void
  /** Called with what is seen and known after each look, e.g. to run the probes of what runs. */
  looked(worker: PodWorker): void
}

/**
 * Sees one pod through its life: looks at the engine, asks the plan, reports the status, does what the plan says.
 * Long work (pulls, hooks, stops) goes on beside it, at most one thing at a time per container, and ends in a new look.
 */
export class PodWorker {
  readonly memory: PodMemory = newMemory()
  readonly #services: PodServices
  readonly #listener: WorkerListener
  readonly #observer: PodObserver
  readonly #log: Log
  readonly #cancels = new Map<string, AbortController>()
  /** Failed attempts whose back-off has been told of. */
  readonly #told = new Set<string>()
  #pod: LivePod
  #picture: PodPicture = EMPTY_PICTURE
  #status: PodStatus | undefined
  #looking: Promise<void> | undefined
  #again = false
  #stopped = false
  #timer: Timer | undefined

  constructor(services: PodServices, listener: WorkerListener, pod: LivePod) {
    this.#services = services
    this.#listener = listener
    this.#pod = pod
    this.#observer = new PodObserver(services)
    this.#checkSupport()
    this.#log = services.log.child(`${pod.metadata.namespace}/${pod.metadata.name}`)
  }

  get pod(): LivePod {
    return { ...this.#pod, status: this.#status ?? this.#pod.status }
  }

  get picture(): PodPicture {
    return this.#picture
  }

  /** A newer version of the pod's object: often it only says what this agent has told the API server itself. */
  update(pod: LivePod): void {
    const isNews = saysMoreThanStatus(this.#pod, pod)
    this.#pod = pod
    if (!isNews) return
    this.#checkSupport()
    this.wake()
  }

  end(ending: Ending): void {
    if (this.memory.ending?.why === 'gone') return
    this.memory.ending = ending
    this.wake()
  }

  /** Something the pod's failures may have been due to has changed: no pause any more. */
  forgive(): void {
    this.memory.forgivenAt = this.#services.clock.monotonic()
    this.memory.failures.clear()
    this.wake()
  }

  /** Something happened to this container. While it is being removed, the end of that says all there is to say. */
  happened(id: string): void {
    if (this.memory.busy.has(id)) return
    this.#observer.suspect(id)
    this.wake()
  }

  wake(): void {
    if (this.#stopped) return
    this.#again = true
    this.#looking ??= this.#look()
  }

  /** Lets go of the pod without touching its containers: another agent process takes over. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    for (const cancel of this.#cancels.values()) cancel.abort()
    await this.#looking
  }

  /** A field that cannot be done here holds the pod back as a whole, and says so. */
  #checkSupport(): void {
    const refusal = refusalsOf(this.#pod).join('; ') || undefined
    if (refusal && refusal !== this.memory.refusal) {
      podTeller(this.#services.events, this.#pod)('Warning', 'UnsupportedField', refusal)
    }
    this.memory.refusal = refusal
  }

  async #look(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false
      try {
        await this.#step()
      } catch (error) {
        this.#log.warn('The pod could not be looked at', { error })
        this.#wakeIn(1000)
        break
      }
    }
    // In the same breath as the last check: a wake-up in between would be lost.
    this.#looking = undefined
  }

  async #step(): Promise<void> {
    const { clock } = this.#services
    const before = new Map(this.memory.busy)
    this.#picture = await this.#observer.look(this.#pod.metadata.uid, this.memory)
    if (this.#stopped) return
    const pod = mergeReported(this.#pod, this.#status)
    const { limits } = this.#services.settings
    const memory = { ...this.memory, busy: underWay(before, this.memory.busy, this.#picture) }
    const seen = { pod, picture: this.#picture, memory, limits, at: clock.monotonic(), wall: clock.now() }
    const plan = planPod(seen)
    if (plan.ending) this.memory.endingSince ??= seen.at
    // First of all: whether a container of an earlier agent was ready is read from what that one had reported.
    this.#listener.looked(this)
    this.#report(seen, plan)
    if (!plan.ending) this.#tellBackOffs(pod)
    for (const action of plan.actions) this.#begin(action, pod, plan)
    if (plan.wakeAt < Number.POSITIVE_INFINITY) this.#wakeIn(plan.wakeAt - seen.at)
  }

  #report({ pod, picture, memory, wall }: PlanInput, plan: Plan): void {
    const target = this.#services.statusTarget(this.#pod)
    // Once the remains are being removed there is nothing left to read a status from.
    if (isForGood(plan.ending) && picture.containers.size === 0 && this.#status) return
    const { messages, imageIds } = this.#observer
    const nodeIp = this.#services.nodeIp()
    this.#status = podStatus({ pod, picture, memory, ending: plan.ending, nodeIp, wall, messages, imageIds })
    if (target && plan.ending?.why !== 'gone') this.#services.reporter.report(target, this.#status)
  }

  #tellBackOffs(pod: LivePod): void {
    for (const { container, id, message } of backOffs(pod, this.#picture, this.memory)) {
      if (!this.#told.has(id)) podTeller(this.#services.events, pod, container)('Warning', 'BackOff', message)
      this.#told.add(id)
    }
    for (const id of this.#told) if (!this.memory.diedAt.has(id)) this.#told.delete(id)
  }

  #begin(action: Action, pod: LivePod, plan: Plan): void {
    const key = actionKey(action)
    if (action.do === 'cancel') {
      this.#cancels.get(key)?.abort()
      return
    }
    // Only a stop with a shorter grace takes the place of what is under way.
    if (this.memory.busy.has(key) && action.do !== 'stop') return
    this.#cancels.get(key)?.abort()
    this.#log.info('Doing', { ...action })
    const operation = operationFor(action, this.#services.clock.monotonic())
    const cancel = new AbortController()
    this.memory.busy.set(key, operation)
    this.#cancels.set(key, cancel)
    const parts = { pod, picture: this.#picture, memory: this.memory, ending: plan.ending, signal: cancel.signal }
    void perform(this.#services, action, parts)
      .then(
        id => this.#done(action, key, id ?? undefined),
        error => this.#failed(action, key, error, cancel.signal.aborted),
      )
      .finally(() => {
        if (this.memory.busy.get(key) === operation) this.memory.busy.delete(key)
        this.wake()
      })
  }

  #done(action: Action, key: string, changedId: string | undefined): void {
    this.memory.failures.delete(key)
    if (changedId !== undefined) this.#observer.suspect(changedId)
    if (action.do === 'prepare') this.memory.prepared = true
    if (action.do === 'release') this.memory.released = true
    if (action.do !== 'finish') return
    this.#stopped = true
    this.#timer?.cancel()
    this.#listener.finished(this.#pod.metadata.uid)
  }

  #failed(action: Action, key: string, error: unknown, cancelled: boolean): void {
    if (cancelled) return
    const message = error instanceof Error ? error.message : String(error)
    const failure = { tried: action.do, reason: reasonOf(error, action), message }
    // Of a removal only its end is listened to.
    if (action.do === 'remove') this.#observer.suspect(action.id)
    noteFailure(this.memory, key, failure, this.#services.clock.monotonic())
    this.#log.warn('It failed', { do: action.do, key, error })
    tellFailure(podTeller(this.#services.events, this.#pod, key || undefined), action, this.memory.failures.get(key)!)
  }

  #wakeIn(ms: number): void {
    this.#timer?.cancel()
    this.#timer = this.#services.clock.after(Math.max(0, ms), () => this.wake())
  }
}

function isForGood(ending: Ending | undefined): boolean {
  return ending?.why === 'deleted' || ending?.why === 'gone'
}

function operationFor(action: Action, at: number): Operation {
  if (action.do === 'start') return { kind: 'start' }
  if (action.do === 'stop') return { kind: 'stop', deadline: at + action.graceSeconds * 1000 }
  return { kind: 'other' }
}

function reasonOf(error: unknown, action: Action): string {
  if (error instanceof StartError) return error.reason
  return action.do === 'start'
    ? 'CreateContainerError'
    : actionKey(action) === SANDBOX
      ? 'FailedCreatePodSandBox'
      : 'Failed'
}
