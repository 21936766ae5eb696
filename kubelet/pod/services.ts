import type { Pod, Service } from '../../api/types/core-v1.ts'
import type { ResourceClient } from '../../client/client.ts'
import type { EventRecorder } from '../../client/events.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { References } from '../env/environment.ts'
import type { ClusterDns } from '../files/resolv.ts'
import type { Images } from '../image/images.ts'
import type { Paths } from '../paths.ts'
import type { ContainerRuntime } from '../runtime.ts'
import type { Volumes } from '../volume/volumes.ts'
import type { NodeSettings } from './config.ts'
import type { Listing } from './listing.ts'
import type { LivePod } from './pod.ts'
import type { StatusReporter, StatusTarget } from './reporter.ts'

/** What every pod worker of a node shares. */
export interface PodServices {
  runtime: ContainerRuntime
  listing: Listing
  clock: Clock
  log: Log
  events: EventRecorder
  images: Images
  volumes: Volumes
  references: References
  reporter: StatusReporter
  pods: ResourceClient<Pod>
  /** Services of all namespaces, for variables. */
  services(): Service[]
  /** Whose status shows how this pod is; undefined when the API server has nothing to show it on. */
  statusTarget(pod: LivePod): StatusTarget | undefined
  settings: NodeSettings
  /** Makes the network of the pods once more, should it be gone. */
  ensureNetwork(): Promise<void>
  dns: ClusterDns
  nodeIp(): string
  allocatable(): Record<string, number>
  paths: Paths
}
