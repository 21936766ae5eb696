import type { Pod } from '../../api/types/core-v1.ts'
import { Informer } from '../../client/informer.ts'
import { PODS } from '../../client/resources.ts'
import type { AgentOptions } from '../options.ts'
import { isMirror, isStatic, type LivePod } from '../pod/pod.ts'
import type { StatusTarget } from '../pod/reporter.ts'
import type { PodWorkers } from '../pod/workers.ts'
import { Mirrors } from './mirrors.ts'
import { StaticPods } from './static-pods.ts'

type Around = Pick<
  AgentOptions,
  'client' | 'clock' | 'random' | 'log' | 'disk' | 'nodeName' | 'paths' | 'runsElsewhere'
>

interface Target {
  workers: PodWorkers
  nodeUid(): string | undefined
}

/** Where a node's pods come from: the API server, and files of this node. Hands them to the workers. */
export class PodSources {
  readonly #options: Around
  readonly #target: Target
  readonly #fromApi: Informer<Pod>
  readonly #fromFiles: StaticPods
  readonly #mirrors: Mirrors
  /** New versions of static pods whose former version has not ended yet. */
  readonly #next = new Map<string, LivePod>()

  constructor(options: Around, target: Target) {
    this.#options = options
    this.#target = target
    const { client, clock, random, log, disk, nodeName, paths } = options
    const pods = client.resource<Pod>(PODS)
    this.#fromApi = new Informer(pods, { clock, random, log, fieldSelector: `spec.nodeName=${nodeName}` })
    this.#fromFiles = new StaticPods({
      ...{ directory: paths.manifests, nodeName, disk, clock, log },
      appeared: pod => this.#appeared(pod),
      vanished: pod => this.#vanished(pod),
    })
    this.#mirrors = new Mirrors({
      ...{ pods, clock, log, nodeName, nodeUid: target.nodeUid },
      wanted: () => this.#fromFiles.list().filter(pod => !this.#isElsewhere(pod)),
      present: () => (this.#fromApi.hasSynced ? this.#apiPods() : undefined),
      made: pod => target.workers.get(pod.metadata.uid)?.wake(),
    })
  }

  async start(): Promise<void> {
    const { workers } = this.#target
    await this.#fromFiles.start()
    const changed = (pod: Pod) => {
      if (isMirror(pod as LivePod)) this.#mirrors.kick()
      workers.apply(pod as LivePod)
    }
    this.#fromApi.addHandler({
      added: changed,
      updated: changed,
      deleted: pod => (isMirror(pod as LivePod) ? this.#mirrors.kick() : workers.gone(pod as LivePod)),
    })
    this.#fromApi.start()
    this.#mirrors.start()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#fromApi.stop(), this.#fromFiles.stop(), this.#mirrors.stop()])
  }

  /** Every pod there is has been handed over. */
  get complete(): boolean {
    return this.#fromApi.hasSynced
  }

  completed(): Promise<void> {
    return this.#fromApi.synced()
  }

  statusTarget(pod: LivePod): StatusTarget | undefined {
    return isStatic(pod) ? this.#mirrors.targetOf(pod) : pod.metadata
  }

  /** A pod has ended: a new version of it may take its place. */
  finished(): void {
    for (const [name, next] of this.#next) {
      if (this.#target.workers.find(next.metadata.namespace, next.metadata.name)) continue
      this.#next.delete(name)
      this.#target.workers.apply(next)
    }
  }

  #apiPods(): LivePod[] {
    return (this.#fromApi.list() as LivePod[]).filter(pod => !this.#isElsewhere(pod))
  }

  #isElsewhere(pod: LivePod): boolean {
    return this.#options.runsElsewhere?.(pod) === true
  }

  #appeared(pod: LivePod): void {
    if (this.#isElsewhere(pod)) return
    const { name, namespace } = pod.metadata
    this.#mirrors.kick()
    if (this.#target.workers.find(namespace, name)) this.#next.set(name, pod)
    else this.#target.workers.apply(pod)
  }

  #vanished(pod: LivePod): void {
    this.#mirrors.kick()
    if (this.#next.get(pod.metadata.name)?.metadata.uid === pod.metadata.uid) this.#next.delete(pod.metadata.name)
    this.#target.workers.gone(pod)
  }
}
