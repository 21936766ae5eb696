import type { Lease } from '../../api/types/coordination-v1.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { unlessGone } from '../../client/outcomes.ts'
import { LEASES, NODES, PODS } from '../../client/resources.ts'
import { timestamp } from '../../client/times.ts'
import { type Context, type Controller, createChore, createLoop, together } from '../context.ts'
import { sharedPods } from '../pods.ts'
import { conditionsOfSilentNode, decideTaints, describeDuration, readyStatusOf } from './health.ts'

const ROUND_MS = 5000
const STARTUP_GRACE_MS = 60_000
/** A round that comes this much too late means that we ourselves slept, and heard nothing because of that. */
const SLEPT_MS = 15_000

/**
 * Notices silent nodes and keeps taints in step with conditions. Silence is measured from when a heartbeat reached us, on
 * our own clock: clocks of nodes may be wrong, and a laptop that slept for nine hours is not nine hours of silence.
 */
export function nodeLifecycleController(context: Context): Controller {
  const lifecycle = new NodeLifecycle(context)
  return together(
    lifecycle.loop,
    createChore(context, 'node-monitor', ROUND_MS, () => lifecycle.round()),
  )
}

class NodeLifecycle {
  readonly #graceMs
  readonly #nodes
  readonly #pods
  readonly #nodeClient
  readonly #heard
  readonly loop
  readonly #client
  readonly #clock

  constructor(context: Context) {
    const { client, clock, informers, options } = context
    this.#client = client
    this.#clock = clock
    this.#graceMs = options.nodeMonitorGracePeriodMs ?? 40_000
    this.#nodes = informers.of<Node>(NODES)
    this.#pods = sharedPods(informers)
    this.#nodeClient = client.resource<Node>(NODES)
    this.#heard = new HeartbeatLog(context)
    this.loop = createLoop(context, 'node-controller', name => this.#keepTaints(name))
    this.loop.watch(this.#nodes)
    this.#nodes.addHandler({
      updated: (node, old) => {
        const cameBack = readyStatusOf(old) === 'Unknown' && readyStatusOf(node) === 'True'
        if (!cameBack) return
        const since = old.status?.conditions?.find(condition => condition.type === 'Ready')?.lastTransitionTime
        const away = since ? clock.now() - Date.parse(since) + this.#graceMs : this.#graceMs
        const message = `Node ${node.metadata.name} was silent for ${describeDuration(away)} and is back`
        this.loop.events.event(node, 'Normal', 'NodeReturned', message)
      },
    })
  }

  async #keepTaints(name: string): Promise<void> {
    const node = this.#nodes.get(name)
    if (!node) return
    const mayEvict = this.#nodes.list().some(other => readyStatusOf(other) === 'True')
    const taints = decideTaints(node, mayEvict, timestamp(this.#clock.now()))
    // The whole list is written, so the revision must still be the one that was looked at.
    if (taints) await unlessGone(this.#nodeClient.update({ ...node, spec: { ...node.spec, taints } }))
    if (readyStatusOf(node) === 'Unknown') await this.#markPodsNotReady(node)
  }

  async round(): Promise<void> {
    this.#heard.noteRound()
    const everyone = this.#nodes.list()
    await Promise.all(everyone.map(node => this.#checkSilence(node)))
    // When the last healthy node falls or the first one rises, the others' taints change with it.
    for (const node of everyone) if (readyStatusOf(node) !== 'True') this.loop.queue.add(node.metadata.name)
  }

  async #checkSilence(node: Live<Node>): Promise<void> {
    const silentMs = this.#heard.silenceOf(node.metadata.name)
    const limit = node.status?.conditions?.length ? this.#graceMs : Math.max(this.#graceMs, STARTUP_GRACE_MS)
    if (silentMs <= limit) return
    const conditions = conditionsOfSilentNode(node, timestamp(this.#clock.now()))
    if (!conditions) return
    const wasReady = readyStatusOf(node) === 'True'
    const { name } = node.metadata
    await unlessGone(this.#nodeClient.patch(name, 'strategic', { status: { conditions } }, { subresource: 'status' }))
    if (wasReady) this.loop.events.event(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`)
  }

  /** Services must not send anybody to pods on a lost node. An agent that lives, on a node that is not ready, tells itself. */
  async #markPodsNotReady(node: Live<Node>): Promise<void> {
    const time = timestamp(this.#clock.now())
    for (const pod of this.#pods.byIndex('node', node.metadata.name)) {
      const ready = pod.status?.conditions?.find(condition => condition.type === 'Ready')
      if (ready?.status !== 'True') continue
      const conditions = [{ type: 'Ready', status: 'False', reason: 'NodeNotReady', lastTransitionTime: time }]
      const { name, namespace } = pod.metadata
      const patch = { status: { conditions } }
      const write = this.#client
        .resource<Pod>(PODS)
        .patch(name, 'strategic', patch, { namespace, subresource: 'status' })
      await unlessGone(write)
      this.loop.events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
    }
  }
}

/** When each node was last heard of, by leases and by its own status. */
class HeartbeatLog {
  readonly #context: Context
  readonly #heardAt = new Map<string, number>()
  #lastRound: number | undefined

  constructor(context: Context) {
    this.#context = context
    const leases = context.informers.of<Lease>(LEASES)
    const nodes = context.informers.of<Node>(NODES)
    const noteLease = (lease: Live<Lease>, old?: Live<Lease>) => {
      const isRenewed = lease.spec.renewTime !== old?.spec.renewTime
      if (lease.metadata.namespace === 'kube-node-lease' && isRenewed) this.#note(lease.metadata.name)
    }
    leases.addHandler({ added: lease => noteLease(lease), updated: noteLease })
    nodes.addHandler({
      added: node => this.#note(node.metadata.name),
      updated: (node, old) => {
        if (heartbeatOf(node) !== heartbeatOf(old)) this.#note(node.metadata.name)
      },
      deleted: node => this.#heardAt.delete(node.metadata.name),
    })
  }

  silenceOf(name: string): number {
    const { clock } = this.#context
    return clock.monotonic() - (this.#heardAt.get(name) ?? clock.monotonic())
  }

  /** Gives everybody a fresh start after we ourselves were away. */
  noteRound(): void {
    const now = this.#context.clock.monotonic()
    const late = now - (this.#lastRound ?? now) - ROUND_MS
    this.#lastRound = now
    if (late < SLEPT_MS) return
    this.#context.log.info('The control plane was asleep, nodes get time to report', { lateMs: late })
    for (const name of this.#heardAt.keys()) this.#heardAt.set(name, now)
  }

  #note(name: string): void {
    this.#heardAt.set(name, this.#context.clock.monotonic())
  }
}

function heartbeatOf(node: Live<Node>): string | undefined {
  return node.status?.conditions?.find(condition => condition.type === 'Ready')?.lastHeartbeatTime
}
