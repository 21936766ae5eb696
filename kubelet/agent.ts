import type { Service } from '../api/types/core-v1.ts'
import { Informer } from '../client/informer.ts'
import { SERVICES } from '../client/resources.ts'
import { pause } from '../platform/clock.ts'
import { assemble, type Parts } from './assemble.ts'
import { referencesOf } from './env/references-of.ts'
import { followEngine } from './node/engine-events.ts'
import { readMachine } from './node/facts.ts'
import { networkFor } from './node/network.ts'
import { PodSources } from './node/pod-sources.ts'
import { endAllPods } from './node/shutdown.ts'
import { watchForSleep } from './node/sleep-watch.ts'
import type { AgentOptions, Serving } from './options.ts'
import type { LivePod } from './pod/pod.ts'
import type { PodWorker } from './pod/worker.ts'
import type { PodNetwork } from './runtime.ts'
import { ensureSandboxImage, imageArchitecture } from './sandbox/image.ts'

/**
 * kubelet/ is the worker-node agent: pods on Docker. Start here, then assemble.ts (what it is made of), pod/plan.ts (what
 * to do next for a pod: pure), pod/worker.ts (one pod's life) and runtime.ts (the engine). pod/status.ts says what the API
 * server is told; node/ is the node's own object; serve/ the agent's server. It imports api, platform, pki and client.
 */
export interface Agent {
  start(): Promise<void>
  /** Lets go of everything; containers go on running, and the next agent adopts them. */
  stop(): Promise<void>
  /** The machine goes down: ends all pods in order, within their grace. To be followed by `stop`. */
  shutDown(): Promise<void>
  /** `nodeIp` says something else than before. */
  addressChanged(): void
  /** A new serving certificate, without closing a connection. */
  renewCertificate(serving: Pick<Serving, 'key' | 'certificate' | 'clientCa'>): void
}

export function createAgent(options: AgentOptions): Agent {
  return new NodeAgent(options)
}

/** What no event told is found at the latest after this long. */
const RELOOK_MS = 60_000
const CIDR_EVERY_MS = 500

class NodeAgent implements Agent {
  readonly #options: AgentOptions
  readonly #stopping = new AbortController()
  readonly #services: Informer<Service>
  #parts: Parts | undefined
  #sources: PodSources | undefined
  #loops: Promise<unknown>[] = []
  #network: PodNetwork | undefined
  #problems: string[] = ['container runtime network not ready']

  constructor(options: AgentOptions) {
    this.#options = options
    const { client, clock, random, log } = options
    this.#services = new Informer(client.resource<Service>(SERVICES), { clock, random, log })
  }

  async start(): Promise<void> {
    const { runtime, disk, log, nodeName } = this.#options
    const engine = await runtime.info()
    const facts = await readMachine(disk, engine)
    await ensureSandboxImage(runtime, imageArchitecture(facts.architecture))
    const parts = await assemble(this.#options, {
      facts,
      servicesInformer: this.#services,
      listener: {
        finished: uid => {
          this.#parts?.probes.forget(uid)
          this.#sources?.finished()
        },
        looked: worker => this.#looked(worker),
      },
      referenceChanged: key => this.#referenceChanged(key),
      statusTarget: pod => this.#sources?.statusTarget(pod),
      ensureNetwork: () => this.#ensureNetwork(),
      problems: () => this.#problems,
    })
    this.#parts = parts
    const nodeUid = () => parts.registration.node?.metadata.uid
    this.#sources = new PodSources(this.#options, { workers: parts.workers, nodeUid })
    this.#services.start()
    parts.registration.start()
    await parts.server?.listen()
    this.#loops.push(this.#runPods(parts))
    log.info('The agent has started', { nodeName, engine: engine.version })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    const { workers, registration, references, services, server, dialer } = this.#parts ?? {}
    await Promise.all([this.#sources?.stop(), this.#services.stop(), registration?.stop(), server?.close()])
    await workers?.stop()
    this.#parts?.probes.stop()
    await Promise.all([references?.stop(), services?.reporter.stop(), ...this.#loops])
    await services?.events.flush()
    dialer?.close()
  }

  async shutDown(): Promise<void> {
    const { clock, log, shutdownGraceSeconds } = this.#options
    this.#problems = ['node is shutting down']
    if (!this.#parts) return
    const { registration, workers } = this.#parts
    void registration.syncStatus().catch(error => this.#complain('The node status could not be sent', error))
    await endAllPods({ workers, clock, log, graceSeconds: shutdownGraceSeconds })
  }

  addressChanged(): void {
    void this.#parts?.registration.announce().catch(error => this.#complain('The node status could not be sent', error))
    // Pods on the node's own network have its address.
    this.#parts?.workers.wakeAll()
  }

  renewCertificate(serving: Pick<Serving, 'key' | 'certificate' | 'clientCa'>): void {
    this.#parts?.server?.renew(serving)
  }

  /** Everything that has to wait for the pod network. */
  async #runPods(parts: Parts): Promise<void> {
    const { signal } = this.#stopping
    await this.#makeNetwork(parts)
    if (signal.aborted) return
    this.#problems = []
    void parts.registration.syncStatus().catch(error => this.#complain('The node status could not be sent', error))
    await this.#sources?.start()
    const { evictor, collector } = parts
    const loops = [this.#followEngine(parts), this.#relook(parts), this.#watchForSleep(parts)]
    await Promise.all([...loops, evictor.run(signal), collector.run(signal)])
  }

  /** What was sent before a long sleep is old: the node says at once that it lives. */
  #watchForSleep({ services, registration }: Parts): Promise<void> {
    const { clock, log, nodeName } = this.#options
    const node = () => registration.node ?? { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } }
    const woke = () => {
      void registration.announce().catch(error => this.#complain('The node could not say that it woke', error))
    }
    return watchForSleep({ clock, log, events: services.events, node, woke }, this.#stopping.signal)
  }

  async #makeNetwork({ registration }: Parts): Promise<void> {
    const { network, awaitPodCidr, clock } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        const cidr = awaitPodCidr ? await registration.podCidr() : undefined
        if (!awaitPodCidr || cidr) {
          this.#network = networkFor(network, cidr)
          return await this.#ensureNetwork()
        }
        this.#problems = ['container runtime network not ready: the node has no podCIDR yet']
      } catch (error) {
        this.#problems = [`container runtime network not ready: ${(error as Error).message}`]
        this.#complain('The pod network could not be made', error)
      }
      await pause(clock, CIDR_EVERY_MS, signal)
    }
  }

  async #ensureNetwork(): Promise<void> {
    if (this.#network) await this.#options.runtime.ensureNetwork(this.#network)
  }

  #followEngine(parts: Parts): Promise<void> {
    const { runtime, clock, log, nodeName } = this.#options
    const connected = () => {
      parts.workers.wakeAll()
      void this.#clearOrphans(parts)
    }
    const happened = (uid: string, id: string) => parts.workers.happened(uid, id)
    return followEngine({ runtime, clock, log, nodeName, connected, happened }, this.#stopping.signal)
  }

  async #relook(parts: Parts): Promise<void> {
    const { signal } = this.#stopping
    void this.#sources?.completed().then(() => this.#clearOrphans(parts))
    while (!signal.aborted) {
      await this.#clearOrphans(parts)
      await this.#refreshVolumes(parts)
      await pause(this.#options.clock, RELOOK_MS, signal)
      parts.workers.wakeAll()
    }
  }

  #looked(worker: PodWorker): void {
    this.#parts?.probes.sync(worker.pod, worker.picture, worker.memory, () => worker.wake())
  }

  /** Containers of pods that nobody knows are ended, but only when everybody has been asked. */
  async #clearOrphans({ workers }: Parts): Promise<void> {
    if (!this.#sources?.complete) return
    await workers.clearOrphans().catch(error => this.#complain('Looking for orphans failed', error))
  }

  async #refreshVolumes({ workers, services, references }: Parts): Promise<void> {
    const keys = workers.all().flatMap(({ pod }) => referenceKeys(pod))
    await references.retain(new Set(keys))
    for (const { pod } of workers.all()) {
      await services.volumes.refresh(pod).catch(error => this.#complain('A volume could not be refreshed', error))
    }
  }

  /** Running pods see the change in their files at once; pods that could not start because of it try again at once. */
  #referenceChanged(key: string): void {
    const { workers, services } = this.#parts ?? {}
    for (const worker of workers?.all() ?? []) {
      if (!referenceKeys(worker.pod).includes(key)) continue
      worker.forgive()
      void services?.volumes
        .refresh(worker.pod)
        .catch(error => this.#complain('A volume could not be refreshed', error))
    }
  }

  #complain(what: string, error: unknown): void {
    if (!this.#stopping.signal.aborted) this.#options.log.warn(what, { error })
  }
}

/** The objects a pod refers to, as the cache of references names them. */
function referenceKeys(pod: LivePod): string[] {
  return [...referencesOf(pod)].map(reference => reference.replace('/', `/${pod.metadata.namespace}/`))
}
