import type { PodFacts, Term } from '../facts.ts'
import type { NodeInfo, View } from '../picture.ts'
import { allOf, type Check, type Filter } from '../plugin.ts'

const AFFINITY = { reasons: ["node(s) didn't match pod affinity rules"], isFinal: true }
const ANTI_AFFINITY = { reasons: ["node(s) didn't match pod anti-affinity rules"], isFinal: false }
const OTHERS_ANTI_AFFINITY = { reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"], isFinal: false }

/** Required affinity and anti-affinity: the pod's own, and the anti-affinity of those that already stand. */
export const interPodAffinity: Filter = {
  name: 'InterPodAffinity',
  forPod(pod, view) {
    const checks = [attraction(pod, view), aversion(pod, view), aversionOfOthers(pod, view)]
    return allOf(checks.filter(check => check !== undefined))
  },
}

/** Values of one topology key at which some pods stand. */
type Domains = Map<string, Set<string>>

function note(domains: Domains, key: string, info: NodeInfo): void {
  const value = info.node.metadata?.labels?.[key]
  if (value === undefined) return
  const values = domains.get(key)
  if (values) values.add(value)
  else domains.set(key, new Set([value]))
}

function isAt(domains: Domains, key: string, info: NodeInfo): boolean {
  const value = info.node.metadata?.labels?.[key]
  return value !== undefined && (domains.get(key)?.has(value) ?? false)
}

function attraction(pod: PodFacts, view: View): Check | undefined {
  const terms = pod.affinity?.required ?? []
  if (terms.length === 0) return undefined
  const domains = domainsOf(view, other => (meetsAll(terms, other, view) ? terms : []))
  // The first of a group that wants to be together has nobody to join: it may stand anywhere.
  const isFirst = domains.size === 0 && meetsAll(terms, pod, view)
  return info => {
    const suits = terms.every(({ topologyKey }) =>
      isFirst ? info.node.metadata?.labels?.[topologyKey] !== undefined : isAt(domains, topologyKey, info),
    )
    return suits ? undefined : AFFINITY
  }
}

function meetsAll(terms: readonly Term[], other: PodFacts, view: View): boolean {
  const labels = view.namespaceLabels(other.namespace)
  return terms.every(term => term.matches(other, labels))
}

function aversion(pod: PodFacts, view: View): Check | undefined {
  const terms = pod.antiAffinity?.required ?? []
  if (terms.length === 0) return undefined
  const domains = domainsOf(view, other => {
    const labels = view.namespaceLabels(other.namespace)
    return terms.filter(term => term.matches(other, labels))
  })
  return info => (terms.some(({ topologyKey }) => isAt(domains, topologyKey, info)) ? ANTI_AFFINITY : undefined)
}

function domainsOf(view: View, meant: (other: PodFacts) => readonly Term[]): Domains {
  const domains: Domains = new Map()
  for (const info of view.nodes) {
    for (const other of info.pods.values()) for (const term of meant(other)) note(domains, term.topologyKey, info)
  }
  return domains
}

function aversionOfOthers(pod: PodFacts, view: View): Check | undefined {
  const labels = view.namespaceLabels(pod.namespace)
  const domains: Domains = new Map()
  for (const info of view.nodesWithAffinity) {
    if (info.withRequiredAntiAffinity === 0) continue
    for (const other of info.pods.values()) {
      for (const term of other.antiAffinity?.required ?? []) {
        if (term.matches(pod, labels)) note(domains, term.topologyKey, info)
      }
    }
  }
  if (domains.size === 0) return undefined
  const keys = [...domains.keys()]
  return info => (keys.some(key => isAt(domains, key, info)) ? OTHERS_ANTI_AFFINITY : undefined)
}
