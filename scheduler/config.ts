import type { Profile } from './decide.ts'
import { interPodAffinity } from './filters/affinity.ts'
import { nodeAffinity, nodeName, nodeUnschedulable, taintToleration } from './filters/node.ts'
import { nodePorts, nodeResourcesFit } from './filters/resources.ts'
import { podTopologySpread } from './filters/spread.ts'
import { volumeBinding, volumeRestrictions } from './filters/volumes.ts'
import type { Filter, Score } from './plugin.ts'
import { interPodAffinity as affinityScore } from './scores/affinity.ts'
import { imageLocality, nodeAffinity as nodeAffinityScore, taintToleration as taintScore } from './scores/node.ts'
import {
  balancedAllocation,
  CPU_AND_MEMORY,
  type FitStrategy,
  nodeResourcesFit as fitScore,
} from './scores/resources.ts'
import { podTopologySpread as spreadScore } from './scores/spread.ts'

/** In the order in which they are asked: the cheap ones that refuse most first. */
const FILTERS: readonly Filter[] = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  volumeRestrictions,
  volumeBinding,
  podTopologySpread,
  interPodAffinity,
]

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

export interface SchedulerConfig {
  profiles: readonly (Profile & { preempts: boolean })[]
  leaderElect: boolean
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
  pluginConfig?: { name: string; args?: Record<string, unknown> }[]
}

export class ConfigError extends Error {
  override name = 'ConfigError'
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

function readProfile(config: ProfileConfig, percentage: number): Profile & { preempts: boolean } {
  const switches = readSwitches(config)
  const isOn = (name: string, point: string) => switches(name, point) !== 'off'
  const scores = makeScores(config)
    .filter(score => isOn(score.name, 'score'))
    .map(score => ({ score, weight: weightOf(switches(score.name, 'score'), score.name) }))
  return {
    schedulerName: config.schedulerName ?? 'default-scheduler',
    filters: FILTERS.filter(filter => isOn(filter.name, 'filter')),
    scores,
    percentageOfNodesToScore: config.percentageOfNodesToScore ?? percentage,
    preempts: isOn('DefaultPreemption', 'postFilter'),
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
  const known = name === '*' || BUILT_IN.includes(name) || name in DEFAULT_WEIGHTS
  if (!known && !FILTERS.some(filter => filter.name === name)) throw new ConfigError(`unknown plugin "${name}"`)
}

function makeScores({ pluginConfig = [] }: ProfileConfig): Score[] {
  for (const { name } of pluginConfig) assertKnown(name)
  const argsOf = (name: string) => pluginConfig.find(plugin => plugin.name === name)?.args ?? {}
  const balanced = argsOf('NodeResourcesBalancedAllocation') as { resources?: FitStrategy['resources'] }
  return [
    taintScore,
    nodeAffinityScore,
    spreadScore,
    affinityScore,
    fitScore(readStrategy(argsOf('NodeResourcesFit'))),
    balancedAllocation(balanced.resources),
    imageLocality,
  ]
}

interface FitArgs {
  scoringStrategy?: {
    type?: string
    resources?: { name: string; weight?: number }[]
    requestedToCapacityRatio?: { shape?: { utilization: number; score: number }[] }
  }
}

function readStrategy(args: FitArgs): FitStrategy {
  const { type = 'LeastAllocated', resources, requestedToCapacityRatio } = args.scoringStrategy ?? {}
  const weighted = resources?.map(({ name, weight = 1 }) => ({ name, weight })) ?? CPU_AND_MEMORY
  if (type === 'LeastAllocated' || type === 'MostAllocated') return { type, resources: weighted }
  if (type !== 'RequestedToCapacityRatio') throw new ConfigError(`unknown scoringStrategy.type "${type}"`)
  const shape = requestedToCapacityRatio?.shape ?? []
  const isRising = shape.every((point, i) => i === 0 || point.utilization > shape[i - 1]!.utilization)
  if (shape.length === 0 || !isRising) throw new ConfigError('requestedToCapacityRatio.shape must rise in utilization')
  return { type, resources: weighted, shape }
}
