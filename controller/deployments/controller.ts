import { isReason } from '../../api/errors.ts'
import { objectKey } from '../../api/objects.ts'
import { compileSelector } from '../../api/placement.ts'
import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Live } from '../../client/client.ts'
import { unlessGone } from '../../client/outcomes.ts'
import { DEPLOYMENTS, REPLICA_SETS } from '../../client/resources.ts'
import { timestamp } from '../../client/times.ts'
import { decideClaims, settleClaims } from '../claims.ts'
import { type Context, type Controller, controllerKeys, createLoop, deleteExactly } from '../context.ts'
import { Expectations } from '../expectations.ts'
import { isFinished, sharedPods } from '../pods.ts'
import {
  decideRecreate,
  decideRollingUpdate,
  decideScale,
  type RolloutView,
  resolveLimits,
  type Scaling,
  type SetView,
} from './rollout.ts'
import { deploymentStatus, isComplete, isSameStatus, untilDeadlineMs } from './status.ts'
import * as templates from './template.ts'

type Sets = readonly Live<ReplicaSet>[]

/** Rolls a template out: a ReplicaSet for each version of it, and replicas moved from the old ones to the new one. */
export function deploymentController(context: Context): Controller {
  return new DeploymentController(context).loop
}

class DeploymentController {
  readonly #deployments
  readonly #sets
  readonly #pods
  readonly #deploymentClient
  readonly #setClient
  readonly #expectations
  readonly loop
  readonly #clock

  constructor(context: Context) {
    const { client, clock, informers } = context
    this.#clock = clock
    this.#deployments = informers.of<Deployment>(DEPLOYMENTS)
    this.#sets = informers.of<ReplicaSet>(REPLICA_SETS)
    this.#pods = sharedPods(informers)
    this.#deploymentClient = client.resource<Deployment>(DEPLOYMENTS)
    this.#setClient = client.resource<ReplicaSet>(REPLICA_SETS)
    this.#expectations = new Expectations<ReplicaSet>(this.#sets)
    this.#sets.addIndex('namespace', set => [set.metadata.namespace])
    this.loop = createLoop(context, 'deployment-controller', key => this.#step(key))
    this.loop.watch(this.#deployments)
    this.loop.watchRelated(this.#sets, set => controllerKeys(set, 'Deployment'))
    // Recreate waits for the last old pod to be gone.
    this.#pods.addHandler({
      deleted: pod => {
        const set = this.#sets.get(
          `${pod.metadata.namespace}/${controllerKeys(pod, 'ReplicaSet')[0]?.split('/')[1] ?? ''}`,
        )
        for (const key of set ? controllerKeys(set, 'Deployment') : []) this.loop.queue.add(key)
      },
    })
  }

  async #step(key: string): Promise<void> {
    const deployment = this.#deployments.get(key)
    if (!deployment || !this.#expectations.met(key)) return
    const owned = await this.#claim(deployment)
    if (deployment.metadata.deletionTimestamp) return this.#report(deployment, owned)
    const newSet = templates.findNewSet(deployment, owned)
    const resized = [...this.#scaleFor(deployment, newSet, owned)]
    if (resized.length > 0) return this.#resize(key, deployment, owned, resized)
    if (deployment.spec.paused) return this.#report(deployment, owned)
    if (!newSet) return this.#createSet(key, deployment, owned)
    if (await this.#markNewSet(key, deployment, newSet, owned)) return
    const moves = [...this.#advance(deployment, newSet, owned)]
    if (moves.length > 0) return this.#resize(key, deployment, owned, moves)
    await this.#report(deployment, owned)
    await this.#cleanUp(deployment, newSet, owned)
  }

  async #claim(deployment: Live<Deployment>): Promise<Sets> {
    const selects = compileSelector(deployment.spec.selector)
    const candidates = this.#sets.byIndex('namespace', deployment.metadata.namespace)
    const decided = decideClaims(deployment, candidates, set => selects(set.metadata.labels))
    return settleClaims(this.#setClient, deployment, DEPLOYMENTS, decided)
  }

  /** Sizes that follow a change of the Deployment's own size. */
  #scaleFor(deployment: Live<Deployment>, newSet: Live<ReplicaSet> | undefined, owned: Sets): Scaling {
    const wanted = String(deployment.spec.replicas ?? 1)
    const isResized = owned.some(set => {
      const known = set.metadata.annotations?.[templates.DESIRED_REPLICAS]
      return (set.spec.replicas ?? 1) > 0 && known !== undefined && known !== wanted
    })
    if (!isResized && !deployment.spec.paused) return new Map()
    return decideScale(this.#view(deployment, newSet, owned), isRolling(deployment))
  }

  #advance(deployment: Live<Deployment>, newSet: Live<ReplicaSet>, owned: Sets): Scaling {
    const view = this.#view(deployment, newSet, owned)
    if (isRolling(deployment)) return decideRollingUpdate(view)
    const old = owned.filter(set => set !== newSet)
    const oldPods = old.flatMap(set => this.#pods.byIndex('owner', set.metadata.uid)).filter(pod => !isFinished(pod))
    return decideRecreate(view, oldPods.length)
  }

  #view(deployment: Live<Deployment>, newSet: Live<ReplicaSet> | undefined, owned: Sets): RolloutView {
    const view = (set: Live<ReplicaSet>) => {
      const pods = this.#pods.byIndex('owner', set.metadata.uid)
      return setView(set, pods.filter(pod => !pod.metadata.deletionTimestamp && !isFinished(pod)).length)
    }
    const oldSets = owned.filter(set => set !== newSet).map(view)
    return { ...limitsOf(deployment), newSet: newSet && view(newSet), oldSets }
  }

  async #createSet(key: string, deployment: Live<Deployment>, owned: Sets): Promise<void> {
    const revision = Math.max(0, ...owned.map(templates.revisionOf)) + 1
    const view = this.#view(deployment, undefined, owned)
    const wanted = templates.makeNewSet(deployment, revision, 0, view.replicas + view.maxSurge)
    const future = { ...emptyView(wanted), replicas: 0 }
    const { name = '' } = wanted.metadata ?? {}
    const first = isRolling(deployment) ? (decideRollingUpdate({ ...view, newSet: future }).get(name) ?? 0) : 0
    const replicas = owned.length === 0 ? view.replicas : first
    try {
      const made = await this.#setClient.create({ ...wanted, spec: { ...wanted.spec!, replicas } })
      this.#expectations.made(key, made)
      if (replicas > 0) this.#sayScaled(deployment, made, 0, replicas)
      await this.#report(deployment, [...owned, made], { created: true })
      await this.#markRevision(deployment, revision)
    } catch (error) {
      await this.#onCreateError(error, deployment, owned, name)
    }
  }

  /** A name that is taken by a set with another template: the next hash is salted. */
  async #onCreateError(error: unknown, deployment: Live<Deployment>, owned: Sets, name: string): Promise<void> {
    if (isReason(error, 'AlreadyExists')) {
      const there = await unlessGone(this.#setClient.get(name, deployment.metadata.namespace))
      if (!there || templates.hasTemplate(there, deployment.spec.template)) throw error
      const status = { ...deployment.status, collisionCount: (deployment.status?.collisionCount ?? 0) + 1 }
      await this.#deploymentClient.update({ ...deployment, status }, 'status')
      return
    }
    const message = error instanceof Error ? error.message : String(error)
    this.loop.events.event(
      deployment,
      'Warning',
      'ReplicaSetCreateError',
      `Failed to create new replica set "${name}": ${message}`,
    )
    await this.#report(deployment, owned, { createError: message })
    throw error
  }

  /** Gives a set that is used (again) the newest revision. True: it was written, the rest comes with its event. */
  async #markNewSet(key: string, deployment: Live<Deployment>, set: Live<ReplicaSet>, owned: Sets): Promise<boolean> {
    const others = owned.filter(other => other !== set).map(templates.revisionOf)
    const revision = Math.max(0, ...others) + 1
    const annotations = templates.newSetAnnotations(deployment, set, revision)
    const minReadySeconds = deployment.spec.minReadySeconds
    await this.#markRevision(deployment, Math.max(revision, templates.revisionOf(set)))
    const isSame = deepEqual(annotations, set.metadata.annotations ?? {})
    if (isSame && (set.spec.minReadySeconds ?? 0) === (minReadySeconds ?? 0)) return false
    const metadata = { ...set.metadata, annotations }
    this.#expectations.made(
      key,
      await this.#setClient.update({ ...set, metadata, spec: { ...set.spec, minReadySeconds } }),
    )
    return true
  }

  async #markRevision({ metadata }: Live<Deployment>, revision: number): Promise<void> {
    const annotations = { [templates.REVISION]: String(revision) }
    if (metadata.annotations?.[templates.REVISION] === String(revision)) return
    await unlessGone(
      this.#deploymentClient.patch(
        metadata.name,
        'merge',
        { metadata: { annotations } },
        { namespace: metadata.namespace },
      ),
    )
  }

  async #resize(key: string, deployment: Live<Deployment>, owned: Sets, sizes: [string, number][]): Promise<void> {
    const { replicas, maxSurge } = limitsOf(deployment)
    for (const [name, size] of sizes) {
      const set = owned.find(candidate => candidate.metadata.name === name)!
      const annotations = { ...set.metadata.annotations, ...templates.sizeAnnotations(deployment, replicas + maxSurge) }
      const metadata = { ...set.metadata, annotations }
      this.#expectations.made(
        key,
        await this.#setClient.update({ ...set, metadata, spec: { ...set.spec, replicas: size } }),
      )
      this.#sayScaled(deployment, set, set.spec.replicas ?? 1, size)
    }
    await this.#report(deployment, owned)
  }

  #sayScaled(deployment: Live<Deployment>, set: Live<ReplicaSet>, from: number, to: number): void {
    const direction = to > from ? 'up' : 'down'
    const message = `Scaled ${direction} replica set ${set.metadata.name} from ${from} to ${to}`
    this.loop.events.event(deployment, 'Normal', 'ScalingReplicaSet', message)
  }

  async #report(
    deployment: Live<Deployment>,
    owned: Sets,
    happened: { created?: boolean; createError?: string } = {},
  ): Promise<void> {
    const now = this.#clock.now()
    const newSet = templates.findNewSet(deployment, owned)
    const status = deploymentStatus({ deployment, newSet, sets: owned, now, time: timestamp(now), ...happened })
    if (!isSameStatus(deployment.status, status)) {
      await unlessGone(this.#deploymentClient.update({ ...deployment, status }, 'status'))
    }
    const left = untilDeadlineMs({ ...deployment, status }, now)
    if (left !== undefined) this.loop.queue.addAfter(objectKey(deployment), Math.max(left, 0) + 1000)
  }

  async #cleanUp(deployment: Live<Deployment>, newSet: Live<ReplicaSet>, owned: Sets): Promise<void> {
    const limit = deployment.spec.revisionHistoryLimit ?? 10
    if (!isComplete(deployment, deployment.status ?? {})) return
    const old = owned.filter(set => set !== newSet)
    for (const set of templates.outdatedSets(old, limit)) await deleteExactly(this.#setClient, set)
  }
}

function isRolling(deployment: Live<Deployment>): boolean {
  return deployment.spec.strategy?.type !== 'Recreate'
}

function limitsOf(deployment: Live<Deployment>) {
  const replicas = deployment.spec.replicas ?? 1
  const { maxSurge, maxUnavailable } = deployment.spec.strategy?.rollingUpdate ?? {}
  const limits = isRolling(deployment)
    ? resolveLimits(replicas, maxSurge, maxUnavailable)
    : { maxSurge: 0, maxUnavailable: 0 }
  return { replicas, ...limits }
}

function setView(set: Live<ReplicaSet>, pods: number): SetView {
  return {
    name: set.metadata.name,
    replicas: set.spec.replicas ?? 1,
    available: set.status?.availableReplicas ?? 0,
    pods,
    created: set.metadata.creationTimestamp,
    maxReplicas: Number(set.metadata.annotations?.[templates.MAX_REPLICAS] ?? 0),
    desired: Number(set.metadata.annotations?.[templates.DESIRED_REPLICAS] ?? set.spec.replicas),
  }
}

function emptyView(set: ReplicaSet): SetView {
  return { name: set.metadata?.name ?? '', replicas: 0, available: 0, created: '9999', maxReplicas: 0 }
}
