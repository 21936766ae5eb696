import { compileSelector } from '../api/placement.ts'
import type { PodDisruptionBudget } from '../api/types/policy-v1.ts'
import { type Profile, prepare, type Refused } from './decide.ts'
import { countTexts } from './explain.ts'
import type { PodFacts } from './facts.ts'
import { type NodeInfo, type View, withNode } from './picture.ts'

/** A node that would do if these pods left it. */
export interface Candidate {
  node: NodeInfo
  victims: readonly PodFacts[]
  budgetViolations: number
}

export interface Preemption {
  candidate: Candidate | undefined
  /** For the event: why not, node by node. */
  message: string
}

/** After how many candidates the search ends: so many percent of all nodes, and no fewer than `least`. */
export interface PreemptionLimits {
  percentage: number
  least: number
}

/** Which pods of lower priority should make room, and where: the fewest and least important ones. Pure, like decide. */
export function preempt(
  pod: PodFacts,
  view: View,
  profile: Profile,
  refused: Refused,
  { budgets, start, limits }: { budgets: readonly PodDisruptionBudget[]; start: number; limits: PreemptionLimits },
): Preemption {
  const nodeCount = view.nodes.length
  const none = (texts: readonly string[]) => ({
    candidate: undefined,
    message: `0/${nodeCount} nodes are available: ${countTexts(texts).join(', ')}.`,
  })
  if (pod.pod.spec?.preemptionPolicy === 'Never') {
    return { candidate: undefined, message: 'not eligible due to preemptionPolicy=Never.' }
  }
  const helpful = inTurns(
    [...refused.refusals].filter(([, refusal]) => !refusal.isFinal).map(([node]) => node),
    start,
  )
  const question: Question = { pod, view, fits: fitCheck(pod, view, profile), budgets: budgets.map(compileBudget) }
  const candidates = findCandidates(question, helpful, limits)
  const best = candidates.reduce<Candidate | undefined>(
    (a, b) => (a && compareCandidates(a, b) <= 0 ? a : b),
    undefined,
  )
  if (best) return { candidate: best, message: '' }
  return none([
    ...helpful.map(() => 'No preemption victims found for incoming pod'),
    ...Array.from({ length: nodeCount - helpful.length }, () => 'Preemption is not helpful for scheduling'),
  ])
}

function inTurns(nodes: readonly NodeInfo[], start: number): NodeInfo[] {
  const from = nodes.length === 0 ? 0 : start % nodes.length
  return [...nodes.slice(from), ...nodes.slice(0, from)]
}

function findCandidates(question: Question, nodes: readonly NodeInfo[], limits: PreemptionLimits): Candidate[] {
  const enough = Math.max(1, limits.least, Math.floor((question.view.nodes.length * limits.percentage) / 100))
  const candidates: Candidate[] = []
  for (const node of nodes) {
    const candidate = victimsOn(question, node)
    if (candidate) candidates.push(candidate)
    if (candidates.length >= enough) break
  }
  return candidates
}

interface Question {
  pod: PodFacts
  view: View
  fits: (changed: NodeInfo) => boolean
  budgets: readonly Budget[]
}

/** All lesser pods away; then as many as possible back, those first whose going would break a budget. */
function victimsOn({ pod, view, fits, budgets }: Question, node: NodeInfo): Candidate | undefined {
  const lesser = [...node.pods.values()].filter(other => other.priority < pod.priority)
  if (lesser.length === 0) return undefined
  const ahead = view.nominated(node.name).filter(other => other.priority >= pod.priority && other.uid !== pod.uid)
  const remaining = node.changed(lesser, ahead)
  if (!fits(remaining)) return undefined
  const { protectedOnes, others } = splitByBudgets([...lesser].sort(moreImportantFirst), budgets)
  const victims = new Set<PodFacts>()
  for (const other of [...protectedOnes, ...others]) {
    remaining.add(other)
    if (fits(remaining)) continue
    remaining.remove(other.uid)
    victims.add(other)
  }
  const budgetViolations = protectedOnes.filter(other => victims.has(other)).length
  return { node, victims: [...victims].sort(moreImportantFirst), budgetViolations }
}

/** Whether the pod fits a changed node. Rules about other nodes' pods are worked out anew for each change, where there are any. */
function fitCheck(pod: PodFacts, view: View, profile: Profile): (changed: NodeInfo) => boolean {
  const looksAround = pod.spread.length > 0 || pod.affinity || pod.antiAffinity || !isEmpty(view.nodesWithAffinity)
  const once = looksAround ? undefined : prepare(pod, view, profile)
  return changed => {
    const checks = once ?? prepare(pod, withNode(view, changed), profile)
    return 'passes' in checks && checks.passes(changed) === undefined
  }
}

function isEmpty(items: Iterable<unknown>): boolean {
  return items[Symbol.iterator]().next().done ?? false
}

interface Budget {
  namespace: string | undefined
  matches(pod: PodFacts): boolean
  allowed: number
}

function compileBudget(budget: PodDisruptionBudget): Budget {
  const selects = compileSelector(budget.spec?.selector)
  const disrupted = budget.status?.disruptedPods ?? {}
  return {
    namespace: budget.metadata?.namespace,
    matches: pod => pod.namespace === budget.metadata?.namespace && selects(pod.labels) && !(pod.name in disrupted),
    allowed: budget.status?.disruptionsAllowed ?? 0,
  }
}

/** In order of importance each pod takes from its budgets; who finds one empty is protected. */
function splitByBudgets(pods: readonly PodFacts[], budgets: readonly Budget[]) {
  const left = budgets.map(budget => budget.allowed)
  const protectedOnes: PodFacts[] = []
  const others: PodFacts[] = []
  for (const pod of pods) {
    let isProtected = false
    budgets.forEach((budget, i) => {
      if (budget.matches(pod) && --left[i]! < 0) isProtected = true
    })
    if (isProtected) protectedOnes.push(pod)
    else others.push(pod)
  }
  return { protectedOnes, others }
}

/** After all times, as text. */
const NOT_YET = '~'

/** One that waits for its agent is younger than all that run, however long ago it was made: little is lost with it. */
function startOf(pod: PodFacts): string {
  return pod.pod.status?.startTime ?? NOT_YET
}

/** Times as they are written sort as plain text. */
function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function moreImportantFirst(a: PodFacts, b: PodFacts): number {
  return b.priority - a.priority || compareTexts(startOf(a), startOf(b))
}

/** Negative: `a` does less harm. Offsets of 2^31 keep pods of negative priority from counting as gain. */
function compareCandidates(a: Candidate, b: Candidate): number {
  const highest = ({ victims }: Candidate) => victims[0]?.priority ?? Number.NEGATIVE_INFINITY
  const sum = ({ victims }: Candidate) => victims.reduce((total, victim) => total + victim.priority + 2 ** 31, 0)
  const earliest = (candidate: Candidate) =>
    candidate.victims
      .filter(victim => victim.priority === highest(candidate))
      .map(startOf)
      .sort()[0] ?? ''
  return (
    a.budgetViolations - b.budgetViolations ||
    highest(a) - highest(b) ||
    sum(a) - sum(b) ||
    a.victims.length - b.victims.length ||
    compareTexts(earliest(b), earliest(a))
  )
}
