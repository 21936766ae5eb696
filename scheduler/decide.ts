import type { PodFacts } from './facts.ts'
import { type NodeInfo, type View, withNode } from './picture.ts'
import type { Check, Filter, Refusal, Score } from './plugin.ts'

/** Which filters and scores a pod's scheduler uses. */
export interface Profile {
  schedulerName: string
  filters: readonly Filter[]
  scores: readonly { score: Score; weight: number }[]
  /** 0: by the size of the cluster. */
  percentageOfNodesToScore: number
}

export interface Placed {
  node: NodeInfo
  /** Where the next decision begins to look. */
  next: number
}

export interface Refused {
  node: undefined
  refusals: ReadonlyMap<NodeInfo, Refusal>
  /** Why no node can ever do as things stand; then there are no refusals node by node. */
  hopeless?: { message: string; filter: string }
  next: number
}

export type Decision = Placed | Refused

/**
 * Where a pod goes: the node that passes all filters and scores best. Nodes are looked at in turns from `start` on, and
 * only as many as the size of the cluster makes worthwhile; of equals the first in turn wins, so turns go round.
 */
export function decide(pod: PodFacts, view: View, profile: Profile, start: number): Decision {
  const checks = prepare(pod, view, profile)
  if ('hopeless' in checks) return { node: undefined, refusals: new Map(), hopeless: checks.hopeless, next: start }
  const promised = promisedNode(pod, view, profile, checks.passes)
  if (promised) return { node: promised, next: start }
  const nodes = narrowed(pod, view)
  const { suitable, refusals, looked } = findSuitable(pod, view, profile, nodes, checks.passes, start)
  if (suitable.length === 0) return { node: undefined, refusals: withUnlooked(view, nodes, refusals), next: start }
  const best = bestOf(pod, view, profile, suitable)
  if (nodes !== view.nodes) return { node: best, next: start }
  const next = looked < nodes.length ? start + looked : nodes.indexOf(best) + 1
  return { node: best, next: next % nodes.length }
}

/** Whoever waited for others to make room goes there, if it will do now. */
function promisedNode(pod: PodFacts, view: View, profile: Profile, passes: Pass): NodeInfo | undefined {
  const name = view.promisedTo(pod.uid)
  const info = name === undefined ? undefined : view.node(name)
  if (!info || passes(info) || refusalWithNominated(pod, view, profile, info)) return undefined
  return info
}

type Pass = (info: NodeInfo) => Refusal | undefined

/** All filters that have something to say about this pod, as one question to a node. */
export function prepare(
  pod: PodFacts,
  view: View,
  profile: Profile,
): { passes: Pass } | { hopeless: { message: string; filter: string } } {
  const checks: { check: Check; filter: Filter }[] = []
  for (const filter of profile.filters) {
    const check = filter.forPod(pod, view)
    if (check && 'hopeless' in check) return { hopeless: { message: check.hopeless, filter: filter.name } }
    if (check) checks.push({ check, filter })
  }
  const passes = (info: NodeInfo): Refusal | undefined => {
    for (const { check, filter } of checks) {
      const refusal = check(info)
      if (refusal) return { reasons: refusal.reasons, isFinal: refusal.isFinal, filter: filter.name }
    }
    return undefined
  }
  return { passes }
}

const NOT_NAMED: Refusal = {
  reasons: ["node(s) didn't match Pod's node affinity/selector"],
  isFinal: true,
  filter: 'NodeAffinity',
}

function narrowed(pod: PodFacts, view: View): readonly NodeInfo[] {
  return pod.onlyNodes?.flatMap(name => view.node(name) ?? []) ?? view.nodes
}

function withUnlooked(view: View, nodes: readonly NodeInfo[], refusals: Map<NodeInfo, Refusal>) {
  if (nodes !== view.nodes) for (const info of view.nodes) if (!refusals.has(info)) refusals.set(info, NOT_NAMED)
  return refusals
}

function findSuitable(
  pod: PodFacts,
  view: View,
  profile: Profile,
  nodes: readonly NodeInfo[],
  passes: Pass,
  start: number,
) {
  const wanted = nodesToFind(nodes.length, profile.percentageOfNodesToScore)
  const hasNominated = view.traits.nominated > 0
  const suitable: NodeInfo[] = []
  const refusals = new Map<NodeInfo, Refusal>()
  let looked = 0
  while (looked < nodes.length && suitable.length < wanted) {
    const info = nodes[(start + looked++) % nodes.length]!
    const refusal = passes(info) ?? (hasNominated ? refusalWithNominated(pod, view, profile, info) : undefined)
    if (refusal) refusals.set(info, refusal)
    else suitable.push(info)
  }
  return { suitable, refusals, looked }
}

/** A node has to do also with the pods that were promised a place there and are at least as important. */
function refusalWithNominated(pod: PodFacts, view: View, profile: Profile, info: NodeInfo): Refusal | undefined {
  const promised = view.nominated(info.name)
  if (promised.length === 0) return undefined
  const ahead = promised.filter(other => other.priority >= pod.priority && other.uid !== pod.uid)
  if (ahead.length === 0) return undefined
  const changed = info.changed([], ahead)
  const checks = prepare(pod, withNode(view, changed), profile)
  return 'passes' in checks ? checks.passes(changed) : undefined
}

const LEAST_NODES = 100

/** In large clusters some suitable nodes are as good as all: half of them at 100 nodes, fewer the larger, never under 5 %. */
export function nodesToFind(count: number, percentage: number): number {
  if (count < LEAST_NODES || percentage >= 100) return count
  const share = percentage > 0 ? percentage : Math.max(5, Math.floor(50 - count / 125))
  return Math.max(LEAST_NODES, Math.floor((count * share) / 100))
}

function bestOf(pod: PodFacts, view: View, profile: Profile, suitable: readonly NodeInfo[]): NodeInfo {
  if (suitable.length === 1) return suitable[0]!
  const totals = new Float64Array(suitable.length)
  const scores = new Float64Array(suitable.length)
  for (const { score, weight } of profile.scores) {
    const scorer = score.forPod(pod, view, suitable)
    if (!scorer) continue
    for (let i = 0; i < suitable.length; i++) scores[i] = scorer.score(suitable[i]!)
    scorer.normalize?.(scores)
    for (let i = 0; i < suitable.length; i++) totals[i]! += weight * scores[i]!
  }
  let best = 0
  for (let i = 1; i < totals.length; i++) if (totals[i]! > totals[best]!) best = i
  return suitable[best]!
}
