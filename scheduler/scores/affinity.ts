import type { PodFacts, Term } from '../facts.ts'
import type { NodeInfo, View } from '../picture.ts'
import { MAX_SCORE, type Score } from '../plugin.ts'

/**
 * Preferred affinity and anti-affinity: the pod's own, and those of the pods that already stand. `hardWeight` is how much
 * the required affinity of those attracts it; `needsOwn`: they count only for pods that have preferences themselves.
 */
export function interPodAffinity(hardWeight = 1, needsOwn = false): Score {
  return {
    name: 'InterPodAffinity',
    forPod(pod, view) {
      const sums: Sums = new Map()
      const hasOwn = Boolean(pod.affinity?.preferred.length || pod.antiAffinity?.preferred.length)
      if (needsOwn && !hasOwn) return undefined
      for (const info of hasOwn ? view.nodes : view.nodesWithAffinity) {
        for (const other of info.pods.values()) {
          if (hasOwn) addOwn(sums, pod, other, info, view)
          if (other.affinity || other.antiAffinity) addTheirs(sums, pod, other, info, view, hardWeight)
        }
      }
      if (sums.size === 0) return undefined
      return { score: info => total(sums, info), normalize }
    },
  }
}

/** Weights by topology key, then by value. */
type Sums = Map<string, Map<string, number>>

function addOwn(sums: Sums, pod: PodFacts, other: PodFacts, info: NodeInfo, view: View): void {
  const labels = view.namespaceLabels(other.namespace)
  for (const term of pod.affinity?.preferred ?? []) if (term.matches(other, labels)) add(sums, term, info, term.weight)
  for (const term of pod.antiAffinity?.preferred ?? []) {
    if (term.matches(other, labels)) add(sums, term, info, -term.weight)
  }
}

function addTheirs(sums: Sums, pod: PodFacts, other: PodFacts, info: NodeInfo, view: View, hardWeight: number): void {
  const labels = view.namespaceLabels(pod.namespace)
  for (const term of other.affinity?.required ?? []) {
    if (hardWeight > 0 && term.matches(pod, labels)) add(sums, term, info, hardWeight)
  }
  for (const term of other.affinity?.preferred ?? []) if (term.matches(pod, labels)) add(sums, term, info, term.weight)
  for (const term of other.antiAffinity?.preferred ?? []) {
    if (term.matches(pod, labels)) add(sums, term, info, -term.weight)
  }
}

function add(sums: Sums, { topologyKey }: Term, info: NodeInfo, weight: number): void {
  const value = info.node.metadata?.labels?.[topologyKey]
  if (value === undefined) return
  const values = sums.get(topologyKey) ?? new Map<string, number>()
  values.set(value, (values.get(value) ?? 0) + weight)
  sums.set(topologyKey, values)
}

function total(sums: Sums, info: NodeInfo): number {
  let sum = 0
  for (const [key, values] of sums) sum += values.get(info.node.metadata?.labels?.[key] ?? '') ?? 0
  return sum
}

/** From the worst, 0, to the best, 100. */
function normalize(scores: Float64Array): void {
  const highest = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY)
  const lowest = scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY)
  for (let i = 0; i < scores.length; i++) {
    scores[i] = highest === lowest ? 0 : Math.floor((MAX_SCORE * (scores[i]! - lowest)) / (highest - lowest))
  }
}
