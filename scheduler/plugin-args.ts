import { compileNodeSelector, compileNodeSelectorTerm, type Matcher } from '../api/placement.ts'
import type { Node, NodeAffinity, TopologySpreadConstraint } from '../api/types/core-v1.ts'
import { type SpreadDefaults, SYSTEM_SPREAD } from './filters/spread.ts'
import type { PreemptionLimits } from './preempt.ts'
import type { WeightedNodes } from './scores/node.ts'
import { CPU_AND_MEMORY, type FitStrategy } from './scores/resources.ts'

/** What the plugins of one profile are told, read from `pluginConfig` in Kubernetes' own form. */
export interface PluginArgs {
  /** What a node must have for every pod of this profile, and what makes it better. */
  addedAffinity: { required?: Matcher<Node>; preferred: readonly WeightedNodes[] }
  spread: SpreadDefaults
  /** How much a pod's required affinity also attracts others to it. */
  hardPodAffinityWeight: number
  /** Preferences of pods that stand count only for pods that have some themselves. */
  ignorePreferredTermsOfExistingPods: boolean
  strategy: FitStrategy
  isIgnoredResource(name: string): boolean
  balanced: FitStrategy['resources']
  preemption: PreemptionLimits
  bindTimeoutMs: number
}

export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** All that may stand in the arguments of a plugin. */
interface Given {
  NodeAffinity: { addedAffinity?: NodeAffinity }
  PodTopologySpread: { defaultConstraints?: TopologySpreadConstraint[]; defaultingType?: string }
  InterPodAffinity: { hardPodAffinityWeight?: number; ignorePreferredTermsOfExistingPods?: boolean }
  NodeResourcesFit: {
    ignoredResources?: string[]
    ignoredResourceGroups?: string[]
    scoringStrategy?: ScoringStrategy
  }
  NodeResourcesBalancedAllocation: { resources?: FitStrategy['resources'] }
  DefaultPreemption: { minCandidateNodesPercentage?: number; minCandidateNodesAbsolute?: number }
  VolumeBinding: { bindTimeoutSeconds?: number }
}

const KNOWN: { readonly [P in keyof Given]: readonly (keyof Given[P] & string)[] } = {
  NodeAffinity: ['addedAffinity'],
  PodTopologySpread: ['defaultConstraints', 'defaultingType'],
  InterPodAffinity: ['hardPodAffinityWeight', 'ignorePreferredTermsOfExistingPods'],
  NodeResourcesFit: ['ignoredResources', 'ignoredResourceGroups', 'scoringStrategy'],
  NodeResourcesBalancedAllocation: ['resources'],
  DefaultPreemption: ['minCandidateNodesPercentage', 'minCandidateNodesAbsolute'],
  VolumeBinding: ['bindTimeoutSeconds'],
}

export interface PluginConfig {
  name: string
  args?: Record<string, unknown>
}

/** Reads them; what is not known here is an error, never passed over. */
export function readPluginArgs(configs: readonly PluginConfig[]): PluginArgs {
  const argsOf = <P extends keyof Given>(name: P): Given[P] => {
    const { apiVersion: _, kind: __, ...args } = configs.find(plugin => plugin.name === name)?.args ?? {}
    const unknown = Object.keys(args).find(key => !(KNOWN[name] as readonly string[]).includes(key))
    if (unknown) throw new ConfigError(`${name}: unknown argument "${unknown}"`)
    return args as Given[P]
  }
  for (const { name, args = {} } of configs) {
    if (!(name in KNOWN) && Object.keys(args).length > 0) throw new ConfigError(`${name} takes no arguments`)
  }
  const { hardPodAffinityWeight = 1, ignorePreferredTermsOfExistingPods = false } = argsOf('InterPodAffinity')
  inRange('InterPodAffinity.hardPodAffinityWeight', hardPodAffinityWeight, 0, 100)
  const fit = argsOf('NodeResourcesFit')
  return {
    addedAffinity: readAffinity(argsOf('NodeAffinity').addedAffinity),
    spread: readSpread(argsOf('PodTopologySpread')),
    hardPodAffinityWeight,
    ignorePreferredTermsOfExistingPods,
    strategy: readStrategy(fit.scoringStrategy),
    isIgnoredResource: ignoredBy(fit),
    balanced: argsOf('NodeResourcesBalancedAllocation').resources ?? CPU_AND_MEMORY,
    preemption: readPreemption(argsOf('DefaultPreemption')),
    bindTimeoutMs: 1000 * (argsOf('VolumeBinding').bindTimeoutSeconds ?? 600),
  }
}

function inRange(what: string, value: number, lowest: number, highest: number): void {
  if (Number.isInteger(value) && value >= lowest && value <= highest) return
  throw new ConfigError(`${what} must be between ${lowest} and ${highest}, not ${value}`)
}

function readAffinity(added: NodeAffinity | undefined): PluginArgs['addedAffinity'] {
  const required = added?.requiredDuringSchedulingIgnoredDuringExecution
  const preferred = added?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  return {
    required: required && compileNodeSelector(required),
    preferred: preferred.map(({ preference, weight }) => ({ matches: compileNodeSelectorTerm(preference), weight })),
  }
}

function readSpread({ defaultConstraints = [], defaultingType = 'System' }: Given['PodTopologySpread']) {
  if (defaultingType === 'System') {
    if (defaultConstraints.length === 0) return SYSTEM_SPREAD
    throw new ConfigError('PodTopologySpread.defaultConstraints go with defaultingType List only')
  }
  if (defaultingType !== 'List')
    throw new ConfigError(`unknown PodTopologySpread.defaultingType "${defaultingType}": System or List`)
  for (const { labelSelector, topologyKey } of defaultConstraints) {
    if (!topologyKey) throw new ConfigError('PodTopologySpread.defaultConstraints need a topologyKey')
    // Whom a pod is spread from follows from who made it.
    if (labelSelector) throw new ConfigError('PodTopologySpread.defaultConstraints must not have a labelSelector')
  }
  return { constraints: defaultConstraints, needsLabels: true }
}

function ignoredBy({ ignoredResources = [], ignoredResourceGroups = [] }: Given['NodeResourcesFit']) {
  const slashed = ignoredResourceGroups.find(group => group.includes('/'))
  if (slashed) throw new ConfigError(`NodeResourcesFit.ignoredResourceGroups: "${slashed}" must not contain '/'`)
  const groups = ignoredResourceGroups.map(group => `${group}/`)
  return (name: string) => ignoredResources.includes(name) || groups.some(group => name.startsWith(group))
}

function readPreemption(args: Given['DefaultPreemption']): PreemptionLimits {
  const { minCandidateNodesPercentage: percentage = 10, minCandidateNodesAbsolute: least = 100 } = args
  inRange('DefaultPreemption.minCandidateNodesPercentage', percentage, 0, 100)
  inRange('DefaultPreemption.minCandidateNodesAbsolute', least, 0, Number.MAX_SAFE_INTEGER)
  if (percentage + least === 0) throw new ConfigError('DefaultPreemption: both minima of candidate nodes are 0')
  return { percentage, least }
}

interface ScoringStrategy {
  type?: string
  resources?: { name: string; weight?: number }[]
  requestedToCapacityRatio?: { shape?: { utilization: number; score: number }[] }
}

function readStrategy(given: ScoringStrategy = {}): FitStrategy {
  const { type = 'LeastAllocated', resources, requestedToCapacityRatio } = given
  const weighted = resources?.map(({ name, weight = 1 }) => ({ name, weight })) ?? CPU_AND_MEMORY
  if (type === 'LeastAllocated' || type === 'MostAllocated') return { type, resources: weighted }
  if (type !== 'RequestedToCapacityRatio') throw new ConfigError(`unknown scoringStrategy.type "${type}"`)
  const shape = requestedToCapacityRatio?.shape ?? []
  const isRising = shape.every((point, i) => i === 0 || point.utilization > shape[i - 1]!.utilization)
  if (shape.length === 0 || !isRising) throw new ConfigError('requestedToCapacityRatio.shape must rise in utilization')
  return { type, resources: weighted, shape }
}
