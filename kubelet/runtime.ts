import type { Readable, Writable } from 'node:stream'

/**
 * kubelet/ is the worker-node agent: it makes the pods of one node run on Docker, watches over them and tells the API
 * server. Start with agent.ts, then pod/plan.ts (pure) and pod/worker.ts. It imports api, platform, pki and client.
 *
 * This file is its one door to the container engine. DockerRuntime (docker/) and FakeRuntime (fake/) pass the same
 * lifecycle scenarios. Whatever the agent must remember of a container stands in its labels.
 */
export interface ContainerConfig {
  name: string
  image: string
  labels: Record<string, string>
  entrypoint?: string[]
  command?: string[]
  env: string[]
  workingDir?: string
  user?: string
  supplementalGroups?: string[]
  tty?: boolean
  openStdin?: boolean
  stdinOnce?: boolean
  hostname?: string
  mounts: Mount[]
  /** `container:ID` joins a sandbox, `host` the node; undefined: the network of the agent's pods. */
  networkMode?: string
  ipcMode?: string
  pidMode?: string
  utsMode?: string
  portBindings?: { containerPort: number; protocol: 'tcp' | 'udp' | 'sctp'; hostPort: number; hostIp?: string }[]
  resources: ContainerResources
  security: ContainerSecurity
  sysctls?: Record<string, string>
  stopSignal?: string
  logOptions?: { maxSize: string; maxFiles: number }
}

export interface Mount {
  source: string
  target: string
  readOnly: boolean
  propagation?: 'rprivate' | 'rslave' | 'rshared'
}

export interface ContainerResources {
  cpuShares?: number
  cpuQuota?: number
  cpuPeriod?: number
  cpusetCpus?: string
  memory?: number
  memorySwap?: number
  pidsLimit?: number
  oomScoreAdj?: number
}

export interface ContainerSecurity {
  privileged?: boolean
  capAdd?: string[]
  capDrop?: string[]
  readOnlyRootfs?: boolean
  securityOpt?: string[]
  maskedPaths?: string[]
  readonlyPaths?: string[]
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'

export interface ContainerSummary {
  id: string
  name: string
  image: string
  imageId: string
  labels: Record<string, string>
  state: ContainerState
  createdAt: number
}

export interface ContainerDetail extends ContainerSummary {
  pid: number
  startedAt?: number
  finishedAt?: number
  exitCode: number
  oomKilled: boolean
  /** What the engine said when the container could not be started. */
  error: string
  ipAddress: string
  logPath: string
  /** As they are now, changes while it ran included. */
  resources: ContainerResources
}

export interface ImageDetail {
  id: string
  tags: string[]
  digests: string[]
  size: number
  user: string
  entrypoint: string[]
  command: string[]
  /** Folders of its layers on this machine, the topmost first; [] where the engine does not show them. */
  layers: string[]
  createdAt: number
}

export interface PullProgress {
  currentBytes: number
  totalBytes: number
  /** What the engine is at, in its words: `Downloading`, `Extracting`. */
  stage: string
}

export interface RegistryAuth {
  username?: string
  password?: string
  auth?: string
  identitytoken?: string
  registrytoken?: string
  serveraddress?: string
}

export interface RuntimeEvent {
  /**
   * `connected` comes first, and once: what happened before it, a list shows. What is made and started is not told of:
   * whoever does that knows when it is done.
   */
  type: 'connected' | 'die' | 'oom' | 'destroy' | 'other'
  id: string
  labels: Record<string, string>
}

export interface ExecOptions {
  command: string[]
  stdin: boolean
  stdout: boolean
  stderr: boolean
  tty: boolean
}

/** A program running inside a container. Output streams are absent where they were not asked for. */
export interface StreamSession {
  stdin?: Writable
  stdout?: Readable
  stderr?: Readable
  resize(size: { width: number; height: number }): Promise<void>
  /** The exit code of an exec; undefined for an attach, which just ends. */
  exited: Promise<number | undefined>
  /** Ends it and leaves no process behind. */
  kill(): Promise<void>
  /** How long the program of an exec has been running by now; undefined while the engine is still starting it. */
  runningForMs?(): Promise<number | undefined>
}

export interface RuntimeInfo {
  name: string
  version: string
  apiVersion: string
  cgroupDriver: 'cgroupfs' | 'systemd'
  cgroupVersion: '1' | '2'
  rootDirectory: string
  operatingSystem: string
  kernelVersion: string
  architecture: string
  cpus: number
  memoryBytes: number
  liveRestore: boolean
}

/** The engine said no; `temporary` when the same call may go through later. */
export class RuntimeError extends Error {
  override name = 'RuntimeError'
  readonly temporary: boolean
  readonly reason: 'NotFound' | 'Conflict' | 'Unauthorized' | 'RateLimited' | 'Unavailable' | 'Invalid' | 'Unknown'
  constructor(reason: RuntimeError['reason'], message: string, temporary: boolean, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
    this.temporary = temporary
  }
}

export interface ContainerRuntime {
  info(): Promise<RuntimeInfo>
  /** Every container that has all of these labels, running or not. */
  list(labels: Record<string, string>): Promise<ContainerSummary[]>
  inspect(id: string): Promise<ContainerDetail | undefined>
  create(config: ContainerConfig): Promise<string>
  start(id: string): Promise<void>
  /** Signal, wait up to the grace, SIGKILL. Returns when it has stopped; fine if it already had. */
  stop(id: string, graceSeconds: number): Promise<void>
  kill(id: string, signal: string): Promise<void>
  /** Fine if it is gone already. */
  remove(id: string): Promise<void>
  updateResources(id: string, resources: ContainerResources): Promise<void>
  /** What happens to containers with these labels; a broken stream throws, and the caller lists again. */
  events(labels: Record<string, string>, signal: AbortSignal): AsyncIterable<RuntimeEvent>
  exec(id: string, options: ExecOptions): Promise<StreamSession>
  attach(id: string, options: Omit<ExecOptions, 'command'>): Promise<StreamSession>
  image(reference: string): Promise<ImageDetail | undefined>
  images(): Promise<ImageDetail[]>
  pull(
    reference: string,
    auth: RegistryAuth | undefined,
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void>
  /** Loads an image from a `docker save` archive: how the built-in sandbox image gets there. */
  loadImage(archive: Uint8Array): Promise<void>
  removeImage(reference: string): Promise<void>
  stats(id: string): Promise<ContainerStats | undefined>
  /** The network that pods without hostNetwork live on; made when absent, kept when it is right. */
  ensureNetwork(network: PodNetwork): Promise<void>
  /** Fine if it is gone already. */
  removeNetwork(name: string): Promise<void>
}

export interface PodNetwork {
  name: string
  /** Where absent, the engine chooses from its own address pools. */
  subnet?: string
  gateway?: string
  /** The name of the bridge interface. */
  bridge?: string
  mtu?: number
}

export interface ContainerStats {
  at: number
  cpuNanoseconds: number
  memoryBytes: number
  workingSetBytes: number
  pids: number
}
