import type { ContainerSummary } from '../runtime.ts'
import { NODE_LABEL, readLabels } from './labels.ts'
import type { Ending } from './memory.ts'
import { isMirror, type LivePod } from './pod.ts'
import type { PodServices } from './services.ts'
import { PodWorker, type WorkerListener } from './worker.ts'

/** The workers of all pods of this node, and the pods that only the engine still knows of. */
export class PodWorkers {
  readonly #services: PodServices
  readonly #listener: WorkerListener
  readonly #workers = new Map<string, PodWorker>()

  constructor(services: PodServices, listener: WorkerListener) {
    this.#services = services
    this.#listener = {
      looked: listener.looked,
      finished: uid => {
        this.#workers.delete(uid)
        listener.finished(uid)
      },
    }
  }

  /** A pod as its source has it now. */
  apply(pod: LivePod): void {
    this.#services.reporter.shown(pod)
    if (isMirror(pod)) return
    const known = this.#workers.get(pod.metadata.uid)
    if (known) {
      known.update(pod)
      return
    }
    const worker = new PodWorker(this.#services, this.#listener, pod)
    this.#workers.set(pod.metadata.uid, worker)
    worker.wake()
  }

  /** Its source does not have it any more: it was deleted by force, or its file is gone. */
  gone(pod: LivePod): void {
    const graceSeconds = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30
    this.get(pod.metadata.uid)?.end({ why: 'gone', graceSeconds: Math.max(1, graceSeconds) })
  }

  get(uid: string): PodWorker | undefined {
    return this.#workers.get(uid)
  }

  find(namespace: string, name: string): PodWorker | undefined {
    return this.all().find(({ pod: { metadata } }) => metadata.namespace === namespace && metadata.name === name)
  }

  all(): PodWorker[] {
    return [...this.#workers.values()]
  }

  happened(uid: string, containerId: string): void {
    this.#workers.get(uid)?.happened(containerId)
  }

  wakeAll(): void {
    for (const worker of this.#workers.values()) worker.wake()
  }

  /** Ends what the engine has of pods that nobody knows. Only to be asked when all sources have been read. */
  async clearOrphans(): Promise<void> {
    const { runtime, settings, log } = this.#services
    for (const summary of await runtime.list({ [NODE_LABEL]: settings.nodeName })) {
      const orphan = orphanOf(summary)
      if (!orphan || this.#workers.has(orphan.pod.metadata.uid)) continue
      log.info('Ending a pod that nobody knows of', { pod: orphan.pod.metadata.name, uid: orphan.pod.metadata.uid })
      this.apply(orphan.pod)
      this.get(orphan.pod.metadata.uid)?.end(orphan.ending)
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.all().map(worker => worker.stop()))
  }
}

/** As much of a pod as is needed to end it, from the labels of one of its containers. */
function orphanOf(summary: ContainerSummary): { pod: LivePod; ending: Ending } | undefined {
  const labels = readLabels(summary.labels)
  if (!labels) return undefined
  const { podUid: uid, podName: name, podNamespace: namespace, graceSeconds } = labels
  const pod = {
    metadata: { name, namespace, uid, resourceVersion: '', creationTimestamp: '' },
    spec: { containers: [], terminationGracePeriodSeconds: graceSeconds },
  }
  return { pod, ending: { why: 'gone', graceSeconds } }
}
