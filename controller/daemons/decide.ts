import { requiredNodes, untoleratedTaint } from '../../api/placement.ts'
import type { DaemonSet, DaemonSetStatus } from '../../api/types/apps-v1.ts'
import type { Node, NodeSelectorTerm, Pod, PodSpec, Toleration } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { resolvePercentage } from '../deployments/rollout.ts'
import { isAvailable, isReady } from '../pods.ts'
import { REVISION_HASH } from '../revisions.ts'

const PREFIX = 'node.kubernetes.io/'

/** A daemon stays where others must go: it is often what makes the node well again. */
function daemonTolerations({ tolerations = [], hostNetwork }: PodSpec): Toleration[] {
  const tolerate = (key: string, effect: string): Toleration => ({ key: PREFIX + key, operator: 'Exists', effect })
  const added = [
    tolerate('not-ready', 'NoExecute'),
    tolerate('unreachable', 'NoExecute'),
    tolerate('disk-pressure', 'NoSchedule'),
    tolerate('memory-pressure', 'NoSchedule'),
    tolerate('pid-pressure', 'NoSchedule'),
    tolerate('unschedulable', 'NoSchedule'),
    ...(hostNetwork ? [tolerate('network-unavailable', 'NoSchedule')] : []),
  ]
  const isThere = (wanted: Toleration) =>
    tolerations.some(
      ({ key, operator, effect }) => key === wanted.key && operator === 'Exists' && effect === wanted.effect,
    )
  return [...tolerations, ...added.filter(wanted => !isThere(wanted))]
}

/** The pod's spec for one node: the scheduler is told the node by its name. */
export function specForNode(spec: PodSpec, nodeName: string): PodSpec {
  const onNode = [{ key: 'metadata.name', operator: 'In', values: [nodeName] }]
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [
    {},
  ]
  const nodeSelectorTerms = required.map((term: NodeSelectorTerm) => ({ ...term, matchFields: onNode }))
  const nodeAffinity = {
    ...spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
  }
  return { ...spec, affinity: { ...spec.affinity, nodeAffinity }, tolerations: daemonTolerations(spec) }
}

/** The node that a daemon's pod is on, or is meant for. */
export function nodeOf({ spec }: Pod): string | undefined {
  if (spec?.nodeName) return spec.nodeName
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return terms?.[0]?.matchFields?.find(field => field.key === 'metadata.name')?.values?.[0]
}

/** Whether a daemon belongs on a node, and whether one that is there may stay. */
export function fitsNode(set: DaemonSet, node: Node): { runs: boolean; stays: boolean } {
  const spec = set.spec?.template.spec
  if (!spec) return { runs: false, stays: false }
  if (spec.nodeName && spec.nodeName !== node.metadata?.name) return { runs: false, stays: false }
  if (requiredNodes(spec)?.(node) === false) return { runs: false, stays: false }
  const tolerations = daemonTolerations(spec)
  const { taints } = node.spec ?? {}
  const runs = !untoleratedTaint(taints, tolerations, ['NoSchedule', 'NoExecute'])
  return { runs, stays: !untoleratedTaint(taints, tolerations, ['NoExecute']) }
}

export interface DaemonPlan {
  /** Names of nodes that need a pod. */
  create: string[]
  remove: Live<Pod>[]
  /** Removed, and made anew later and later. */
  failed: Live<Pod>[]
}

interface Moment {
  now: number
  /** The hash of the present template. */
  hash: string
}

/** What has to come and go, node by node; what is outdated goes at the pace of the update strategy. */
export function planDaemons(
  set: Live<DaemonSet>,
  nodes: readonly Live<Node>[],
  pods: readonly Live<Pod>[],
  moment: Moment,
): DaemonPlan {
  const plan: DaemonPlan = { create: [], remove: [], failed: [] }
  const byNode = Map.groupBy(pods, pod => nodeOf(pod) ?? '')
  for (const node of nodes) manageNode(set, node, byNode.get(node.metadata.name) ?? [], plan, moment)
  const known = new Set(nodes.map(node => node.metadata.name))
  // Pods that wait for a node that is gone wait for ever; those that ran there are the pod collector's.
  for (const pod of pods) if (!known.has(nodeOf(pod) ?? '') && !pod.spec.nodeName) plan.remove.push(pod)
  rollOn(set, nodes, byNode, plan, moment)
  return plan
}

function manageNode(
  set: Live<DaemonSet>,
  node: Live<Node>,
  pods: readonly Live<Pod>[],
  plan: DaemonPlan,
  moment: Moment,
) {
  const { runs, stays } = fitsNode(set, node)
  const living = pods.filter(pod => !pod.metadata.deletionTimestamp)
  if (runs && pods.length === 0) plan.create.push(node.metadata.name)
  if (!runs && !stays) plan.remove.push(...living)
  if (!stays) return
  plan.failed.push(...living.filter(pod => pod.status?.phase === 'Failed'))
  const running = living.filter(pod => pod.status?.phase !== 'Failed')
  plan.remove.push(...surplusOf(set, running, moment))
}

/** One pod a node; in an update with surge an old one beside the new one until that is available. */
function surplusOf(set: Live<DaemonSet>, pods: readonly Live<Pod>[], { now, hash }: Moment): Live<Pod>[] {
  const byAge = [...pods].sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
  if (surgeOf(set, 1) === 0) return byAge.slice(1)
  const [newest, ...moreNew] = byAge.filter(pod => isCurrent(pod, hash))
  const [oldest, ...moreOld] = byAge.filter(pod => !isCurrent(pod, hash))
  const isReplaced = newest && oldest && (isAvailable(newest, minReady(set), now) || !isReady(oldest))
  return [...moreNew, ...moreOld, ...(isReplaced ? [oldest] : [])]
}

function rollOn(
  set: Live<DaemonSet>,
  nodes: readonly Live<Node>[],
  byNode: ReadonlyMap<string, readonly Live<Pod>[]>,
  plan: DaemonPlan,
  { now, hash }: Moment,
): void {
  if (set.spec.updateStrategy?.type === 'OnDelete') return
  const wanted = nodes.filter(node => fitsNode(set, node).runs)
  const surge = surgeOf(set, wanted.length)
  const leaving = new Set([...plan.remove, ...plan.failed])
  const outdated: Live<Pod>[] = []
  let unavailable = 0
  let surging = 0
  for (const node of wanted) {
    const pods = (byNode.get(node.metadata.name) ?? []).filter(
      pod => !pod.metadata.deletionTimestamp && !leaving.has(pod),
    )
    if (!pods.some(pod => isAvailable(pod, minReady(set), now))) unavailable++
    if (pods.length > 1) surging++
    const old = pods.find(pod => !isCurrent(pod, hash))
    if (old && pods.length === 1) outdated.push(old)
  }
  const [broken, working] = [false, true].map(state =>
    outdated.filter(pod => isAvailable(pod, minReady(set), now) === state),
  )
  // A pod that does not work can be replaced without anybody's loss.
  plan.remove.push(...broken!)
  if (surge > 0) plan.create.push(...working!.slice(0, Math.max(0, surge - surging)).map(pod => nodeOf(pod)!))
  else plan.remove.push(...working!.slice(0, Math.max(0, unavailableLimit(set, wanted.length) - unavailable)))
}

function surgeOf({ spec }: Live<DaemonSet>, total: number): number {
  return resolvePercentage(spec.updateStrategy?.rollingUpdate?.maxSurge, total, true)
}

function unavailableLimit({ spec }: Live<DaemonSet>, total: number): number {
  return Math.max(1, resolvePercentage(spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, total, true))
}

function minReady({ spec }: Live<DaemonSet>): number {
  return spec.minReadySeconds ?? 0
}

function isCurrent(pod: Live<Pod>, hash: string): boolean {
  return pod.metadata.labels?.[REVISION_HASH] === hash
}

export function daemonStatus(
  set: Live<DaemonSet>,
  nodes: readonly Live<Node>[],
  pods: readonly Live<Pod>[],
  { now, hash }: Moment,
): DaemonSetStatus {
  const byNode = Map.groupBy(
    pods.filter(pod => pod.spec.nodeName && !pod.metadata.deletionTimestamp),
    pod => pod.spec.nodeName!,
  )
  const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 }
  for (const node of nodes) {
    const here = byNode.get(node.metadata.name) ?? []
    if (!fitsNode(set, node).runs) {
      if (here.length > 0) counts.misscheduled++
      continue
    }
    counts.desired++
    if (here.length > 0) counts.current++
    if (here.some(isReady)) counts.ready++
    if (here.some(pod => isAvailable(pod, minReady(set), now))) counts.available++
    if (here.some(pod => isCurrent(pod, hash))) counts.updated++
  }
  return {
    currentNumberScheduled: counts.current,
    desiredNumberScheduled: counts.desired,
    numberMisscheduled: counts.misscheduled,
    numberReady: counts.ready,
    numberAvailable: counts.available,
    numberUnavailable: counts.desired - counts.available,
    updatedNumberScheduled: counts.updated,
    observedGeneration: set.metadata.generation,
  }
}
