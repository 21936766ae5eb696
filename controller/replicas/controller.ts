import { objectKey, type ResourceRef } from '../../api/objects.ts'
import { compileSelector } from '../../api/placement.ts'
import type { ReplicaSet, ReplicaSetStatus } from '../../api/types/apps-v1.ts'
import type { Pod, ReplicationController } from '../../api/types/core-v1.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'
import type { Live } from '../../client/client.ts'
import { unlessGone } from '../../client/outcomes.ts'
import { PODS, REPLICA_SETS, REPLICATION_CONTROLLERS } from '../../client/resources.ts'
import { timestamp } from '../../client/times.ts'
import { decideClaims, settleClaims } from '../claims.ts'
import { type Context, type Controller, controllerKeys, controllerRefOf, createLoop } from '../context.ts'
import { inSlowStart } from '../parallel.ts'
import { PodMaker } from '../pod-maker.ts'
import { claimablePods, nextAvailableMs, podFromTemplate, sharedPods } from '../pods.ts'
import { type Failure, planReplicas, replicaStatus, sameStatus } from './decide.ts'

/** ReplicaSet and ReplicationController differ in the form of their selector and in nothing else. */
type Replicating = ReplicaSet | ReplicationController

export function replicaSetController(context: Context): Controller {
  return replicaController<ReplicaSet>(context, REPLICA_SETS, 'replicaset-controller', set => set.spec.selector)
}

export function replicationController(context: Context): Controller {
  return replicaController<ReplicationController>(context, REPLICATION_CONTROLLERS, 'replication-controller', set => ({
    matchLabels: set.spec.selector ?? set.spec.template?.metadata?.labels,
  }))
}

/** Keeps as many pods as wanted: makes missing ones, removes those that are missed least. */
function replicaController<T extends Replicating>(
  context: Context,
  ref: ResourceRef,
  name: string,
  selectorOf: (set: Live<T>) => LabelSelector | undefined,
): Controller {
  return new ReplicaController(context, ref, name, selectorOf).loop
}

class ReplicaController<T extends Replicating> {
  readonly #sets
  readonly #pods
  readonly #setClient
  readonly #podClient
  readonly #maker: PodMaker
  readonly loop
  readonly #clock
  readonly #ref
  readonly #selectorOf

  constructor(
    context: Context,
    ref: ResourceRef,
    name: string,
    selectorOf: (set: Live<T>) => LabelSelector | undefined,
  ) {
    const { client, clock, informers } = context
    this.#clock = clock
    this.#ref = ref
    this.#selectorOf = selectorOf
    this.#sets = informers.of<T>(ref)
    this.#pods = sharedPods(informers)
    this.#setClient = client.resource<T>(ref)
    this.#podClient = client.resource<Pod>(PODS)
    this.loop = createLoop(context, name, key => this.#step(key))
    this.#maker = new PodMaker(this.#podClient, this.#pods, this.loop.events)
    this.loop.watch(this.#sets)
    this.loop.watchRelated(this.#pods, pod => {
      const owned = controllerKeys(pod, ref.kind)
      return owned.length > 0 || pod.metadata.ownerReferences?.length ? owned : this.#selectingSets(pod)
    })
  }

  /** An orphan may be what a set is missing. */
  #selectingSets(pod: Live<Pod>): string[] {
    const { namespace, labels } = pod.metadata
    const selecting = this.#sets.list().filter(set => {
      return set.metadata.namespace === namespace && compileSelector(this.#selectorOf(set))(labels)
    })
    return selecting.map(objectKey)
  }

  async #step(key: string): Promise<void> {
    const set = this.#sets.get(key)
    if (!set || !this.#maker.isSettled(key)) return
    const selects = compileSelector(this.#selectorOf(set))
    const claim = decideClaims(set, claimablePods(this.#pods, set), pod => selects(pod.metadata.labels))
    const owned = await settleClaims(this.#podClient, set, this.#ref, claim)
    const failure = set.metadata.deletionTimestamp ? undefined : await this.#scale(key, set, owned)
    await this.#report(key, set, owned, failure)
    if (failure) throw new Error(failure.message)
  }

  async #scale(key: string, set: Live<T>, owned: readonly Live<Pod>[]): Promise<Failure | undefined> {
    const wanted = set.spec.replicas ?? 1
    const siblings = owned.length > wanted ? this.#siblings(set) : []
    const plan = planReplicas(wanted, owned, this.#clock.now(), siblings)
    const created = await inSlowStart(plan.create, () => {
      return this.#maker.create(key, set, podFromTemplate(set.spec.template, set, this.#ref))
    })
    const removed = await inSlowStart(plan.remove.length, i => this.#maker.remove(key, set, plan.remove[i]!))
    if (created) return { reason: 'FailedCreate', message: created.message }
    return removed && { reason: 'FailedDelete', message: removed.message }
  }

  /** Pods of the other sets of the same Deployment: a new one shrinks where old ones stand, and the other way about. */
  #siblings(set: Live<T>): Live<Pod>[] {
    const owner = controllerRefOf(set)
    if (!owner) return []
    const isOther = ({ metadata }: Live<T>) => metadata.uid !== set.metadata.uid
    const others = this.#sets.list().filter(one => isOther(one) && controllerRefOf(one)?.uid === owner.uid)
    return others.flatMap(({ metadata }) => this.#pods.byIndex('owner', metadata.uid))
  }

  async #report(key: string, set: Live<T>, owned: readonly Live<Pod>[], failure: Failure | undefined) {
    const now = this.#clock.now()
    const minReady = set.spec.minReadySeconds ?? 0
    const labels = set.spec.template?.metadata?.labels ?? {}
    const moment = { now, time: timestamp(now) }
    const status = replicaStatus(
      set as { metadata: object; status?: ReplicaSetStatus },
      labels,
      minReady,
      owned,
      failure,
      moment,
    )
    if (!sameStatus(set.status, status)) await unlessGone(this.#setClient.update({ ...set, status }, 'status'))
    const next = nextAvailableMs(owned, minReady, now)
    if (next !== undefined) this.loop.queue.addAfter(key, next)
  }
}
