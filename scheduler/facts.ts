import { compileSelector, type Labels, type Matcher, requiredNodes } from '../api/placement.ts'
import { lastingContainers } from '../api/pods/containers.ts'
import type {
  Node,
  Pod,
  PodAffinityTerm,
  PodSpec,
  TopologySpreadConstraint,
  WeightedPodAffinityTerm,
} from '../api/types/core-v1.ts'
import type { LabelSelector } from '../api/types/meta-v1.ts'
import { type Amounts, podRequests } from './resources.ts'

export interface HostPort {
  ip: string
  protocol: string
  port: number
}

/** An affinity term ready to be asked whether it means some pod. */
export interface Term {
  topologyKey: string
  weight: number
  /** `namespaceLabels` are those of the pod's namespace. */
  matches(pod: PodFacts, namespaceLabels: Labels): boolean
}

/** Which pods of a namespace are meant. Equal keys mean equal pods: counts are kept by it. */
export interface Selection {
  key: string
  selects(pod: PodFacts): boolean
}

export interface SpreadRule {
  maxSkew: number
  topologyKey: string
  isHard: boolean
  minDomains: number
  honorsAffinity: boolean
  honorsTaints: boolean
  selection: Selection
}

/** All that decisions ask of a pod, worked out once. */
export interface PodFacts {
  pod: Pod
  key: string
  uid: string
  name: string
  namespace: string
  labels: Labels
  priority: number
  isTerminating: boolean
  requests: Amounts
  /** With a little for containers that ask for nothing. */
  scoredRequests: Amounts
  hostPorts: readonly HostPort[]
  /** undefined: any node will do. */
  requiredNodes: Matcher<Node> | undefined
  /** Names of the only nodes it may go to, where its affinity names nodes: the pods of DaemonSets. */
  onlyNodes: readonly string[] | undefined
  affinity: Terms | undefined
  antiAffinity: Terms | undefined
  /** The uid of the controller that made it. */
  owner: string | undefined
  spread: readonly SpreadRule[]
}

export interface Terms {
  required: readonly Term[]
  preferred: readonly Term[]
}

const known = new WeakMap<Pod, PodFacts>()

/** Pods that came from the server are never changed in place, so what was worked out stays true. */
export function factsOf(pod: Pod): PodFacts {
  let facts = known.get(pod)
  if (!facts) {
    facts = workOut(pod)
    known.set(pod, facts)
  }
  return facts
}

function workOut(pod: Pod): PodFacts {
  const { name = '', namespace = '', uid = '', labels, deletionTimestamp } = pod.metadata ?? {}
  const spec = pod.spec ?? { containers: [] }
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {}
  return {
    pod,
    key: `${namespace}/${name}`,
    uid,
    name,
    namespace,
    labels,
    priority: spec.priority ?? 0,
    isTerminating: deletionTimestamp !== undefined,
    requests: podRequests(spec),
    scoredRequests: podRequests(spec, true),
    hostPorts: hostPortsOf(spec),
    requiredNodes: requiredNodes(spec),
    onlyNodes: namedNodes(spec),
    affinity: compileTerms(podAffinity, namespace, labels),
    antiAffinity: compileTerms(podAntiAffinity, namespace, labels),
    owner: pod.metadata?.ownerReferences?.find(reference => reference.controller)?.uid,
    spread: (spec.topologySpreadConstraints ?? []).map(constraint => compileSpread(constraint, labels)),
  }
}

function namedNodes(spec: PodSpec): string[] | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const named = terms?.map(term => term.matchFields?.find(field => field.operator === 'In')?.values)
  return named?.every(values => values !== undefined) ? named.flat() : undefined
}

function hostPortsOf(spec: PodSpec): HostPort[] {
  return lastingContainers(spec).flatMap(container =>
    (container.ports ?? [])
      .filter(port => port.hostPort)
      .map(port => ({ ip: port.hostIP || '0.0.0.0', protocol: port.protocol ?? 'TCP', port: port.hostPort! })),
  )
}

interface AffinityRules {
  requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[]
  preferredDuringSchedulingIgnoredDuringExecution?: WeightedPodAffinityTerm[]
}

function compileTerms(rules: AffinityRules | undefined, namespace: string, labels: Labels): Terms | undefined {
  if (!rules) return undefined
  return {
    required: (rules.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term =>
      compileTerm(term, namespace, labels, 0),
    ),
    preferred: (rules.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm, weight }) =>
      compileTerm(podAffinityTerm, namespace, labels, weight),
    ),
  }
}

function compileTerm(term: PodAffinityTerm, ownNamespace: string, labels: Labels, weight: number): Term {
  const selects = compileSelector(
    withOwnLabels(term.labelSelector, labels, term.matchLabelKeys, term.mismatchLabelKeys),
  )
  const { namespaceSelector, namespaces = [] } = term
  const names = new Set(namespaces.length === 0 && !namespaceSelector ? [ownNamespace] : namespaces)
  const selectsNamespace = compileSelector(namespaceSelector)
  return {
    topologyKey: term.topologyKey,
    weight,
    matches: (pod, namespaceLabels) =>
      (names.has(pod.namespace) || selectsNamespace(namespaceLabels)) && selects(pod.labels),
  }
}

export function compileSpread(constraint: TopologySpreadConstraint, labels: Labels): SpreadRule {
  const selector = withOwnLabels(constraint.labelSelector, labels, constraint.matchLabelKeys)
  const selects = compileSelector(selector)
  return {
    maxSkew: constraint.maxSkew,
    topologyKey: constraint.topologyKey,
    isHard: constraint.whenUnsatisfiable !== 'ScheduleAnyway',
    minDomains: constraint.minDomains ?? 1,
    honorsAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
    honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
    selection: { key: JSON.stringify(selector ?? null), selects: pod => selects(pod.labels) },
  }
}

/** matchLabelKeys: the pod's own values of these keys become part of the selector. */
function withOwnLabels(
  selector: LabelSelector | undefined,
  labels: Labels,
  match: readonly string[] = [],
  mismatch: readonly string[] = [],
): LabelSelector | undefined {
  if (!selector || match.length + mismatch.length === 0) return selector
  const own = (keys: readonly string[], operator: string) =>
    keys.filter(key => labels?.[key] !== undefined).map(key => ({ key, operator, values: [labels![key]!] }))
  const matchExpressions = [...(selector.matchExpressions ?? []), ...own(match, 'In'), ...own(mismatch, 'NotIn')]
  return { ...selector, matchExpressions }
}
