import type { KubeList, KubeObject } from '../objects.ts'
import type { Quantity } from './scalars.ts'

/** What `kubectl top` asks for; its group is served by an aggregated API server or by ours. */
export interface NodeMetrics extends KubeObject {
  timestamp: string
  /** A duration: `30s`. */
  window: string
  usage: Record<string, Quantity>
}

export interface ContainerMetrics {
  name: string
  usage: Record<string, Quantity>
}

export interface PodMetrics extends KubeObject {
  timestamp: string
  window: string
  containers: ContainerMetrics[]
}

export type NodeMetricsList = KubeList<NodeMetrics>
export type PodMetricsList = KubeList<PodMetrics>
