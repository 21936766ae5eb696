import { apiVersionOf, type OwnerReference } from '../../api/objects.ts'
import { compileSelector } from '../../api/placement.ts'
import type { ControllerRevision, StatefulSet } from '../../api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod, PodTemplateSpec } from '../../api/types/core-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Live } from '../../client/client.ts'
import { unlessGone, unlessThere } from '../../client/outcomes.ts'
import { PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS } from '../../client/resources.ts'
import { decideClaims, settleClaims } from '../claims.ts'
import { type Context, type Controller, controllerKeys, createLoop, deleteExactly } from '../context.ts'
import { Expectations } from '../expectations.ts'
import { claimablePods, nextAvailableMs, podFromTemplate, sharedPods } from '../pods.ts'
import { sameStatus } from '../replicas/decide.ts'
import { hashOfRevision, RevisionHistory } from '../revisions.ts'
import {
  claimFate,
  claimName,
  memberOf,
  ordinalOf,
  planMembers,
  type Revisions,
  type Step,
  statefulStatus,
} from './decide.ts'

type Set = Live<StatefulSet>

/** Members with names and claims of their own, that come and go in order. */
export function statefulSetController(context: Context): Controller {
  return new StatefulSetController(context).loop
}

class StatefulSetController {
  readonly #sets
  readonly #pods
  readonly #claims
  readonly #setClient
  readonly #podClient
  readonly #claimClient
  readonly #expectations
  readonly #history
  readonly loop
  readonly #clock

  constructor(context: Context) {
    const { client, clock, informers } = context
    this.#clock = clock
    this.#sets = informers.of<StatefulSet>(STATEFUL_SETS)
    this.#pods = sharedPods(informers)
    this.#claims = informers.of<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS)
    this.#setClient = client.resource<StatefulSet>(STATEFUL_SETS)
    this.#podClient = client.resource<Pod>(PODS)
    this.#claimClient = client.resource<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS)
    this.#expectations = new Expectations<Pod>(this.#pods)
    this.#history = new RevisionHistory(context, STATEFUL_SETS)
    this.loop = createLoop(context, 'statefulset-controller', key => this.#step(key))
    this.loop.watch(this.#sets)
    this.loop.watchRelated(this.#pods, pod => controllerKeys(pod, 'StatefulSet'))
    this.loop.watchRelated(this.#history.informer, revision => controllerKeys(revision, 'StatefulSet'))
  }

  async #step(key: string): Promise<void> {
    const set = this.#sets.get(key)
    if (!set || set.metadata.deletionTimestamp || !this.#expectations.met(key) || !this.#history.isSettled(key)) return
    const update = await this.#history.current(key, set)
    const current =
      this.#history.of(set).find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update
    const revisions = { current: hashOfRevision(current), update: hashOfRevision(update) }
    const owned = await this.#claim(set)
    const now = this.#clock.now()
    const steps = planMembers(set, owned, revisions, now)
    for (const next of steps)
      await this.#carryOut(key, set, next, next.do === 'create' && next.revision === 'current' ? current : update)
    await this.#ownClaims(set, owned)
    const names = { current: current.metadata.name, update: update.metadata.name }
    await this.#report(key, set, owned, revisions, names, now)
    await this.#history.trim(set, new Set([revisions.current, revisions.update]))
  }

  async #claim(set: Set): Promise<Live<Pod>[]> {
    const selects = compileSelector(set.spec.selector)
    const isMember = (pod: Live<Pod>) => selects(pod.metadata.labels) && ordinalOf(set, pod.metadata.name) !== undefined
    return settleClaims(
      this.#podClient,
      set,
      STATEFUL_SETS,
      decideClaims(set, claimablePods(this.#pods, set), isMember),
    )
  }

  async #carryOut(key: string, set: Set, next: Step, revision: Live<ControllerRevision>): Promise<void> {
    if (next.do === 'create') return this.#create(key, set, next.ordinal, revision)
    await deleteExactly(this.#podClient, next.pod)
    this.#expectations.removed(key, next.pod)
    const { name } = next.pod.metadata
    const reason = next.why === 'failed' ? 'RecreatingFailedPod' : 'SuccessfulDelete'
    const message =
      next.why === 'failed'
        ? `StatefulSet ${key} is recreating failed Pod ${name}`
        : `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`
    this.loop.events.event(set, next.why === 'failed' ? 'Warning' : 'Normal', reason, message)
  }

  async #create(key: string, set: Set, ordinal: number, revision: Live<ControllerRevision>): Promise<void> {
    for (const template of set.spec.volumeClaimTemplates ?? []) await this.#ensureClaim(set, template, ordinal)
    const { template } = (revision.data as { spec: { template: PodTemplateSpec & { $patch?: string } } }).spec
    const { $patch: _, ...plain } = template
    const pod = memberOf(set, podFromTemplate(plain, set, STATEFUL_SETS, 'x'), ordinal, hashOfRevision(revision))
    try {
      const made = await unlessThere(this.#podClient.create(pod))
      if (made) this.#expectations.made(key, made)
      const message = `create Pod ${pod.metadata?.name} in StatefulSet ${set.metadata.name} successful`
      this.loop.events.event(set, 'Normal', 'SuccessfulCreate', message)
    } catch (error) {
      const message = `create Pod ${pod.metadata?.name} in StatefulSet ${set.metadata.name} failed error: ${(error as Error).message}`
      this.loop.events.event(set, 'Warning', 'FailedCreate', message)
      throw error
    }
  }

  async #ensureClaim(set: Set, template: PersistentVolumeClaim, ordinal: number): Promise<void> {
    const name = claimName(template, set, ordinal)
    const { namespace } = set.metadata
    if (this.#claims.get(`${namespace}/${name}`)) return
    const labels = { ...template.metadata?.labels, ...set.spec.selector.matchLabels }
    const metadata = { name, namespace, labels, annotations: template.metadata?.annotations }
    const made = await unlessThere(this.#claimClient.create({ metadata, spec: template.spec }))
    if (!made) return
    const message = `create Claim ${name} Pod ${set.metadata.name}-${ordinal} in StatefulSet ${set.metadata.name} success`
    this.loop.events.event(set, 'Normal', 'SuccessfulCreate', message)
  }

  /** Keeps the owners of the members' claims in step with the retention policy. */
  async #ownClaims(set: Set, owned: readonly Live<Pod>[]): Promise<void> {
    for (const pod of owned) {
      const ordinal = ordinalOf(set, pod.metadata.name)
      if (ordinal === undefined) continue
      for (const template of set.spec.volumeClaimTemplates ?? []) {
        const known = this.#claims.get(`${set.metadata.namespace}/${claimName(template, set, ordinal)}`)
        if (known) await this.#ownClaim(set, pod, known, ordinal)
      }
    }
  }

  async #ownClaim(set: Set, pod: Live<Pod>, known: Live<PersistentVolumeClaim>, ordinal: number): Promise<void> {
    const fate = claimFate(set, ordinal)
    const references = known.metadata.ownerReferences ?? []
    const others = references.filter(({ uid }) => uid !== set.metadata.uid && uid !== pod.metadata.uid)
    const own: OwnerReference[] = []
    if (fate === 'follow-set') {
      own.push({
        apiVersion: apiVersionOf(STATEFUL_SETS),
        kind: 'StatefulSet',
        name: set.metadata.name,
        uid: set.metadata.uid,
      })
    }
    if (fate === 'follow-pod')
      own.push({ apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid })
    const ownerReferences = [...others, ...own]
    if (deepEqual(ownerReferences, references)) return
    await unlessGone(this.#claimClient.update({ ...known, metadata: { ...known.metadata, ownerReferences } }))
  }

  async #report(
    key: string,
    set: Set,
    owned: readonly Live<Pod>[],
    revisions: Revisions,
    names: Revisions,
    now: number,
  ): Promise<void> {
    const status = statefulStatus(set, owned, revisions, names, now)
    const { conditions, ...known } = set.status ?? {}
    if (!sameStatus(known, status)) {
      await unlessGone(this.#setClient.update({ ...set, status: { ...set.status, ...status } }, 'status'))
    }
    const next = nextAvailableMs(owned, set.spec.minReadySeconds ?? 0, now)
    if (next !== undefined) this.loop.queue.addAfter(key, next)
  }
}
