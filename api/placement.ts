import type {
  Node,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodSpec,
  Taint,
  Toleration,
} from './types/core-v1.ts'
import type { LabelSelector } from './types/meta-v1.ts'

/** Where a pod may stand: taints and tolerations, node selectors and affinity. The scheduler and DaemonSets both ask. */
export type Matcher<T> = (subject: T) => boolean

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  const { operator = 'Equal', value = '' } = toleration
  if (operator === 'Exists') return true
  if (!toleration.key) return false
  if (operator === 'Gt' || operator === 'Lt') return comparesTo(operator, taint.value, value)
  return value === (taint.value ?? '')
}

/** The first taint with one of these effects that no toleration covers. */
export function untoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint | undefined {
  return taints?.find(
    taint => effects.includes(taint.effect) && !tolerations?.some(toleration => tolerates(toleration, taint)),
  )
}

/** What `spec.nodeSelector` and required node affinity ask of a node; undefined when they ask nothing. */
export function requiredNodes(spec: PodSpec): Matcher<Node> | undefined {
  const labels = Object.entries(spec.nodeSelector ?? {})
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (labels.length === 0 && !required) return undefined
  const affinity = required ? compileNodeSelector(required) : () => true
  return node => labels.every(([key, value]) => node.metadata?.labels?.[key] === value) && affinity(node)
}

/** Terms are alternatives; a selector without terms, and a term that asks nothing, match no node. */
export function compileNodeSelector(selector: NodeSelector): Matcher<Node> {
  const terms = selector.nodeSelectorTerms.map(compileNodeSelectorTerm)
  return node => terms.some(term => term(node))
}

export function compileNodeSelectorTerm(term: NodeSelectorTerm): Matcher<Node> {
  const { matchExpressions = [], matchFields = [] } = term
  if (matchExpressions.length === 0 && matchFields.length === 0) return () => false
  return node =>
    matchExpressions.every(requirement => meets(requirement, node.metadata?.labels?.[requirement.key])) &&
    matchFields.every(requirement => meets(requirement, fieldOf(node, requirement.key)))
}

function fieldOf(node: Node, field: string): string | undefined {
  return field === 'metadata.name' ? node.metadata?.name : undefined
}

function meets({ operator, values = [] }: NodeSelectorRequirement, actual: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return actual !== undefined && values.includes(actual)
    case 'NotIn':
      return actual === undefined || !values.includes(actual)
    case 'Exists':
      return actual !== undefined
    case 'DoesNotExist':
      return actual === undefined
    case 'Gt':
    case 'Lt':
      return comparesTo(operator, actual, values[0])
    default:
      return false
  }
}

function comparesTo(operator: 'Gt' | 'Lt', actual: string | undefined, bound: string | undefined): boolean {
  if (!/^-?\d+$/.test(actual ?? '') || !/^-?\d+$/.test(bound ?? '')) return false
  const difference = BigInt(actual!) - BigInt(bound!)
  return operator === 'Gt' ? difference > 0n : difference < 0n
}

export type Labels = Readonly<Record<string, string>> | undefined

/** A label selector ready to be asked many times. Undefined selects nothing, an empty one everything. */
export function compileSelector(selector: LabelSelector | undefined): (labels: Labels) => boolean {
  if (!selector) return () => false
  const equal = Object.entries(selector.matchLabels ?? {})
  const expressions = selector.matchExpressions ?? []
  return labels =>
    equal.every(([key, value]) => labels?.[key] === value) &&
    expressions.every(({ key, operator, values = [] }) => {
      const actual = labels?.[key]
      if (operator === 'In') return actual !== undefined && values.includes(actual)
      if (operator === 'NotIn') return actual === undefined || !values.includes(actual)
      return operator === 'Exists' ? actual !== undefined : actual === undefined
    })
}
