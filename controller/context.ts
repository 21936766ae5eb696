import { type KubeObject, type OwnerReference, objectKey, type ResourceRef } from '../api/objects.ts'
import type { Client, Live, ResourceClient } from '../client/client.ts'
import { createEventRecorder, type EventRecorder } from '../client/events.ts'
import type { Informer } from '../client/informer.ts'
import { unlessGone } from '../client/outcomes.ts'
import { WorkQueue } from '../client/queue.ts'
import type { Clock, Timer } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Random } from '../platform/random.ts'
import type { CertificateSigner } from './certificates/signer.ts'
import type { SharedInformers } from './informers.ts'

/** What all controllers are told about the cluster. */
export interface ControllerOptions {
  /** PEM of the authority that pods check the API server against. */
  rootCa?: string
  signer?: CertificateSigner
  /** Where node ranges are cut from; none: nodes get no pod range. */
  clusterCidr?: string
  nodeCidrMaskSize?: number
  /** How long a node may be silent before it counts as lost. */
  nodeMonitorGracePeriodMs?: number
  /** Succeeded and failed pods kept before the oldest are removed. */
  terminatedPodThreshold?: number
  /** Names of controllers that are left out. */
  disabled?: readonly string[]
}

/** All that a controller is made from. */
export interface Context {
  client: Client
  clock: Clock
  random: Random
  log: Log
  informers: SharedInformers
  options: ControllerOptions
}

/** A controller observes through informers, decides by pure functions, acts through clients; here is its life. */
export interface Controller {
  /** Called when the informers are filled. */
  start(): void
  stop(): Promise<void>
}

/** A controller that is a queue of keys and one step for a key. */
export interface Loop extends Controller {
  readonly queue: WorkQueue
  readonly events: EventRecorder
  /** Adds the object's own key on every change of a kind. */
  watch<T extends KubeObject>(informer: Informer<T>): void
  /** Adds keys that a change of another kind concerns. */
  watchRelated<T extends KubeObject>(informer: Informer<T>, keysOf: (object: Live<T>) => readonly string[]): void
}

export interface LoopOptions {
  workers?: number
  /** Where events come from; by default the name. */
  component?: string
}

export function createLoop(
  context: Context,
  name: string,
  work: (key: string, loop: Loop) => Promise<void>,
  options: LoopOptions = {},
): Loop {
  const { client, clock, random } = context
  const log = context.log.child(name)
  const queue = new WorkQueue({ name, clock, log, workers: options.workers ?? 5, work: key => work(key, loop) })
  const events = createEventRecorder({ client, clock, random, log, component: options.component ?? name })
  const loop: Loop = {
    queue,
    events,
    watch: informer => loop.watchRelated(informer, object => [objectKey(object)]),
    watchRelated<T extends KubeObject>(informer: Informer<T>, keysOf: (object: Live<T>) => readonly string[]) {
      const add = (object: Live<T>) => {
        for (const key of keysOf(object)) queue.add(key)
      }
      informer.addHandler({
        added: add,
        updated: (object, old) => {
          add(object)
          add(old)
        },
        deleted: add,
      })
    },
    start: () => queue.start(),
    async stop() {
      await queue.stop()
      await events.flush()
    },
  }
  return loop
}

/** A chore that is done every so often, one run at a time. */
export function createChore(context: Context, name: string, everyMs: number, run: () => Promise<void>): Controller {
  const { clock } = context
  const log = context.log.child(name)
  let timer: Timer | undefined
  let running: Promise<void> = Promise.resolve()
  let stopped = false
  const round = () => {
    running = run()
      .catch(error => log.warn('A round failed, the next one comes', { error }))
      .finally(() => {
        if (!stopped) timer = clock.after(everyMs, round)
      })
  }
  return {
    start: round,
    async stop() {
      stopped = true
      timer?.cancel()
      await running
    },
  }
}

/** Several parts that live and die together. */
export function together(...parts: readonly Controller[]): Controller {
  return {
    start() {
      for (const part of parts) part.start()
    },
    async stop() {
      await Promise.all(parts.map(part => part.stop()))
    },
  }
}

export function controllerRefOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find(reference => reference.controller)
}

/** The reference that marks `owner` as the controller of what it makes. */
export function controllerReference(owner: Live<KubeObject>, ref: ResourceRef): OwnerReference {
  return {
    apiVersion: ref.group === '' ? ref.version : `${ref.group}/${ref.version}`,
    kind: ref.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** The key of the controller of this kind that owns the object, for queues. */
export function controllerKeys(object: KubeObject, kind: string): string[] {
  const reference = controllerRefOf(object)
  return reference?.kind === kind ? [`${object.metadata?.namespace}/${reference.name}`] : []
}

/** Deletes exactly this object, not one that took its name since; one that is gone already is fine. */
export async function deleteExactly<T extends KubeObject>(
  resource: ResourceClient<T>,
  object: Live<KubeObject>,
  options: { gracePeriodSeconds?: number; propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' } = {},
): Promise<void> {
  const { name, namespace, uid } = object.metadata
  await unlessGone(resource.delete(name, { namespace, preconditions: { uid }, ...options }))
}
