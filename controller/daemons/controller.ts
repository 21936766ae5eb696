import { objectKey } from '../../api/objects.ts'
import { compileSelector } from '../../api/placement.ts'
import type { DaemonSet } from '../../api/types/apps-v1.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { unlessGone } from '../../client/outcomes.ts'
import { DAEMON_SETS, NODES, PODS } from '../../client/resources.ts'
import { decideClaims, settleClaims } from '../claims.ts'
import { type Context, type Controller, controllerKeys, createLoop } from '../context.ts'
import { inSlowStart } from '../parallel.ts'
import { PodMaker } from '../pod-maker.ts'
import { claimablePods, nextAvailableMs, podFromTemplate, sharedPods } from '../pods.ts'
import { sameStatus } from '../replicas/decide.ts'
import { hashOfRevision, REVISION_HASH, RevisionHistory } from '../revisions.ts'
import { daemonStatus, fitsNode, nodeOf, planDaemons, specForNode } from './decide.ts'

const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 15 * 60_000

/** One pod on every node that fits, also on those that come later. */
export function daemonSetController(context: Context): Controller {
  return new DaemonSetController(context).loop
}

class DaemonSetController {
  readonly #sets
  readonly #nodes
  readonly #pods
  readonly #setClient
  readonly #podClient
  readonly #maker
  readonly #history
  /** How often the pod of a set failed on a node, so that it is not made anew at once each time. */
  readonly #failures
  readonly loop
  readonly #addAll
  readonly #clock

  constructor(context: Context) {
    const { client, clock, informers } = context
    this.#clock = clock
    this.#sets = informers.of<DaemonSet>(DAEMON_SETS)
    this.#nodes = informers.of<Node>(NODES)
    this.#pods = sharedPods(informers)
    this.#setClient = client.resource<DaemonSet>(DAEMON_SETS)
    this.#podClient = client.resource<Pod>(PODS)
    this.#history = new RevisionHistory(context, DAEMON_SETS)
    this.#failures = new Map<string, { count: number; until: number }>()
    this.loop = createLoop(context, 'daemonset-controller', key => this.#step(key))
    this.#maker = new PodMaker(this.#podClient, this.#pods, this.loop.events)
    this.loop.watch(this.#sets)
    this.loop.watchRelated(this.#pods, pod => controllerKeys(pod, 'DaemonSet'))
    this.loop.watchRelated(this.#history.informer, revision => controllerKeys(revision, 'DaemonSet'))
    this.#addAll = () => {
      for (const set of this.#sets.list()) this.loop.queue.add(objectKey(set))
    }
    this.#nodes.addHandler({
      added: this.#addAll,
      updated: (node, old) => {
        // Heartbeats change this.#nodes all the time; only what makes a set fit or not matters.
        for (const set of this.#sets.list()) {
          if (JSON.stringify(fitsNode(set, node)) !== JSON.stringify(fitsNode(set, old)))
            this.loop.queue.add(objectKey(set))
        }
      },
      deleted: this.#addAll,
    })
  }

  async #step(key: string): Promise<void> {
    const set = this.#sets.get(key)
    if (!set || !this.#maker.isSettled(key) || !this.#history.isSettled(key)) return
    if (set.metadata.deletionTimestamp) return
    const hash = hashOfRevision(await this.#history.current(key, set))
    const owned = await this.#claim(set)
    const moment = { now: this.#clock.now(), hash }
    const plan = planDaemons(set, this.#nodes.list(), owned, moment)
    for (const pod of plan.failed) await this.#removeFailed(key, set, pod)
    const removed = await inSlowStart(plan.remove.length, i => this.#maker.remove(key, set, plan.remove[i]!))
    const create = plan.create.filter(nodeName => this.#mayRetry(key, nodeName))
    const created = await inSlowStart(create.length, i => this.#make(key, set, create[i]!, hash))
    await this.#report(set, owned, moment)
    const used = new Set(owned.map(pod => pod.metadata.labels?.[REVISION_HASH] ?? ''))
    await this.#history.trim(set, used.add(hash))
    const error = removed ?? created
    if (error) throw error
  }

  async #claim(set: Live<DaemonSet>): Promise<Live<Pod>[]> {
    const selects = compileSelector(set.spec.selector)
    const decided = decideClaims(set, claimablePods(this.#pods, set), pod => selects(pod.metadata.labels))
    return settleClaims(this.#podClient, set, DAEMON_SETS, decided)
  }

  #mayRetry(key: string, nodeName: string): boolean {
    const failure = this.#failures.get(`${key} ${nodeName}`)
    const left = (failure?.until ?? 0) - this.#clock.monotonic()
    if (left > 0) this.loop.queue.addAfter(key, left)
    return left <= 0
  }

  async #make(key: string, set: Live<DaemonSet>, nodeName: string, hash: string): Promise<void> {
    const pod = podFromTemplate(set.spec.template, set, DAEMON_SETS)
    const labels = { ...pod.metadata?.labels, [REVISION_HASH]: hash }
    const spec = specForNode(pod.spec!, nodeName)
    await this.#maker.create(key, set, { ...pod, metadata: { ...pod.metadata, labels }, spec })
  }

  async #removeFailed(key: string, set: Live<DaemonSet>, pod: Live<Pod>): Promise<void> {
    const place = `${key} ${nodeOf(pod)}`
    const count = (this.#failures.get(place)?.count ?? 0) + 1
    const pause = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (count - 1))
    this.#failures.set(place, { count, until: this.#clock.monotonic() + pause })
    const { name, namespace } = pod.metadata
    const message = `Found failed daemon pod ${namespace}/${name} on node ${nodeOf(pod)}, will try to kill it`
    this.loop.events.event(set, 'Warning', 'FailedDaemonPod', message)
    await this.#maker.remove(key, set, pod)
  }

  async #report(set: Live<DaemonSet>, owned: readonly Live<Pod>[], moment: { now: number; hash: string }) {
    const status = daemonStatus(set, this.#nodes.list(), owned, moment)
    const { conditions, collisionCount, ...counts } = set.status ?? {}
    if (!sameStatus(counts, status)) {
      await unlessGone(this.#setClient.update({ ...set, status: { ...set.status, ...status } }, 'status'))
    }
    const next = nextAvailableMs(owned, set.spec.minReadySeconds ?? 0, moment.now)
    if (next !== undefined) this.loop.queue.addAfter(objectKey(set), next)
  }
}
