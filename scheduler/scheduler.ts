import { setImmediate } from 'node:timers/promises'
import type { Pod } from '../api/types/core-v1.ts'
import type { Client } from '../client/client.ts'
import { leadWithLease } from '../client/lease.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { nameSuffix, type Random } from '../platform/random.ts'
import { Actor } from './act.ts'
import { type ConfiguredProfile, readConfig, type SchedulerConfig } from './config.ts'
import { decide, type Placed, type Refused } from './decide.ts'
import { Evictions } from './evictions.ts'
import { explain, explainAmounts } from './explain.ts'
import type { PodFacts } from './facts.ts'
import { Observer } from './observe.ts'
import { preempt } from './preempt.ts'
import { SchedulingQueue } from './queue.ts'
import { VolumeBinder } from './volume-binder.ts'

/**
 * scheduler/ decides which node a pod goes to. Start with decide.ts (the pure decision), then picture.ts (what it knows),
 * filters/ and scores/ (what it weighs), queue.ts (whose turn it is); this file ties them to the API server. It imports
 * platform, api and client.
 */
export interface SchedulerOptions {
  client: Client
  clock: Clock
  random: Random
  log: Log
  config?: SchedulerConfig
  /** For the leader lease, where config asks for one. */
  identity?: string
}

export interface Scheduler {
  /** Resolves when it schedules, or stands by for the lease. */
  start(): Promise<void>
  stop(): Promise<void>
}

const MAX_BINDING = 200
/** After this long the loop lets others have the thread: the API server may live on it. */
const SLICE_MS = 8

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { client, clock, random, log, config = readConfig() } = options
  const stopping = new AbortController()
  let running: Promise<void> | undefined
  return {
    async start() {
      if (!config.leaderElect) {
        const loop = new Loop({ ...options, config })
        await loop.observe()
        running = loop.run(stopping.signal)
        return
      }
      const identity = options.identity ?? `scheduler-${nameSuffix(random, 10)}`
      const lease = { client, clock, random, log, name: 'kube-scheduler', identity }
      running = leadWithLease(lease, leading => lead({ ...options, config }, leading), stopping.signal)
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function lead(options: SchedulerOptions & { config: SchedulerConfig }, signal: AbortSignal): Promise<void> {
  const loop = new Loop(options)
  await Promise.race([
    loop.observe(),
    new Promise(resolve => signal.addEventListener('abort', resolve, { once: true })),
  ])
  await loop.run(signal)
}

/** One pod after the other: pop, decide, assume; binding goes on beside it. */
class Loop {
  readonly #options: SchedulerOptions
  readonly #queue: SchedulingQueue
  readonly #observer: Observer
  readonly #actor: Actor
  readonly #volumes: VolumeBinder
  readonly #profiles: ReadonlyMap<string, ConfiguredProfile>
  readonly #acting = new Set<Promise<void>>()
  readonly #evictions = new Evictions()
  #start = 0

  constructor(options: SchedulerOptions & { config: SchedulerConfig }) {
    const { client, clock, config } = options
    this.#options = options
    this.#profiles = new Map(config.profiles.map(profile => [profile.schedulerName, profile]))
    this.#queue = new SchedulingQueue(clock)
    this.#observer = new Observer(client, options, this.#queue, pod => this.#profiles.has(schedulerOf(pod)))
    this.#observer.onGone = uid => {
      const served = this.#evictions.gone(uid)
      if (served) this.#queue.hurry(served)
    }
    this.#actor = new Actor(options)
    this.#volumes = new VolumeBinder(client, clock, this.#observer.claims, this.#observer.volumes)
  }

  observe(): Promise<void> {
    return this.#observer.start()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    let began = clock.monotonic()
    while (!signal.aborted) {
      const pod = this.#queue.pop()
      if (!pod) await this.#untilReady(signal)
      else this.#scheduleOne(pod, signal)
      if (this.#acting.size >= MAX_BINDING) await Promise.race(this.#acting)
      if (clock.monotonic() - began < SLICE_MS) continue
      await setImmediate()
      began = clock.monotonic()
    }
    this.#queue.stop()
    await Promise.all(this.#acting)
    await this.#actor.flush()
    await this.#observer.stop()
  }

  #untilReady(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        signal.removeEventListener('abort', done)
        this.#queue.onReady = () => {}
        resolve()
      }
      signal.addEventListener('abort', done, { once: true })
      this.#queue.onReady = done
    })
  }

  #scheduleOne(pod: PodFacts, signal: AbortSignal): void {
    const profile = this.#profiles.get(schedulerOf(pod.pod))!
    const decision = decide(pod, this.#observer.picture, profile, this.#start)
    this.#start = decision.next
    if (decision.node) this.#act(pod, this.#place(pod, decision, profile, signal))
    else this.#act(pod, this.#refuse(pod, decision, profile))
  }

  #act(pod: PodFacts, action: Promise<void>): void {
    const watched: Promise<void> = action
      .catch(error => {
        this.#options.log.warn('A decision could not be carried out', { pod: pod.key, error })
        this.#observer.forget(pod.uid)
        this.#evictions.end(pod.uid)
        this.#queue.retry(pod.uid)
      })
      .finally(() => this.#acting.delete(watched))
    this.#acting.add(watched)
  }

  async #place(pod: PodFacts, { node }: Placed, profile: ConfiguredProfile, signal: AbortSignal): Promise<void> {
    this.#observer.assume(pod.pod, node.name)
    try {
      await this.#volumes.bind(pod, node.node, profile.bindTimeoutMs, signal)
    } catch (error) {
      await this.#actor.refuse(pod, 'SchedulerError', [error instanceof Error ? error.message : String(error)])
      throw error
    }
    const outcome = await this.#actor.bind(pod, node.name, signal)
    if (outcome === 'bound') return
    this.#observer.forget(pod.uid)
    // A pod that somebody else bound, or that is gone, is taken out of the queue when the watch says so.
    if (outcome === 'failed') this.#queue.retry(pod.uid)
    else this.#queue.park(pod.uid, [])
  }

  async #refuse(pod: PodFacts, refused: Refused, profile: ConfiguredProfile): Promise<void> {
    const { picture, budgets } = this.#observer
    const limits = profile.preemption
    const room =
      limits && !refused.hopeless && !this.#awaitsVictims(pod)
        ? preempt(pod, picture, profile, refused, { budgets: budgets.list(), start: this.#start, limits })
        : undefined
    const nodeName = room?.candidate?.node.name
    if (room?.candidate) {
      picture.nominate(pod, room.candidate.node.name)
      this.#evictions.begin(pod.uid, room.candidate.victims)
    }
    const filters = [...refused.refusals.values()].map(refusal => refusal.filter)
    this.#queue.park(pod.uid, refused.hopeless ? [refused.hopeless.filter] : filters)
    const message = explain(refused, picture.nodes.length, room?.message)
    // A pod that is about to get its room need not be told how much was lacking.
    const amounts = room?.candidate ? undefined : explainAmounts(pod, refused)
    await this.#actor.refuse(pod, 'Unschedulable', amounts ? [message, amounts] : [message], nodeName)
    if (room?.candidate) await this.#actor.evict(room.candidate.victims, pod, room.candidate.node.name)
  }

  /** Its victims are still on their way out: more must not follow them. */
  #awaitsVictims(pod: PodFacts): boolean {
    if (this.#evictions.awaits(pod.uid)) return true
    const nominated = pod.pod.status?.nominatedNodeName
    const node = nominated ? this.#observer.picture.node(nominated) : undefined
    return [...(node?.pods.values() ?? [])].some(other => other.isTerminating && other.priority < pod.priority)
  }
}

function schedulerOf(pod: Pod): string {
  return pod.spec?.schedulerName ?? 'default-scheduler'
}
