import type { Node, Pod, PodSpec } from '../../api/types/core-v1.ts'
import { readConfig } from '../../scheduler/config.ts'
import { type Decision, decide } from '../../scheduler/decide.ts'
import { factsOf, type PodFacts } from '../../scheduler/facts.ts'
import { Picture, type StorageView } from '../../scheduler/picture.ts'
import type { Score } from '../../scheduler/plugin.ts'
import { makeNode, makePod } from './control-plane.ts'

let serial = 0

/** A pod as the scheduler knows it, with a uid of its own. */
export function facts(
  name: string,
  requests: Record<string, string> = {},
  spec: Partial<PodSpec> = {},
  extra: Partial<Pod['metadata']> = {},
): PodFacts {
  const pod = makePod(name, requests, spec)
  return factsOf({ ...pod, metadata: { ...pod.metadata, uid: `${name}-${serial++}`, ...extra } })
}

/** A cluster: nodes, and what stands on them. */
export function picture(
  nodes: readonly Node[],
  standing: Record<string, PodFacts[]> = {},
  storage?: StorageView,
): Picture {
  const made = new Picture(storage)
  for (const node of nodes) made.setNode(node)
  for (const [nodeName, pods] of Object.entries(standing)) for (const pod of pods) made.addPod(pod, nodeName)
  return made
}

export const node = makeNode

export const [PROFILE] = readConfig().profiles as [ReturnType<typeof readConfig>['profiles'][number]]

/** The chosen node's name, or the reasons of the refusals by node. */
export function outcome(decision: Decision): string | Record<string, readonly string[]> {
  if (decision.node) return decision.node.name
  if (decision.hopeless) return { '': [decision.hopeless.message] }
  return Object.fromEntries([...decision.refusals].map(([info, { reasons }]) => [info.name, reasons]))
}

export function decideIn(world: Picture, pod: PodFacts, start = 0) {
  return outcome(decide(pod, world, PROFILE, start))
}

/** Each node's score as the sum of all would take it; undefined where the score has nothing to say. */
export function scoresOf(score: Score, world: Picture, pod: PodFacts): Record<string, number> | undefined {
  const scorer = score.forPod(pod, world, world.nodes)
  if (!scorer) return undefined
  const scores = Float64Array.from(world.nodes, info => scorer.score(info))
  scorer.normalize?.(scores)
  return Object.fromEntries(world.nodes.map((info, i) => [info.name, scores[i]!]))
}
