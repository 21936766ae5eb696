import { objectKey } from '../../api/objects.ts'
import { compileSelector } from '../../api/placement.ts'
import type { DaemonSet } from '../../api/types/apps-v1.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { DAEMON_SETS, NODES, PODS } from '../../client/resources.ts'
import { decideClaims, settleClaims } from '../claims.ts'
import { type Context, type Controller, controllerKeys, createLoop, deleteExactly, unlessGone } from '../context.ts'
import { Expectations } from '../expectations.ts'
import { inSlowStart } from '../parallel.ts'
import { claimablePods, nextAvailableMs, podFromTemplate, sharedPods } from '../pods.ts'
import { sameStatus } from '../replicas/decide.ts'
import { hashOfRevision, REVISION_HASH, RevisionHistory } from '../revisions.ts'
import { daemonStatus, fitsNode, nodeOf, planDaemons, specForNode } from './decide.ts'

const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 15 * 60_000

/** One pod on every node that fits, also on those that come later. */
export function daemonSetController(context: Context): Controller {
  const { client, clock, informers } = context
  const sets = informers.of<DaemonSet>(DAEMON_SETS)
  const nodes = informers.of<Node>(NODES)
  const pods = sharedPods(informers)
  const setClient = client.resource<DaemonSet>(DAEMON_SETS)
  const podClient = client.resource<Pod>(PODS)
  const expectations = new Expectations<Pod>(pods)
  const history = new RevisionHistory(context, DAEMON_SETS)
  /** How often the pod of a set failed on a node, so that it is not made anew at once each time. */
  const failures = new Map<string, { count: number; until: number }>()

  const loop = createLoop(context, 'daemonset-controller', step)
  loop.watch(sets)
  loop.watchRelated(pods, pod => controllerKeys(pod, 'DaemonSet'))
  loop.watchRelated(history.informer, revision => controllerKeys(revision, 'DaemonSet'))
  const addAll = () => {
    for (const set of sets.list()) loop.queue.add(objectKey(set))
  }
  nodes.addHandler({
    added: addAll,
    updated(node, old) {
      // Heartbeats change nodes all the time; only what makes a set fit or not matters.
      for (const set of sets.list()) {
        if (JSON.stringify(fitsNode(set, node)) !== JSON.stringify(fitsNode(set, old))) loop.queue.add(objectKey(set))
      }
    },
    deleted: addAll,
  })

  async function step(key: string): Promise<void> {
    const set = sets.get(key)
    if (!set || !expectations.met(key) || !history.isSettled(key)) return
    if (set.metadata.deletionTimestamp) return
    const hash = hashOfRevision(await history.current(key, set))
    const owned = await claim(set)
    const moment = { now: clock.now(), hash }
    const plan = planDaemons(set, nodes.list(), owned, moment)
    for (const pod of plan.failed) await removeFailed(key, set, pod)
    const removed = await inSlowStart(plan.remove.length, i => remove(key, set, plan.remove[i]!))
    const create = plan.create.filter(nodeName => mayRetry(key, nodeName))
    const created = await inSlowStart(create.length, i => make(key, set, create[i]!, hash))
    await report(set, owned, moment)
    const used = new Set(owned.map(pod => pod.metadata.labels?.[REVISION_HASH] ?? ''))
    await history.trim(set, used.add(hash))
    const error = removed ?? created
    if (error) throw error
  }

  async function claim(set: Live<DaemonSet>): Promise<Live<Pod>[]> {
    const selects = compileSelector(set.spec.selector)
    const decided = decideClaims(set, claimablePods(pods, set), pod => selects(pod.metadata.labels))
    return settleClaims(podClient, set, DAEMON_SETS, decided)
  }

  function mayRetry(key: string, nodeName: string): boolean {
    const failure = failures.get(`${key} ${nodeName}`)
    const left = (failure?.until ?? 0) - clock.monotonic()
    if (left > 0) loop.queue.addAfter(key, left)
    return left <= 0
  }

  async function make(key: string, set: Live<DaemonSet>, nodeName: string, hash: string): Promise<void> {
    const pod = podFromTemplate(set.spec.template, set, DAEMON_SETS)
    const labels = { ...pod.metadata?.labels, [REVISION_HASH]: hash }
    const spec = specForNode(pod.spec!, nodeName)
    try {
      const made = await podClient.create({ ...pod, metadata: { ...pod.metadata, labels }, spec })
      expectations.made(key, made)
      loop.events.event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`)
    } catch (error) {
      loop.events.event(set, 'Warning', 'FailedCreate', `Error creating: ${(error as Error).message}`)
      throw error
    }
  }

  async function remove(key: string, set: Live<DaemonSet>, pod: Live<Pod>): Promise<void> {
    await deleteExactly(podClient, pod)
    expectations.removed(key, pod)
    loop.events.event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`)
  }

  async function removeFailed(key: string, set: Live<DaemonSet>, pod: Live<Pod>): Promise<void> {
    const place = `${key} ${nodeOf(pod)}`
    const count = (failures.get(place)?.count ?? 0) + 1
    const pause = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (count - 1))
    failures.set(place, { count, until: clock.monotonic() + pause })
    const { name, namespace } = pod.metadata
    const message = `Found failed daemon pod ${namespace}/${name} on node ${nodeOf(pod)}, will try to kill it`
    loop.events.event(set, 'Warning', 'FailedDaemonPod', message)
    await remove(key, set, pod)
  }

  async function report(set: Live<DaemonSet>, owned: readonly Live<Pod>[], moment: { now: number; hash: string }) {
    const status = daemonStatus(set, nodes.list(), owned, moment)
    const { conditions, collisionCount, ...counts } = set.status ?? {}
    if (!sameStatus(counts, status)) {
      await unlessGone(setClient.update({ ...set, status: { ...set.status, ...status } }, 'status'))
    }
    const next = nextAvailableMs(owned, set.spec.minReadySeconds ?? 0, moment.now)
    if (next !== undefined) loop.queue.addAfter(objectKey(set), next)
  }

  return loop
}
