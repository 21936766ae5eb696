import { isReason } from '../../api/errors.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Live, ResourceClient } from '../../client/client.ts'
import { type Clock, pause } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { HASH_ANNOTATION, type LivePod, MIRROR_ANNOTATION } from '../pod/pod.ts'
import type { StatusTarget } from '../pod/reporter.ts'

interface Parts {
  pods: ResourceClient<Pod>
  clock: Clock
  log: Log
  nodeName: string
  /** The static pods of this node. */
  wanted(): LivePod[]
  /** The pods of this node at the API server, mirrors among them; undefined while they are not known. */
  present(): LivePod[] | undefined
  nodeUid(): string | undefined
  /** A mirror has come to be: the pod's status can be shown now. */
  made(pod: LivePod): void
}

const RETRY_MS = 5000

/** Shows static pods at the API server: one object for each, made again when somebody deletes it. */
export class Mirrors {
  readonly #parts: Parts
  readonly #stopping = new AbortController()
  #running = Promise.resolve()
  #wake = () => {}
  #again = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    await this.#running
  }

  /** Something has changed: look again. */
  kick(): void {
    this.#again = true
    this.#wake()
  }

  targetOf(pod: LivePod): StatusTarget | undefined {
    return this.#parts.present()?.find(mirror => isMirrorOf(mirror, pod))?.metadata
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      this.#again = false
      try {
        await this.#sync()
      } catch (error) {
        this.#parts.log.warn('Static pods could not be shown', { error })
      }
      if (!this.#again) await this.#pause(signal)
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const kicked = new AbortController()
    this.#wake = () => kicked.abort()
    await pause(this.#parts.clock, RETRY_MS, AbortSignal.any([signal, kicked.signal]))
  }

  async #sync(): Promise<void> {
    const { wanted, present } = this.#parts
    const found = present()
    if (!found) return
    const pods = wanted()
    for (const mirror of found.filter(isMirrorObject)) {
      if (!pods.some(pod => isMirrorOf(mirror, pod))) await this.#remove(mirror)
    }
    for (const pod of pods) {
      if (!found.some(mirror => isMirrorOf(mirror, pod))) await this.#make(pod)
    }
  }

  async #remove({ metadata: { name, namespace, uid } }: LivePod): Promise<void> {
    try {
      await this.#parts.pods.delete(name, { namespace, gracePeriodSeconds: 0, preconditions: { uid } })
    } catch (error) {
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
    }
  }

  async #make(pod: LivePod): Promise<Live<Pod> | undefined> {
    const { nodeName, nodeUid, pods, made } = this.#parts
    const uid = nodeUid()
    if (uid === undefined) return undefined
    try {
      const mirror = await pods.create(mirrorOf(pod, { name: nodeName, uid }))
      made(pod)
      return mirror
    } catch (error) {
      // Known already, only not seen yet.
      if (isReason(error, 'AlreadyExists')) return undefined
      throw error
    }
  }
}

function isMirrorObject(pod: LivePod): boolean {
  return pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined
}

/** The mirror of exactly this version of the file. */
function isMirrorOf(mirror: LivePod, pod: LivePod): boolean {
  const { name, namespace, annotations, deletionTimestamp } = mirror.metadata
  if (deletionTimestamp) return false
  const same = name === pod.metadata.name && namespace === pod.metadata.namespace
  return same && annotations?.[MIRROR_ANNOTATION] === pod.metadata.annotations?.[HASH_ANNOTATION]
}

/** What the API server is shown: the pod, owned by its node, marked as not being its own. */
export function mirrorOf(pod: LivePod, node: { name: string; uid: string }): Pod {
  const { name, namespace, labels, annotations = {} } = pod.metadata
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels,
      annotations: { ...annotations, [MIRROR_ANNOTATION]: annotations[HASH_ANNOTATION] ?? '' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid, controller: true }],
    },
    spec: pod.spec,
  }
}
