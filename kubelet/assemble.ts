import * as fs from 'node:fs/promises'
import type { Pod, Service } from '../api/types/core-v1.ts'
import { createEventRecorder } from '../client/events.ts'
import type { Informer } from '../client/informer.ts'
import { PODS } from '../client/resources.ts'
import { readTextIfAny } from '../platform/disk.ts'
import { amountOf } from './amount.ts'
import { ReferenceCache } from './env/reference-cache.ts'
import { ImageCollector } from './image/collector.ts'
import { Images } from './image/images.ts'
import { AgentBackend } from './node/backend.ts'
import { Evictor } from './node/evictor.ts'
import type { MachineFacts } from './node/facts.ts'
import { allocatable, type NodeChoices } from './node/object.ts'
import { NodeRegistration } from './node/registration.ts'
import { AgentServer } from './node/server.ts'
import type { AgentOptions } from './options.ts'
import type { NodeSettings } from './pod/config.ts'
import { Listing } from './pod/listing.ts'
import type { LivePod } from './pod/pod.ts'
import { StatusReporter, type StatusTarget } from './pod/reporter.ts'
import type { PodServices } from './pod/services.ts'
import type { WorkerListener } from './pod/worker.ts'
import { PodWorkers } from './pod/workers.ts'
import { Probes } from './probe/probes.ts'
import { createNetnsDialer, type PodDialer } from './serve/netns.ts'
import { Claims } from './volume/claims.ts'
import { ImageVolumes } from './volume/image-volumes.ts'
import { Tokens } from './volume/tokens.ts'
import { Volumes } from './volume/volumes.ts'

/** What an agent consists of while it runs. */
export interface Parts {
  services: PodServices
  workers: PodWorkers
  references: ReferenceCache
  registration: NodeRegistration
  probes: Probes
  dialer: PodDialer
  evictor: Evictor
  collector: ImageCollector
  server: AgentServer | undefined
}

export interface Surroundings {
  facts: MachineFacts
  servicesInformer: Informer<Service>
  listener: WorkerListener
  /** An object that pods refer to has changed. */
  referenceChanged(key: string): void
  statusTarget(pod: LivePod): StatusTarget | undefined
  /** Makes the network of the pods once more, should it be gone. */
  ensureNetwork(): Promise<void>
  /** Why the node cannot run pods right now. */
  problems(): string[]
}

export async function assemble(options: AgentOptions, around: Surroundings): Promise<Parts> {
  const { clock, log } = options
  const shared = await assembleShared(options, around)
  const { services, references } = shared
  const workers = new PodWorkers(services, around.listener)
  const guards = assembleGuards(options, around, services, workers)
  const dialer = options.dialer ?? createNetnsDialer({ clock, log })
  const server = assembleServer(options, around, workers, dialer)
  return { services, workers, references, probes: new Probes(services), dialer, server, ...guards }
}

/** What all pod workers use. */
async function assembleShared(options: AgentOptions, around: Surroundings) {
  const { client, runtime, clock, random, log, nodeName, paths, processes } = options
  const events = createEventRecorder({ client, clock, random, log, component: 'kubelet', host: nodeName })
  const references = new ReferenceCache({ client, clock, random, log, changed: around.referenceChanged })
  const images = new Images(runtime, clock)
  const amounts = plainAmounts(allocatable(nodeChoices(options), around.facts))
  const pods = client.resource<Pod>(PODS)
  const { nodeIp } = options
  const downward = (pod: LivePod) => ({ pod, podIp: pod.status?.podIP ?? '', nodeIp: nodeIp(), allocatable: amounts })
  const volumes = new Volumes({
    ...{ paths, processes, clock },
    source: { references, tokens: new Tokens(client, clock), downward },
    claims: new Claims(client),
    images: new ImageVolumes({ images, processes, references, events }),
  })
  const services: PodServices = {
    ...{ runtime, clock, log, events, images, volumes, references, pods, nodeIp, paths },
    listing: new Listing(runtime, nodeName),
    reporter: new StatusReporter({ pods, clock, random, log }),
    services: () => around.servicesInformer.list(),
    statusTarget: around.statusTarget,
    ensureNetwork: around.ensureNetwork,
    settings: await nodeSettings(options, around.facts),
    dns: { servers: options.clusterDns, domain: options.clusterDomain },
    allocatable: () => amounts,
  }
  return { services, references }
}

/** The node's own object, and what keeps the node alive. */
function assembleGuards(options: AgentOptions, around: Surroundings, services: PodServices, workers: PodWorkers) {
  const { client, clock, log, nodeName, runtime, paths, registerNode } = options
  const { rootDirectory } = around.facts
  const registration = new NodeRegistration({
    ...{ client, clock, log, registerNode },
    choices: nodeChoices(options),
    measure: () => measure(options, around, evictor),
  })
  const collector = new ImageCollector({
    ...{ runtime, rootDirectory, clock, log },
    images: services.images,
    events: services.events,
    node: () => registration.node ?? { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } },
    rules: options.imageCollection,
  })
  const evictor: Evictor = new Evictor({
    ...{ services, workers, rootDirectory, paths, clock, log },
    thresholds: options.eviction,
    settleMs: options.pressureSettleMs,
    collect: () => collector.collect(true),
    changed: () =>
      void registration.syncStatus().catch(error => log.warn('The node status could not be sent', { error })),
  })
  return { registration, collector, evictor }
}

function assembleServer(options: AgentOptions, { facts }: Surroundings, workers: PodWorkers, dialer: PodDialer) {
  const { client, runtime, clock, log, nodeName, serving } = options
  const backend = new AgentBackend({
    workers,
    runtime,
    dialer,
    clock,
    client,
    nodeName,
    rootDirectory: facts.rootDirectory,
  })
  return serving && new AgentServer(serving, { nodeName, backend, clock, log })
}

function nodeChoices(options: AgentOptions): NodeChoices {
  const { nodeName, labels, annotations, taints, maxPods, systemReserved, kubeReserved, kubeletVersion, serving } =
    options
  return {
    nodeName,
    labels,
    annotations,
    taints,
    maxPods,
    systemReserved,
    kubeReserved,
    kubeletVersion,
    port: serving?.port ?? 10250,
  }
}

function plainAmounts(quantities: Record<string, string>): Record<string, number> {
  return Object.fromEntries(Object.entries(quantities).map(([name, quantity]) => [name, amountOf(quantity)!]))
}

async function nodeSettings(options: AgentOptions, facts: MachineFacts): Promise<NodeSettings> {
  const lowestOomScore = (await mayProtectFromOom()) ? -1000 : 0
  return {
    nodeName: options.nodeName,
    network: options.network.name,
    clusterDomain: options.clusterDomain,
    limits: { memoryCapacity: facts.memoryBytes, podPidsLimit: options.podPidsLimit, lowestOomScore },
    appArmor: ((await readTextIfAny(options.disk, '/sys/module/apparmor/parameters/enabled')) ?? '').startsWith('Y'),
    logOptions: options.containerLogs,
  }
}

const CAP_SYS_RESOURCE = 24n

/** Only with CAP_SYS_RESOURCE may a process be made less likely to be ended when memory is out. */
async function mayProtectFromOom(): Promise<boolean> {
  const match = /^CapEff:\s+([0-9a-f]+)$/m.exec(await fs.readFile('/proc/self/status', 'utf8'))
  return match !== null && (BigInt(`0x${match[1]}`) >> CAP_SYS_RESOURCE) % 2n === 1n
}

async function measure(options: AgentOptions, { facts, problems }: Surroundings, { pressure }: Evictor) {
  try {
    const images = await options.runtime.images()
    return { facts, nodeIp: options.nodeIp(), images, pressure, problems: problems() }
  } catch (error) {
    const down = `container runtime is down: ${error instanceof Error ? error.message : String(error)}`
    return { facts, nodeIp: options.nodeIp(), images: [], pressure, problems: [down, ...problems()] }
  }
}
