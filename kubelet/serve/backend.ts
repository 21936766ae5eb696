import type { Duplex } from 'node:stream'
import type { Pod } from '../../api/types/core-v1.ts'
import type { ContainerStats, ExecOptions, StreamSession } from '../runtime.ts'

/**
 * What the agent's server needs to know and to do about the pods of this node. The agent implements it on its pods and
 * its ContainerRuntime; FakeStreamBackend (fake.ts) does for tests.
 *
 * Containers are found through the pod's status (`containerStatuses[].containerID`, with or without `docker://`), so the
 * status given here must be the agent's own, fresh one and not what the API server was last told.
 */
export interface StreamBackend {
  pods(): Promise<Pod[]>
  pod(namespace: string, name: string): Promise<Pod | undefined>
  /** Where a container's json-file log lies, and whether more may still come; undefined when the container is gone. */
  logs(containerId: string): Promise<LogSource | undefined>
  exec(containerId: string, options: ExecOptions): Promise<StreamSession>
  /** To the container's first process. `kill` of this session only detaches. */
  attach(containerId: string, options: Omit<ExecOptions, 'command'>): Promise<StreamSession>
  /**
   * A connection to a port inside the pod's network namespace, with `allowHalfOpen`: see PodDialer in netns.ts. Looks the
   * sandbox up anew each time, so that a session outlives restarts. Fails when nothing listens.
   */
  connect(pod: Pod, port: number): Promise<Duplex>
  usage(): Promise<NodeUsage>
  /** Removes the folder of a local volume of this node that was released and shall be deleted; refuses any other. */
  removeLocalVolume(name: string): Promise<void>
}

export interface LogSource {
  path: string
  running: boolean
}

/** What /stats/summary and /metrics/resource are made of. */
export interface NodeUsage {
  startedAt: number
  stats: ContainerStats
  memoryAvailableBytes: number
  filesystem?: FilesystemUsage
  pods: PodUsage[]
}

export interface FilesystemUsage {
  capacityBytes: number
  availableBytes: number
  usedBytes: number
  inodes: number
  inodesFree: number
}

export interface PodUsage {
  namespace: string
  name: string
  uid: string
  startedAt: number
  containers: { name: string; startedAt: number; stats: ContainerStats }[]
}
