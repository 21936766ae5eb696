import { isReason } from '../api/errors.ts'
import type { KubeObject } from '../api/objects.ts'
import type { Event } from '../api/types/core-v1.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { type Random, randomBelow } from '../platform/random.ts'
import type { Client, ResourceClient } from './client.ts'
import { EventCorrelator, type EventFacts, type Recorded } from './event-correlator.ts'
import { EVENTS } from './resources.ts'
import { timestamp } from './times.ts'

export type EventType = 'Normal' | 'Warning'

/** What happened to an object, in words for people: `kubectl describe` and `kubectl get events` show it. */
export interface EventRecorder {
  /** `fieldPath` names a part of the object, e.g. `spec.containers{web}`. */
  event(regarding: KubeObject, type: EventType, reason: string, message: string, fieldPath?: string): void
  /** Resolves when everything recorded so far was sent, or was given up because it took too long. */
  flush(): Promise<void>
}

export interface RecorderOptions {
  client: Client
  clock: Clock
  random: Random
  log: Log
  /** e.g. `deployment-controller`, `kubelet` */
  component: string
  /** Node, for those who speak of one. */
  host?: string
}

const MAX_WAITING = 10_000
/** Whoever stops waits for so long for the last events, and no longer. */
const FLUSH_MS = 2000

/**
 * Records events in the background, in order and one at a time: what they tell of is never held up by them, however much
 * happens at once. Repeated ones are counted, floods are cut.
 */
export function createEventRecorder(options: RecorderOptions): EventRecorder {
  return new Recorder(options)
}

class Recorder implements EventRecorder {
  readonly #options: RecorderOptions
  #sequence = 0
  readonly #events: ResourceClient<Event>
  readonly #correlator = new EventCorrelator()
  #last: Promise<void> = Promise.resolve()
  #waiting = 0
  #gaveUp = false
  #dropped = 0

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#events = options.client.resource<Event>(EVENTS)
  }

  event(regarding: KubeObject, type: EventType, reason: string, message: string, fieldPath?: string): void {
    const { log, component } = this.#options
    if (this.#waiting >= MAX_WAITING) {
      // The first of a flood is said aloud, and how many there were when it is over.
      if (this.#dropped++ === 0) log.warn('Too many events wait, some are dropped', { component, reason, message })
      return
    }
    const involvedObject = { ...referenceTo(regarding), ...(fieldPath ? { fieldPath } : {}) }
    const facts: EventFacts = { involvedObject, type, reason, message: message.slice(0, 1024) }
    const recorded = this.#correlator.record(facts, this.#options.clock.now())
    if (!recorded) return
    this.#waiting++
    this.#last = this.#last.then(() => this.#send(recorded, facts))
  }

  async flush(): Promise<void> {
    const patience = this.#options.clock.after(FLUSH_MS, () => {
      this.#gaveUp = true
    })
    await this.#last
    patience.cancel()
    this.#gaveUp = false
  }

  async #send(recorded: Recorded, facts: EventFacts): Promise<void> {
    try {
      if (this.#gaveUp) this.#dropped++
      else if (recorded.series.name) await this.#raiseCount(recorded, facts)
      else await this.#create(recorded, facts)
    } catch (error) {
      this.#options.log.warn('An event could not be recorded', { reason: facts.reason, message: facts.message, error })
    }
    this.#waiting--
    if (this.#waiting > 0 || this.#dropped === 0) return
    this.#options.log.warn('Events were dropped', { component: this.#options.component, dropped: this.#dropped })
    this.#dropped = 0
  }

  async #raiseCount(recorded: Recorded, facts: EventFacts): Promise<void> {
    const { message, count, series } = recorded
    const patch = { count, message, lastTimestamp: timestamp(recorded.at) }
    const namespace = namespaceOf(facts)
    try {
      await this.#events.patch(series.name!, 'strategic', patch, { namespace })
    } catch (error) {
      // Events do not live for ever.
      if (!isReason(error, 'NotFound')) throw error
      await this.#create(recorded, facts)
    }
  }

  /** Lists are in the order of names: a name that grows with time makes events tell their story in order. */
  #stamp(at: number): string {
    this.#sequence = (this.#sequence + 1) % 1000
    const nanoseconds = this.#sequence * 1000 + randomBelow(this.#options.random, 1000)
    return (BigInt(at) * 1_000_000n + BigInt(nanoseconds)).toString(16)
  }

  async #create({ message, count, series, at }: Recorded, facts: EventFacts): Promise<void> {
    const { component, host } = this.#options
    const { involvedObject, type, reason } = facts
    const name = `${involvedObject.name}.${this.#stamp(at)}`
    const time = timestamp(at)
    await this.#events.create({
      metadata: { name, namespace: namespaceOf(facts) },
      involvedObject,
      type,
      reason,
      message,
      source: { component, ...(host ? { host } : {}) },
      firstTimestamp: series.first === undefined ? time : timestamp(series.first),
      lastTimestamp: time,
      count,
      reportingComponent: component,
      reportingInstance: host ?? '',
    })
    series.name = name
  }
}

/** Events about things outside namespaces live in `default`. */
function namespaceOf(facts: EventFacts): string {
  return facts.involvedObject.namespace ?? 'default'
}

function referenceTo(object: KubeObject): EventFacts['involvedObject'] {
  const { name, namespace, uid, resourceVersion } = object.metadata ?? {}
  return { apiVersion: object.apiVersion, kind: object.kind, name: name ?? '', namespace, uid, resourceVersion }
}
