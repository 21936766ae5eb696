import { objectKey } from '../../api/objects.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import type { StorageClass } from '../../api/types/storage-v1.ts'
import { BOUND_BY_CONTROLLER, isClaimedBy, isFullyBound, LOCAL_PROVISIONER, storageClassOf } from '../../api/volumes.ts'
import type { Live, ResourceClient } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import { unlessGone, unlessMissing, unlessThere } from '../../client/outcomes.ts'
import { NODES, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES } from '../../client/resources.ts'
import { type Context, type Controller, createLoop, type Loop, together } from '../context.ts'
import {
  boundClaim,
  type ClaimStep,
  decideClaim,
  decidePhase,
  defaultClassOf,
  IS_DEFAULT,
  LOCAL_CLASS,
  localVolume,
} from './decide.ts'
import { volumeReclaimer } from './reclaim.ts'

type Claim = Live<PersistentVolumeClaim>
type Volume = Live<PersistentVolume>

/** Binds claims to volumes, makes local ones where their class asks for it, and gives volumes back. */
export function volumeController(context: Context): Controller {
  const binder = new Binder(context)
  const ensuring = { start: () => void binder.ensureClass(), stop: async () => {} }
  return together(binder.claimLoop, binder.volumeLoop, volumeReclaimer(context), ensuring)
}

class Binder {
  readonly claimLoop: Loop
  readonly volumeLoop: Loop
  readonly #context: Context
  readonly #claims: Informer<PersistentVolumeClaim>
  readonly #volumes: Informer<PersistentVolume>
  readonly #classes: Informer<StorageClass>
  readonly #nodes: Informer<Node>
  readonly #claimClient: ResourceClient<PersistentVolumeClaim>
  readonly #volumeClient: ResourceClient<PersistentVolume>

  constructor(context: Context) {
    const { client, informers } = context
    this.#context = context
    this.#claims = informers.of(PERSISTENT_VOLUME_CLAIMS)
    this.#volumes = informers.of(PERSISTENT_VOLUMES)
    this.#classes = informers.of(STORAGE_CLASSES)
    this.#nodes = informers.of(NODES)
    this.#claimClient = client.resource(PERSISTENT_VOLUME_CLAIMS)
    this.#volumeClient = client.resource(PERSISTENT_VOLUMES)
    // One worker: two claims must never be given the same volume.
    const options = { workers: 1, component: 'persistentvolume-controller' }
    this.claimLoop = createLoop(context, 'persistentvolume-claims', key => this.#stepClaim(key), options)
    this.volumeLoop = createLoop(context, 'persistentvolume-volumes', name => this.#stepVolume(name), options)
    this.claimLoop.watch(this.#claims)
    this.volumeLoop.watch(this.#volumes)
    this.#crossWatch()
  }

  #crossWatch(): void {
    const pending = () =>
      this.#claims
        .list()
        .filter(claim => !isFullyBound(claim))
        .map(objectKey)
    this.claimLoop.watchRelated(this.#volumes, ({ spec }) =>
      spec.claimRef ? [`${spec.claimRef.namespace}/${spec.claimRef.name}`] : pending(),
    )
    this.claimLoop.watchRelated(this.#classes, pending)
    this.volumeLoop.watchRelated(this.#claims, ({ spec }) => (spec.volumeName ? [spec.volumeName] : []))
  }

  /** A cluster without any class gets one that works with nothing to install. */
  async ensureClass(): Promise<void> {
    if (this.#classes.size > 0) return
    const annotations = { [IS_DEFAULT]: 'true' }
    const local: StorageClass = {
      metadata: { name: LOCAL_CLASS, annotations },
      provisioner: LOCAL_PROVISIONER,
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    }
    try {
      await unlessThere(this.#context.client.resource<StorageClass>(STORAGE_CLASSES).create(local))
    } catch (error) {
      this.#context.log.warn('The default storage class could not be made', { error })
    }
  }

  async #stepClaim(key: string): Promise<void> {
    const claim = this.#claims.get(key)
    if (!claim) return
    const className = storageClassOf(claim)
    const step = decideClaim(
      claim,
      this.#volumes.list(),
      name => this.#volumes.get(name),
      this.#classes.get(className),
      defaultClassOf(this.#classes.list()),
    )
    await this.#carryOut(claim, step)
  }

  async #carryOut(claim: Claim, step: ClaimStep): Promise<void> {
    switch (step.do) {
      case 'nothing':
        return
      case 'bind':
        return this.#bind(claim, step.volume)
      case 'give-class':
        await unlessGone(
          this.#claimClient.update({ ...claim, spec: { ...claim.spec, storageClassName: step.className } }),
        )
        return
      case 'provision':
        return this.#provision(claim, step.storageClass, step.nodeName)
      case 'wait':
        return this.claimLoop.events.event(claim, step.type, step.reason, step.message)
      case 'lose':
        if (claim.status?.phase === 'Lost') return
        this.claimLoop.events.event(claim, 'Warning', 'ClaimLost', step.message)
        await unlessGone(this.#claimClient.update({ ...claim, status: { ...claim.status, phase: 'Lost' } }, 'status'))
    }
  }

  /** Four writes, each of which may be the last before a crash: the volume first, so that it is never given twice. */
  async #bind(claim: Claim, volume: Volume): Promise<void> {
    const wasFound = !claim.spec.volumeName
    const claimed = await this.#claimVolume(claim, volume)
    const bound = isFullyBound(claim) ? claim : await this.#claimClient.update(boundClaim(claim, claimed, wasFound))
    if (claimed.status?.phase !== 'Bound') {
      await this.#volumeClient.update({ ...claimed, status: { ...claimed.status, phase: 'Bound' } }, 'status')
    }
    if (bound.status?.phase === 'Bound') return
    const status = { phase: 'Bound', accessModes: claimed.spec.accessModes, capacity: claimed.spec.capacity }
    await unlessGone(this.#claimClient.update({ ...bound, status: { ...bound.status, ...status } }, 'status'))
  }

  async #claimVolume(claim: Claim, volume: Volume): Promise<Volume> {
    if (isClaimedBy(volume, claim) && volume.spec.claimRef?.uid) return volume
    const { name, namespace, uid, resourceVersion } = claim.metadata
    const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid, resourceVersion }
    const annotations = { ...volume.metadata.annotations, [BOUND_BY_CONTROLLER]: 'yes' }
    const metadata = { ...volume.metadata, annotations }
    return this.#volumeClient.update({ ...volume, metadata, spec: { ...volume.spec, claimRef } })
  }

  async #provision(claim: Claim, storageClass: StorageClass, nodeName: string | undefined): Promise<void> {
    const { events } = this.claimLoop
    if (!nodeName) {
      const message = `storage class ${storageClass.metadata?.name} needs volumeBindingMode WaitForFirstConsumer: its volumes are on nodes`
      return events.event(claim, 'Warning', 'ProvisioningFailed', message)
    }
    const node = this.#nodes.get(nodeName)
    if (!node) throw new Error(`node ${nodeName}, selected for a volume, does not exist`)
    const made = await unlessThere(this.#volumeClient.create(localVolume(claim, storageClass, node)))
    if (!made) return
    const message = `Successfully provisioned volume ${made.metadata.name}`
    events.event(claim, 'Normal', 'ProvisioningSucceeded', message)
  }

  async #stepVolume(name: string): Promise<void> {
    const volume = this.#volumes.get(name)
    if (!volume) return
    const claim = volume.spec.claimRef ? await this.#claimOf(volume) : undefined
    const phase = decidePhase(volume, claim)
    if (volume.status?.phase !== phase && phase !== 'Bound') {
      await unlessGone(this.#volumeClient.update({ ...volume, status: { ...volume.status, phase } }, 'status'))
    }
  }

  /** That a claim is gone is only believed from the server itself: a volume must not be given away too early. */
  async #claimOf(volume: Volume): Promise<Claim | undefined> {
    const { name = '', namespace = '', uid } = volume.spec.claimRef!
    const known = this.#claims.get(`${namespace}/${name}`)
    if (known && (!uid || known.metadata.uid === uid)) return known
    return unlessMissing(this.#claimClient.get(name, namespace))
  }
}
