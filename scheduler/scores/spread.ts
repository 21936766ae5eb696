import type { PodFacts, SpreadRule } from '../facts.ts'
import { hasLabels, isEligible, type SpreadDefaults, SYSTEM_SPREAD, spreadRules } from '../filters/spread.ts'
import type { NodeInfo, View } from '../picture.ts'
import { MAX_SCORE, type Score } from '../plugin.ts'

const HOSTNAME = 'kubernetes.io/hostname'

/** Soft topology spread; pods of one controller that ask for nothing are spread over nodes and zones a little. */
export function podTopologySpread(defaults: SpreadDefaults = SYSTEM_SPREAD): Score {
  return {
    name: 'PodTopologySpread',
    forPod(pod, view, candidates) {
      const rules = spreadRules(pod, defaults, false)
      if (rules.length === 0) return undefined
      const needsLabels = pod.spread.length > 0 || defaults.needsLabels
      const keys = needsLabels ? rules.map(rule => rule.topologyKey) : []
      const scored = new Set(candidates.filter(info => hasLabels(info, keys)))
      const scorers = rules.map(rule => crowding(rule, pod, view, scored))
      return {
        score: info => (scored.has(info) ? Math.round(scorers.reduce((sum, crowded) => sum + crowded(info), 0)) : -1),
        normalize,
      }
    },
  }
}

/** How crowded a node's domain is. Keys with many domains weigh more, or their small counts would never matter. */
function crowding(rule: SpreadRule, pod: PodFacts, view: View, scored: ReadonlySet<NodeInfo>) {
  const counts = view.counts(pod.namespace, rule.selection)
  const isByNode = rule.topologyKey === HOSTNAME
  const domains = isByNode ? undefined : countDomains(rule, pod, view, scored, counts)
  const weight = Math.log((isByNode ? scored.size : domains!.size) + 2)
  return (info: NodeInfo): number => {
    const domain = info.node.metadata?.labels?.[rule.topologyKey]
    if (!isByNode && domain === undefined) return 0
    const count = isByNode ? (counts.get(info.name) ?? 0) : (domains!.get(domain!) ?? 0)
    return count * weight + rule.maxSkew - 1
  }
}

/** Pods of a domain are counted on all of its nodes, also on those that are no candidates. */
function countDomains(
  rule: SpreadRule,
  pod: PodFacts,
  view: View,
  scored: ReadonlySet<NodeInfo>,
  counts: ReadonlyMap<string, number>,
): Map<string, number> {
  const domains = new Map<string, number>()
  for (const info of scored) {
    const domain = info.node.metadata?.labels?.[rule.topologyKey]
    if (domain !== undefined) domains.set(domain, 0)
  }
  for (const [name, count] of counts) {
    const info = view.node(name)
    const sum = info && domains.get(info.node.metadata?.labels?.[rule.topologyKey] ?? '')
    if (sum === undefined || !isEligible(rule, pod, info!)) continue
    domains.set(info!.node.metadata!.labels![rule.topologyKey]!, sum + count)
  }
  return domains
}

/** The least crowded gets 100; -1 marks nodes without the labels, which get nothing. */
function normalize(scores: Float64Array): void {
  const real = scores.filter(score => score >= 0)
  const highest = real.reduce((most, score) => Math.max(most, score), 0)
  const lowest = real.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY)
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!
    if (score < 0) scores[i] = 0
    else scores[i] = highest === 0 ? MAX_SCORE : Math.floor((MAX_SCORE * (highest + lowest - score)) / highest)
  }
}
