import { untoleratedTaint } from '../../api/placement.ts'
import type { TopologySpreadConstraint } from '../../api/types/core-v1.ts'
import { compileSpread, type PodFacts, type SpreadRule } from '../facts.ts'
import type { NodeInfo, View } from '../picture.ts'
import { allOf, type Check, type Filter } from '../plugin.ts'

const MISSING_LABEL = {
  reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"],
  isFinal: true,
}
const TOO_SKEWED = { reasons: ["node(s) didn't match pod topology spread constraints"], isFinal: false }

/** What pods of one controller that ask for nothing are spread by. */
export interface SpreadDefaults {
  constraints: readonly TopologySpreadConstraint[]
  /** Whether nodes without the labels are out of the question. */
  needsLabels: boolean
}

export const SYSTEM_SPREAD: SpreadDefaults = {
  constraints: [
    { topologyKey: 'kubernetes.io/hostname', maxSkew: 3, whenUnsatisfiable: 'ScheduleAnyway' },
    { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5, whenUnsatisfiable: 'ScheduleAnyway' },
  ],
  needsLabels: false,
}

/** A pod's own rules, or where it has none those that are meant for everybody. */
export function spreadRules(pod: PodFacts, defaults: SpreadDefaults, isHard: boolean): SpreadRule[] {
  const rules = pod.spread.length > 0 ? pod.spread : defaultRules(pod, defaults)
  return rules.filter(rule => rule.isHard === isHard)
}

function defaultRules(pod: PodFacts, { constraints }: SpreadDefaults): SpreadRule[] {
  const { owner } = pod
  if (!owner) return []
  const selection = { key: `owner ${owner}`, selects: (other: PodFacts) => other.owner === owner }
  return constraints.map(constraint => ({ ...compileSpread(constraint, undefined), selection }))
}

/** Hard topology spread: no domain may be ahead of the emptiest by more than maxSkew. */
export function podTopologySpread(defaults: SpreadDefaults = SYSTEM_SPREAD): Filter {
  return {
    name: 'PodTopologySpread',
    forPod(pod, view) {
      const rules = spreadRules(pod, defaults, true)
      return allOf(rules.map(rule => checkOf(rule, rules, pod, view)))
    },
  }
}

function checkOf(rule: SpreadRule, rules: readonly SpreadRule[], pod: PodFacts, view: View): Check {
  const keys = rules.map(other => other.topologyKey)
  const domains = allCount(rule, pod, view, keys)
    ? view.domainCounts(pod.namespace, rule.selection, rule.topologyKey)
    : countByDomain(rule, eligibleFor(rule, pod, view, keys), view.counts(pod.namespace, rule.selection))
  const fewest = domains.size < rule.minDomains ? 0 : smallest(domains.values())
  const own = rule.selection.selects(pod) ? 1 : 0
  return info => {
    const domain = info.node.metadata?.labels?.[rule.topologyKey]
    if (domain === undefined) return MISSING_LABEL
    return (domains.get(domain) ?? 0) + own - fewest > rule.maxSkew ? TOO_SKEWED : undefined
  }
}

/** The usual case, in which nothing need be counted: every node is a place for this pod. */
function allCount(rule: SpreadRule, pod: PodFacts, view: View, keys: readonly string[]): boolean {
  const asksForNodes = rule.honorsAffinity && pod.requiredNodes !== undefined
  const minds = rule.honorsTaints && view.traits.tainted > 0
  return !asksForNodes && !minds && keys.every(key => view.isEverywhere(key))
}

function eligibleFor(rule: SpreadRule, pod: PodFacts, view: View, keys: readonly string[]): NodeInfo[] {
  return view.nodes.filter(info => hasLabels(info, keys) && isEligible(rule, pod, info))
}

export function hasLabels(info: NodeInfo, keys: readonly string[]): boolean {
  const labels = info.node.metadata?.labels
  return keys.every(key => labels?.[key] !== undefined)
}

/** Whether a node counts as a place at all: by default those that the pod's own node affinity allows. */
export function isEligible(rule: SpreadRule, pod: PodFacts, info: NodeInfo): boolean {
  if (rule.honorsAffinity && pod.requiredNodes && !pod.requiredNodes(info.node)) return false
  if (!rule.honorsTaints) return true
  return !untoleratedTaint(info.node.spec?.taints, pod.pod.spec?.tolerations, ['NoSchedule', 'NoExecute'])
}

function countByDomain(
  rule: SpreadRule,
  nodes: readonly NodeInfo[],
  counts: ReadonlyMap<string, number>,
): Map<string, number> {
  const domains = new Map<string, number>()
  for (const info of nodes) {
    const domain = info.node.metadata?.labels?.[rule.topologyKey] ?? ''
    domains.set(domain, (domains.get(domain) ?? 0) + (counts.get(info.name) ?? 0))
  }
  return domains
}

function smallest(values: Iterable<number>): number {
  let least = Number.POSITIVE_INFINITY
  for (const value of values) if (value < least) least = value
  return least === Number.POSITIVE_INFINITY ? 0 : least
}
