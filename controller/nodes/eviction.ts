import { objectKey } from '../../api/objects.ts'
import { tolerates } from '../../api/placement.ts'
import type { Node, Pod, Taint, Toleration } from '../../api/types/core-v1.ts'
import { NODES, PODS } from '../../client/resources.ts'
import { timestamp } from '../../client/times.ts'
import { type Context, type Controller, createLoop, deleteExactly, unlessGone } from '../context.ts'
import { sharedPods } from '../pods.ts'

/** How long a pod may stay with these NoExecute taints: for ever, not at all, or some milliseconds. */
export function mayStayMs(tolerations: readonly Toleration[], taints: readonly Taint[]): number {
  let longest = Number.POSITIVE_INFINITY
  for (const taint of taints) {
    const covering = tolerations.filter(toleration => tolerates(toleration, taint))
    if (covering.length === 0) return 0
    for (const { tolerationSeconds } of covering) {
      if (tolerationSeconds !== undefined) longest = Math.min(longest, Math.max(0, tolerationSeconds) * 1000)
    }
  }
  return longest
}

/** Removes pods from nodes with NoExecute taints once their toleration has run out. */
export function taintEvictionController(context: Context): Controller {
  const { client, clock, informers } = context
  const nodes = informers.of<Node>(NODES)
  const pods = sharedPods(informers)
  const podClient = client.resource<Pod>(PODS)
  /** Since when a pod stands on a tainted node, on our own clock. */
  const since = new Map<string, number>()

  const loop = createLoop(context, 'taint-eviction-controller', step)
  loop.watchRelated(pods, pod => (pod.spec.nodeName ? [objectKey(pod)] : []))
  nodes.addHandler({
    added: node => addPodsOf(node.metadata.name),
    updated(node, old) {
      if (JSON.stringify(evictingTaints(node)) !== JSON.stringify(evictingTaints(old))) addPodsOf(node.metadata.name)
    },
  })

  function addPodsOf(nodeName: string): void {
    for (const pod of pods.byIndex('node', nodeName)) loop.queue.add(objectKey(pod))
  }

  async function step(key: string): Promise<void> {
    const pod = pods.get(key)
    const node = nodes.get(pod?.spec.nodeName ?? '')
    const taints = node ? evictingTaints(node) : []
    const staysMs = pod ? mayStayMs(pod.spec.tolerations ?? [], taints) : Number.POSITIVE_INFINITY
    if (!pod || pod.metadata.deletionTimestamp || staysMs === Number.POSITIVE_INFINITY) {
      if (since.delete(key) && pod && taints.length === 0) {
        loop.events.event(pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`)
      }
      return
    }
    const began = since.get(key) ?? clock.monotonic()
    since.set(key, began)
    const left = began + staysMs - clock.monotonic()
    if (left > 0) return loop.queue.addAfter(key, left)
    since.delete(key)
    loop.events.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`)
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: timestamp(clock.now()),
    }
    const { name, namespace } = pod.metadata
    const patch = { status: { conditions: [condition] } }
    await unlessGone(podClient.patch(name, 'strategic', patch, { namespace, subresource: 'status' }))
    await deleteExactly(podClient, pod)
  }

  return loop
}

function evictingTaints(node: Node): Taint[] {
  return (node.spec?.taints ?? []).filter(taint => taint.effect === 'NoExecute')
}
