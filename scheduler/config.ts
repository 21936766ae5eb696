import type { Profile } from './decide.ts'
import { interPodAffinity } from './filters/affinity.ts'
import { nodeAffinity, nodeName, nodeUnschedulable, taintToleration } from './filters/node.ts'
import { nodePorts, nodeResourcesFit } from './filters/resources.ts'
import { podTopologySpread } from './filters/spread.ts'
import { volumeBinding, volumeRestrictions } from './filters/volumes.ts'
import type { Filter, Score } from './plugin.ts'
import { ConfigError, type PluginArgs, type PluginConfig, readPluginArgs } from './plugin-args.ts'
import type { PreemptionLimits } from './preempt.ts'
import { interPodAffinity as affinityScore } from './scores/affinity.ts'
import { imageLocality, nodeAffinity as nodeAffinityScore, taintToleration as taintScore } from './scores/node.ts'
import { balancedAllocation, nodeResourcesFit as fitScore } from './scores/resources.ts'
import { podTopologySpread as spreadScore } from './scores/spread.ts'

/** In the order in which they are asked: the cheap ones that refuse most first. */
function makeFilters(args: PluginArgs): readonly Filter[] {
  return [
    nodeUnschedulable,
    nodeName,
    taintToleration,
    nodeAffinity(args.addedAffinity.required),
    nodePorts,
    nodeResourcesFit(args.isIgnoredResource),
    volumeRestrictions,
    volumeBinding,
    podTopologySpread(args.spread),
    interPodAffinity,
  ]
}

function makeScores(args: PluginArgs): readonly Score[] {
  return [
    taintScore,
    nodeAffinityScore(args.addedAffinity.preferred),
    spreadScore(args.spread),
    affinityScore(args.hardPodAffinityWeight, args.ignorePreferredTermsOfExistingPods),
    fitScore(args.strategy),
    balancedAllocation(args.balanced),
    imageLocality,
  ]
}

const DEFAULT_WEIGHTS: Readonly<Record<string, number>> = {
  TaintToleration: 3,
  NodeAffinity: 2,
  PodTopologySpread: 2,
  InterPodAffinity: 2,
  NodeResourcesFit: 1,
  NodeResourcesBalancedAllocation: 1,
  ImageLocality: 1,
}

/** Plugins of Kubernetes that are no filter or score here: named in configurations, always on. */
const BUILT_IN = [
  'PrioritySort',
  'DefaultPreemption',
  'DefaultBinder',
  'SchedulingGates',
  'NodeVolumeLimits',
  'VolumeZone',
]

const PLUGINS = new Set([
  ...BUILT_IN,
  ...Object.keys(DEFAULT_WEIGHTS),
  ...makeFilters(readPluginArgs([])).map(filter => filter.name),
])

export interface SchedulerConfig {
  profiles: readonly ConfiguredProfile[]
  leaderElect: boolean
}

export interface ConfiguredProfile extends Profile {
  /** undefined: pods of this profile make nobody go. */
  preemption: PreemptionLimits | undefined
  /** How long a pod's claims may take to be bound once its node is known. */
  bindTimeoutMs: number
}

/** The parts of Kubernetes' KubeSchedulerConfiguration that mean something here. */
export interface KubeSchedulerConfiguration {
  apiVersion?: string
  kind?: string
  percentageOfNodesToScore?: number
  leaderElection?: { leaderElect?: boolean }
  profiles?: ProfileConfig[]
}

interface ProfileConfig {
  schedulerName?: string
  percentageOfNodesToScore?: number
  plugins?: Record<string, { enabled?: { name: string; weight?: number }[]; disabled?: { name: string }[] }>
  pluginConfig?: PluginConfig[]
}

/** Reads a configuration; what it asks for and is not known here is an error, never passed over. */
export function readConfig(config: KubeSchedulerConfiguration = {}): SchedulerConfig {
  if (config.kind !== undefined && config.kind !== 'KubeSchedulerConfiguration') {
    throw new ConfigError(`kind ${config.kind} is not KubeSchedulerConfiguration`)
  }
  const profiles = config.profiles?.length ? config.profiles : [{}]
  const read = profiles.map(profile => readProfile(profile, config.percentageOfNodesToScore ?? 0))
  const names = read.map(profile => profile.schedulerName)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice) throw new ConfigError(`profiles: duplicated schedulerName "${twice}"`)
  return { profiles: read, leaderElect: config.leaderElection?.leaderElect ?? false }
}

function readProfile(config: ProfileConfig, percentage: number): ConfiguredProfile {
  const switches = readSwitches(config)
  const isOn = (name: string, point: string) => switches(name, point) !== 'off'
  for (const { name } of config.pluginConfig ?? []) assertKnown(name)
  const args = readPluginArgs(config.pluginConfig ?? [])
  const scores = makeScores(args)
    .filter(score => isOn(score.name, 'score'))
    .map(score => ({ score, weight: weightOf(switches(score.name, 'score'), score.name) }))
  return {
    schedulerName: config.schedulerName ?? 'default-scheduler',
    filters: makeFilters(args).filter(filter => isOn(filter.name, 'filter')),
    scores,
    percentageOfNodesToScore: config.percentageOfNodesToScore ?? percentage,
    preemption: isOn('DefaultPreemption', 'postFilter') ? args.preemption : undefined,
    bindTimeoutMs: args.bindTimeoutMs,
  }
}

type Switch = 'off' | { weight?: number } | undefined

/** Whether a plugin is on at an extension point: the point's own word counts before that of multiPoint. */
function readSwitches({ plugins = {} }: ProfileConfig): (name: string, point: string) => Switch {
  for (const set of Object.values(plugins)) {
    for (const { name } of [...(set.enabled ?? []), ...(set.disabled ?? [])]) assertKnown(name)
  }
  return (name, point) => {
    for (const set of [plugins[point], plugins.multiPoint]) {
      const enabled = set?.enabled?.find(plugin => plugin.name === name)
      if (enabled) return enabled
      if (set?.disabled?.some(plugin => plugin.name === name || plugin.name === '*')) return 'off'
    }
    return undefined
  }
}

function weightOf(choice: Switch, name: string): number {
  return (typeof choice === 'object' && choice.weight) || DEFAULT_WEIGHTS[name] || 1
}

function assertKnown(name: string): void {
  const known = name === '*' || PLUGINS.has(name)
  if (!known) throw new ConfigError(`unknown plugin "${name}"`)
}
