import { objectKey } from '../../api/objects.ts'
import { tolerates } from '../../api/placement.ts'
import type { Node, Pod, Taint, Toleration } from '../../api/types/core-v1.ts'
import { unlessGone } from '../../client/outcomes.ts'
import { NODES, PODS } from '../../client/resources.ts'
import { timestamp } from '../../client/times.ts'
import { type Context, type Controller, createLoop, deleteExactly } from '../context.ts'
import { sharedPods } from '../pods.ts'

/** How long a pod may stay with these NoExecute taints: for ever, not at all, or some milliseconds. */
export function mayStayMs(tolerations: readonly Toleration[], taints: readonly Taint[]): number {
  let longest = Number.POSITIVE_INFINITY
  for (const taint of taints) {
    // The first that covers a taint speaks for it, whatever the others say.
    const covering = tolerations.find(toleration => tolerates(toleration, taint))
    if (!covering) return 0
    const { tolerationSeconds } = covering
    if (tolerationSeconds !== undefined) longest = Math.min(longest, Math.max(0, tolerationSeconds) * 1000)
  }
  return longest
}

/** Removes pods from nodes with NoExecute taints once their toleration has run out. */
export function taintEvictionController(context: Context): Controller {
  return new TaintEviction(context).loop
}

class TaintEviction {
  readonly #nodes
  readonly #pods
  readonly #podClient
  /** Since when a pod stands on a tainted node, on our own clock. */
  readonly #since
  readonly loop
  readonly #clock

  constructor(context: Context) {
    const { client, clock, informers } = context
    this.#clock = clock
    this.#nodes = informers.of<Node>(NODES)
    this.#pods = sharedPods(informers)
    this.#podClient = client.resource<Pod>(PODS)
    this.#since = new Map<string, number>()
    this.loop = createLoop(context, 'taint-eviction-controller', key => this.#step(key))
    this.loop.watchRelated(this.#pods, pod => (pod.spec.nodeName ? [objectKey(pod)] : []))
    this.#nodes.addHandler({
      added: node => this.#addPodsOf(node.metadata.name),
      updated: (node, old) => {
        if (JSON.stringify(evictingTaints(node)) !== JSON.stringify(evictingTaints(old)))
          this.#addPodsOf(node.metadata.name)
      },
    })
  }

  #addPodsOf(nodeName: string): void {
    for (const pod of this.#pods.byIndex('node', nodeName)) this.loop.queue.add(objectKey(pod))
  }

  async #step(key: string): Promise<void> {
    const pod = this.#pods.get(key)
    const node = this.#nodes.get(pod?.spec.nodeName ?? '')
    const taints = node ? evictingTaints(node) : []
    const staysMs = pod ? mayStayMs(pod.spec.tolerations ?? [], taints) : Number.POSITIVE_INFINITY
    if (!pod || pod.metadata.deletionTimestamp || staysMs === Number.POSITIVE_INFINITY) {
      if (this.#since.delete(key) && pod && taints.length === 0) {
        this.loop.events.event(pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`)
      }
      return
    }
    const began = this.#since.get(key) ?? this.#clock.monotonic()
    this.#since.set(key, began)
    const left = began + staysMs - this.#clock.monotonic()
    if (left > 0) return this.loop.queue.addAfter(key, left)
    this.#since.delete(key)
    this.loop.events.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`)
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: timestamp(this.#clock.now()),
    }
    const { name, namespace } = pod.metadata
    const patch = { status: { conditions: [condition] } }
    await unlessGone(this.#podClient.patch(name, 'strategic', patch, { namespace, subresource: 'status' }))
    await deleteExactly(this.#podClient, pod)
  }
}

function evictingTaints(node: Node): Taint[] {
  return (node.spec?.taints ?? []).filter(taint => taint.effect === 'NoExecute')
}
