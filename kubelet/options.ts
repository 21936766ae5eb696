import type { Taint } from '../api/types/core-v1.ts'
import type { Client } from '../client/client.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import type { Log } from '../platform/log.ts'
import type { Processes } from '../platform/processes.ts'
import type { Random } from '../platform/random.ts'
import type { Paths } from './paths.ts'
import type { LivePod } from './pod/pod.ts'
import type { ContainerRuntime, PodNetwork } from './runtime.ts'
import type { Access } from './serve/access.ts'
import type { PodDialer } from './serve/netns.ts'

/** Everything an agent is told and given. */
export interface AgentOptions {
  nodeName: string
  client: Client
  runtime: ContainerRuntime
  clock: Clock
  random: Random
  log: Log
  disk: Disk
  processes: Processes
  paths: Paths
  /** The local end of a socket that reached the API server: measured by whoever starts the agent. It may change. */
  nodeIp(): string
  network: PodNetwork
  /** The network's range is the node's podCIDR, which a controller hands out: pods wait for it. */
  awaitPodCidr: boolean
  clusterDns: string[]
  clusterDomain: string
  labels: Record<string, string>
  annotations?: Record<string, string>
  taints: Taint[]
  maxPods: number
  registerNode: boolean
  kubeletVersion: string
  systemReserved: Record<string, string>
  kubeReserved: Record<string, string>
  eviction: EvictionThresholds
  /** A shortage that has just ended is still shown for this long, so that no pod comes and goes with it. */
  pressureSettleMs: number
  imageCollection: ImageCollection
  containerLogs: { maxSize: string; maxFiles: number }
  /** Processes in one container; undefined: no limit. */
  podPidsLimit?: number
  shutdownGraceSeconds: number
  /** Where the agent's server listens; absent: it does not. */
  serving?: Serving
  /** Reaches into a pod's network; by default with nsenter. */
  dialer?: PodDialer
  /** Static pods that something else than Docker runs, e.g. the control plane's own: the agent leaves them alone. */
  runsElsewhere?(pod: LivePod): boolean
}

export interface Serving {
  host: string
  port: number
  /** PEM. */
  key: string
  certificate: string
  clientCa: string
  access: Access
}

/** As with `--eviction-hard`: an amount or a percentage of the whole. */
export interface EvictionThresholds {
  'memory.available'?: string
  'nodefs.available'?: string
  'nodefs.inodesFree'?: string
  'pid.available'?: string
}

export interface ImageCollection {
  /** Percent of the disk in use that starts it, and that it stops at. */
  highPercent: number
  lowPercent: number
  /** Younger images are kept whatever happens. */
  minimumAgeMs: number
}

/** What an agent does where nobody decides otherwise: tuned for small machines. */
export const DEFAULT_OPTIONS = {
  network: { name: 'kubox' },
  awaitPodCidr: false,
  clusterDns: [],
  clusterDomain: 'cluster.local',
  labels: {},
  taints: [],
  maxPods: 110,
  registerNode: true,
  kubeletVersion: 'v1.36.0',
  systemReserved: {},
  kubeReserved: {},
  eviction: {
    'memory.available': '100Mi',
    'nodefs.available': '10%',
    'nodefs.inodesFree': '5%',
    'pid.available': '5%',
  },
  pressureSettleMs: 30_000,
  imageCollection: { highPercent: 85, lowPercent: 80, minimumAgeMs: 120_000 },
  containerLogs: { maxSize: '10m', maxFiles: 5 },
  shutdownGraceSeconds: 30,
} satisfies Partial<AgentOptions>
