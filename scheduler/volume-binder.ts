import type { Node, PersistentVolume, PersistentVolumeClaim } from '../api/types/core-v1.ts'
import {
  BOUND_BY_CONTROLLER,
  claimNamesOf,
  findVolume,
  isClaimedBy,
  isFullyBound,
  SELECTED_NODE,
  storageClassOf,
} from '../api/volumes.ts'
import type { Client, Live } from '../client/client.ts'
import type { Informer } from '../client/informer.ts'
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from '../client/resources.ts'
import type { Clock } from '../platform/clock.ts'
import type { PodFacts } from './facts.ts'

export interface VolumeStep {
  claim: Live<PersistentVolumeClaim>
  /** A volume that stands ready; undefined: one is to be made for the node. */
  volume: Live<PersistentVolume> | undefined
}

/** What has to be done for a pod's claims once its node is known. */
function planVolumes(
  pod: PodFacts,
  node: Node,
  claimOf: (key: string) => Live<PersistentVolumeClaim> | undefined,
  volumesOf: (className: string) => readonly Live<PersistentVolume>[],
): VolumeStep[] {
  const taken = new Set<PersistentVolume>()
  return claimNamesOf(pod.pod).flatMap(name => {
    const claim = claimOf(`${pod.namespace}/${name}`)
    if (!claim || isFullyBound(claim)) return []
    const free = volumesOf(storageClassOf(claim)).filter(volume => !taken.has(volume))
    const found = findVolume(claim, free, node)
    if (found) taken.add(found)
    return [{ claim, volume: free.find(volume => volume === found) }]
  })
}

/** Claims that waited for their first consumer get their volume, before the pod is bound. */
export class VolumeBinder {
  readonly #client: Client
  readonly #clock: Clock
  readonly #claims: Informer<PersistentVolumeClaim>
  readonly #volumes: Informer<PersistentVolume>
  readonly #waiting = new Set<() => void>()

  constructor(
    client: Client,
    clock: Clock,
    claims: Informer<PersistentVolumeClaim>,
    volumes: Informer<PersistentVolume>,
  ) {
    this.#client = client
    this.#clock = clock
    this.#claims = claims
    this.#volumes = volumes
    const wake = () => {
      for (const check of this.#waiting) check()
    }
    claims.addHandler({ added: wake, updated: wake, deleted: wake })
  }

  /** Throws when a claim did not become bound in time, or went away. */
  async bind(pod: PodFacts, node: Node, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const steps = planVolumes(
      pod,
      node,
      key => this.#claims.get(key),
      className => this.#volumes.byIndex('class', className),
    )
    if (steps.length === 0) return
    await Promise.all(steps.map(step => this.#take(step, node)))
    await Promise.all(steps.map(step => this.#untilBound(step.claim, timeoutMs, signal)))
  }

  async #take({ claim, volume }: VolumeStep, node: Node): Promise<void> {
    if (volume && isClaimedBy(volume, claim)) return
    const { name, namespace, uid, resourceVersion } = claim.metadata
    if (!volume) {
      const annotations = { [SELECTED_NODE]: node.metadata?.name }
      const claims = this.#client.resource<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS)
      await claims.patch(name, 'merge', { metadata: { annotations } }, { namespace })
      return
    }
    const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid, resourceVersion }
    const annotations = { ...volume.metadata.annotations, [BOUND_BY_CONTROLLER]: 'yes' }
    const metadata = { ...volume.metadata, annotations }
    // The volume's resourceVersion keeps two pods from taking the same one.
    const volumes = this.#client.resource<PersistentVolume>(PERSISTENT_VOLUMES)
    await volumes.update({ ...volume, metadata, spec: { ...volume.spec, claimRef } })
  }

  #untilBound(claim: Live<PersistentVolumeClaim>, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const key = `${claim.metadata.namespace}/${claim.metadata.name}`
    return new Promise((resolve, reject) => {
      const finish = (error?: Error) => {
        this.#waiting.delete(check)
        timer.cancel()
        signal.removeEventListener('abort', onAbort)
        if (error) reject(error)
        else resolve()
      }
      const check = () => {
        const now = this.#claims.get(key)
        if (!now) finish(new Error(`persistentvolumeclaim "${claim.metadata.name}" is gone`))
        else if (isFullyBound(now)) finish()
      }
      const onAbort = () => finish(new Error('stopped'))
      const timer = this.#clock.after(timeoutMs, () =>
        finish(
          new Error(`binding persistentvolumeclaim "${claim.metadata.name}": timed out waiting for the condition`),
        ),
      )
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(check)
      check()
    })
  }
}
