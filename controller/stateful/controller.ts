import { apiVersionOf, type OwnerReference } from '../../api/objects.ts'
import { compileSelector } from '../../api/placement.ts'
import type { ControllerRevision, StatefulSet } from '../../api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod, PodTemplateSpec } from '../../api/types/core-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Live } from '../../client/client.ts'
import { PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS } from '../../client/resources.ts'
import { decideClaims, settleClaims } from '../claims.ts'
import {
  type Context,
  type Controller,
  controllerKeys,
  createLoop,
  deleteExactly,
  unlessGone,
  unlessThere,
} from '../context.ts'
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
  const { client, clock, informers } = context
  const sets = informers.of<StatefulSet>(STATEFUL_SETS)
  const pods = sharedPods(informers)
  const claims = informers.of<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS)
  const setClient = client.resource<StatefulSet>(STATEFUL_SETS)
  const podClient = client.resource<Pod>(PODS)
  const claimClient = client.resource<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS)
  const expectations = new Expectations<Pod>(pods)
  const history = new RevisionHistory(context, STATEFUL_SETS)

  const loop = createLoop(context, 'statefulset-controller', step)
  loop.watch(sets)
  loop.watchRelated(pods, pod => controllerKeys(pod, 'StatefulSet'))
  loop.watchRelated(history.informer, revision => controllerKeys(revision, 'StatefulSet'))

  async function step(key: string): Promise<void> {
    const set = sets.get(key)
    if (!set || set.metadata.deletionTimestamp || !expectations.met(key) || !history.isSettled(key)) return
    const update = await history.current(key, set)
    const current = history.of(set).find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update
    const revisions = { current: hashOfRevision(current), update: hashOfRevision(update) }
    const owned = await claim(set)
    const now = clock.now()
    const steps = planMembers(set, owned, revisions, now)
    for (const next of steps)
      await carryOut(key, set, next, next.do === 'create' && next.revision === 'current' ? current : update)
    await ownClaims(set, owned)
    const names = { current: current.metadata.name, update: update.metadata.name }
    await report(key, set, owned, revisions, names, now)
    await history.trim(set, new Set([revisions.current, revisions.update]))
  }

  async function claim(set: Set): Promise<Live<Pod>[]> {
    const selects = compileSelector(set.spec.selector)
    const isMember = (pod: Live<Pod>) => selects(pod.metadata.labels) && ordinalOf(set, pod.metadata.name) !== undefined
    return settleClaims(podClient, set, STATEFUL_SETS, decideClaims(set, claimablePods(pods, set), isMember))
  }

  async function carryOut(key: string, set: Set, next: Step, revision: Live<ControllerRevision>): Promise<void> {
    if (next.do === 'create') return create(key, set, next.ordinal, revision)
    await deleteExactly(podClient, next.pod)
    expectations.removed(key, next.pod)
    const { name } = next.pod.metadata
    const reason = next.why === 'failed' ? 'RecreatingFailedPod' : 'SuccessfulDelete'
    const message =
      next.why === 'failed'
        ? `StatefulSet ${key} is recreating failed Pod ${name}`
        : `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`
    loop.events.event(set, next.why === 'failed' ? 'Warning' : 'Normal', reason, message)
  }

  async function create(key: string, set: Set, ordinal: number, revision: Live<ControllerRevision>): Promise<void> {
    for (const template of set.spec.volumeClaimTemplates ?? []) await ensureClaim(set, template, ordinal)
    const { template } = (revision.data as { spec: { template: PodTemplateSpec & { $patch?: string } } }).spec
    const { $patch: _, ...plain } = template
    const pod = memberOf(set, podFromTemplate(plain, set, STATEFUL_SETS, 'x'), ordinal, hashOfRevision(revision))
    try {
      const made = await unlessThere(podClient.create(pod))
      if (made) expectations.made(key, made)
      const message = `create Pod ${pod.metadata?.name} in StatefulSet ${set.metadata.name} successful`
      loop.events.event(set, 'Normal', 'SuccessfulCreate', message)
    } catch (error) {
      const message = `create Pod ${pod.metadata?.name} in StatefulSet ${set.metadata.name} failed error: ${(error as Error).message}`
      loop.events.event(set, 'Warning', 'FailedCreate', message)
      throw error
    }
  }

  async function ensureClaim(set: Set, template: PersistentVolumeClaim, ordinal: number): Promise<void> {
    const name = claimName(template, set, ordinal)
    const { namespace } = set.metadata
    if (claims.get(`${namespace}/${name}`)) return
    const labels = { ...template.metadata?.labels, ...set.spec.selector.matchLabels }
    const metadata = { name, namespace, labels, annotations: template.metadata?.annotations }
    const made = await unlessThere(claimClient.create({ metadata, spec: template.spec }))
    if (!made) return
    const message = `create Claim ${name} Pod ${set.metadata.name}-${ordinal} in StatefulSet ${set.metadata.name} success`
    loop.events.event(set, 'Normal', 'SuccessfulCreate', message)
  }

  /** Keeps the owners of the members' claims in step with the retention policy. */
  async function ownClaims(set: Set, owned: readonly Live<Pod>[]): Promise<void> {
    for (const pod of owned) {
      const ordinal = ordinalOf(set, pod.metadata.name)
      if (ordinal === undefined) continue
      for (const template of set.spec.volumeClaimTemplates ?? []) {
        const known = claims.get(`${set.metadata.namespace}/${claimName(template, set, ordinal)}`)
        if (known) await ownClaim(set, pod, known, ordinal)
      }
    }
  }

  async function ownClaim(
    set: Set,
    pod: Live<Pod>,
    known: Live<PersistentVolumeClaim>,
    ordinal: number,
  ): Promise<void> {
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
    await unlessGone(claimClient.update({ ...known, metadata: { ...known.metadata, ownerReferences } }))
  }

  async function report(
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
      await unlessGone(setClient.update({ ...set, status: { ...set.status, ...status } }, 'status'))
    }
    const next = nextAvailableMs(owned, set.spec.minReadySeconds ?? 0, now)
    if (next !== undefined) loop.queue.addAfter(key, next)
  }

  return loop
}
