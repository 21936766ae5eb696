import { objectKey, type ResourceRef } from '../../api/objects.ts'
import { compileSelector } from '../../api/placement.ts'
import type { ReplicaSet, ReplicaSetStatus } from '../../api/types/apps-v1.ts'
import type { Pod, ReplicationController } from '../../api/types/core-v1.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'
import type { Live } from '../../client/client.ts'
import { PODS, REPLICA_SETS, REPLICATION_CONTROLLERS } from '../../client/resources.ts'
import { timestamp } from '../../client/times.ts'
import { decideClaims, settleClaims } from '../claims.ts'
import { type Context, type Controller, controllerKeys, createLoop, deleteExactly, unlessGone } from '../context.ts'
import { Expectations } from '../expectations.ts'
import { inSlowStart } from '../parallel.ts'
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
  const { client, clock, informers } = context
  const sets = informers.of<T>(ref)
  const pods = sharedPods(informers)
  const setClient = client.resource<T>(ref)
  const podClient = client.resource<Pod>(PODS)
  const expectations = new Expectations<Pod>(pods)
  const loop = createLoop(context, name, step)
  loop.watch(sets)
  loop.watchRelated(pods, pod => {
    const owned = controllerKeys(pod, ref.kind)
    return owned.length > 0 || pod.metadata.ownerReferences?.length ? owned : selectingSets(pod)
  })

  /** An orphan may be what a set is missing. */
  function selectingSets(pod: Live<Pod>): string[] {
    const { namespace, labels } = pod.metadata
    const selecting = sets.list().filter(set => {
      return set.metadata.namespace === namespace && compileSelector(selectorOf(set))(labels)
    })
    return selecting.map(objectKey)
  }

  async function step(key: string): Promise<void> {
    const set = sets.get(key)
    if (!set || !expectations.met(key)) return
    const selects = compileSelector(selectorOf(set))
    const claim = decideClaims(set, claimablePods(pods, set), pod => selects(pod.metadata.labels))
    const owned = await settleClaims(podClient, set, ref, claim)
    const failure = set.metadata.deletionTimestamp ? undefined : await scale(key, set, owned)
    await report(key, set, owned, failure)
    if (failure) throw new Error(failure.message)
  }

  async function scale(key: string, set: Live<T>, owned: readonly Live<Pod>[]): Promise<Failure | undefined> {
    const plan = planReplicas(set.spec.replicas ?? 1, owned, clock.now())
    const created = await inSlowStart(plan.create, () => create(key, set))
    const removed = await inSlowStart(plan.remove.length, i => remove(key, set, plan.remove[i]!))
    if (created) return { reason: 'FailedCreate', message: created.message }
    return removed && { reason: 'FailedDelete', message: removed.message }
  }

  async function create(key: string, set: Live<T>): Promise<void> {
    try {
      const pod = await podClient.create(podFromTemplate(set.spec.template, set, ref))
      expectations.made(key, pod)
      loop.events.event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)
    } catch (error) {
      loop.events.event(set, 'Warning', 'FailedCreate', `Error creating: ${(error as Error).message}`)
      throw error
    }
  }

  async function remove(key: string, set: Live<T>, pod: Live<Pod>): Promise<void> {
    await deleteExactly(podClient, pod)
    expectations.removed(key, pod)
    loop.events.event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`)
  }

  async function report(key: string, set: Live<T>, owned: readonly Live<Pod>[], failure: Failure | undefined) {
    const now = clock.now()
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
    if (!sameStatus(set.status, status)) await unlessGone(setClient.update({ ...set, status }, 'status'))
    const next = nextAvailableMs(owned, minReady, now)
    if (next !== undefined) loop.queue.addAfter(key, next)
  }

  return loop
}
