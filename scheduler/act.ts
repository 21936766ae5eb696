import { isReason } from '../api/errors.ts'
import type { Pod, PodCondition } from '../api/types/core-v1.ts'
import type { Client, ResourceClient } from '../client/client.ts'
import { createEventRecorder, type EventRecorder } from '../client/events.ts'
import { PODS } from '../client/resources.ts'
import { timestamp } from '../client/times.ts'
import { TransportError } from '../client/transport.ts'
import { type Clock, pause } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Random } from '../platform/random.ts'
import type { PodFacts } from './facts.ts'
import type { Candidate } from './preempt.ts'

export interface ActorOptions {
  client: Client
  clock: Clock
  random: Random
  log: Log
}

/** Whether a pod was bound, by us or somebody else; or was not, and may be tried again. */
export type BindOutcome = 'bound' | 'taken' | 'failed'

/** Carries decisions to the API server and says what happened. */
export class Actor {
  readonly #options: ActorOptions
  readonly #pods: ResourceClient<Pod>
  readonly #recorders = new Map<string, EventRecorder>()

  constructor(options: ActorOptions) {
    this.#options = options
    this.#pods = options.client.resource<Pod>(PODS)
  }

  async bind(pod: PodFacts, nodeName: string, signal: AbortSignal): Promise<BindOutcome> {
    const { name, namespace, uid } = pod
    const target = { apiVersion: 'v1', kind: 'Node', name: nodeName }
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace, uid }, target }
    try {
      await this.#pods.createSubresource(name, 'binding', body, namespace)
    } catch (error) {
      const outcome = await this.#outcomeOf(error, pod, nodeName, signal)
      if (outcome !== 'bound') return outcome
    }
    this.#recorder(pod.pod).event(
      pod.pod,
      'Normal',
      'Scheduled',
      `Successfully assigned ${namespace}/${name} to ${nodeName}`,
    )
    return 'bound'
  }

  /** A lost answer says nothing: the pod itself tells whether it was bound. */
  async #outcomeOf(error: unknown, pod: PodFacts, nodeName: string, signal: AbortSignal): Promise<BindOutcome> {
    if (isReason(error, 'NotFound')) return 'taken'
    const { clock, log } = this.#options
    if (!(error instanceof TransportError) && !isReason(error, 'Conflict')) {
      log.warn('A pod could not be bound', { pod: pod.key, node: nodeName, error })
      return 'failed'
    }
    while (!signal.aborted) {
      try {
        const now = await this.#pods.get(pod.name, pod.namespace)
        if (now.metadata.uid !== pod.uid) return 'taken'
        if (!now.spec.nodeName) return 'failed'
        return now.spec.nodeName === nodeName && error instanceof TransportError ? 'bound' : 'taken'
      } catch (reading) {
        if (isReason(reading, 'NotFound')) return 'taken'
        log.warn('Whether a pod was bound is not known yet', { pod: pod.key, node: nodeName, error: reading })
        await pause(clock, 1000, signal)
      }
    }
    return 'failed'
  }

  /** Tells why a pod waits: an event each time, the condition when it changed. */
  async refuse(pod: PodFacts, reason: string, messages: readonly string[], nominatedNodeName?: string): Promise<void> {
    const [message = '', ...details] = messages
    if (reason === 'Unschedulable' || reason === 'SchedulerError') {
      this.#recorder(pod.pod).event(pod.pod, 'Warning', 'FailedScheduling', message)
      for (const detail of details) this.#recorder(pod.pod).event(pod.pod, 'Normal', 'WhyPending', detail)
    }
    const condition = { type: 'PodScheduled', status: 'False', reason, message }
    if (!isNews(pod.pod, condition, nominatedNodeName)) return
    const lastTransitionTime = timestamp(this.#options.clock.now())
    const status = {
      conditions: [{ ...condition, lastTransitionTime }],
      ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }),
    }
    await this.#patchStatus(pod, status)
  }

  async evict(victims: Candidate['victims'], preemptor: PodFacts, nodeName: string): Promise<void> {
    await Promise.all(victims.map(victim => this.#evictOne(victim, preemptor, nodeName)))
  }

  async #evictOne(victim: PodFacts, preemptor: PodFacts, nodeName: string): Promise<void> {
    if (victim.isTerminating) return
    const schedulerName = preemptor.pod.spec?.schedulerName ?? 'default-scheduler'
    const condition: PodCondition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: timestamp(this.#options.clock.now()),
    }
    await this.#patchStatus(victim, { conditions: [condition] })
    try {
      await this.#pods.delete(victim.name, { namespace: victim.namespace, preconditions: { uid: victim.uid } })
    } catch (error) {
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
    }
    const message = `Preempted by pod ${preemptor.uid} on node ${nodeName}`
    this.#recorder(preemptor.pod).event(victim.pod, 'Normal', 'Preempted', message)
  }

  async #patchStatus(pod: PodFacts, status: object): Promise<void> {
    const options = { namespace: pod.namespace, subresource: 'status' }
    try {
      await this.#pods.patch(pod.name, 'strategic', { metadata: { uid: pod.uid }, status }, options)
    } catch (error) {
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
    }
  }

  #recorder(pod: Pod): EventRecorder {
    const component = pod.spec?.schedulerName ?? 'default-scheduler'
    let recorder = this.#recorders.get(component)
    if (!recorder) {
      recorder = createEventRecorder({ ...this.#options, component })
      this.#recorders.set(component, recorder)
    }
    return recorder
  }

  /** Resolves when all events are out. */
  async flush(): Promise<void> {
    await Promise.all([...this.#recorders.values()].map(recorder => recorder.flush()))
  }
}

function isNews(pod: Pod, condition: PodCondition, nominatedNodeName: string | undefined): boolean {
  const old = pod.status?.conditions?.find(candidate => candidate.type === 'PodScheduled')
  const same = old?.status === condition.status && old.reason === condition.reason && old.message === condition.message
  return !same || (nominatedNodeName ?? '') !== (pod.status?.nominatedNodeName ?? '')
}
