import { objectKey } from '../../api/objects.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts'
import { claimNamesOf } from '../../api/volumes.ts'
import type { Live } from '../../client/client.ts'
import { unlessGone } from '../../client/outcomes.ts'
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from '../../client/resources.ts'
import { type Context, type Controller, createLoop, together } from '../context.ts'
import { sharedPods } from '../pods.ts'

const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection'
const VOLUME_FINALIZER = 'kubernetes.io/pv-protection'

/** Whether a pod holds the claim: one that was never placed cannot; one that has ended does until it is deleted. */
export function holdsClaim(pod: Pod, claimName: string): boolean {
  return Boolean(pod.spec?.nodeName) && claimNamesOf(pod).includes(claimName)
}

/** Claims and volumes that are deleted stay until nobody uses them any more. */
export function volumeProtectionController(context: Context): Controller {
  return together(claimProtection(context), volumeProtection(context))
}

function claimProtection(context: Context): Controller {
  const { client, informers } = context
  const claims = informers.of<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS)
  const pods = sharedPods(informers)
  const resource = client.resource<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS)
  const loop = createLoop(context, 'pvc-protection-controller', async key => {
    const claim = claims.get(key)
    if (!claim?.metadata.deletionTimestamp || !claim.metadata.finalizers?.includes(CLAIM_FINALIZER)) return
    const { name, namespace } = claim.metadata
    if (pods.byIndex('namespace', namespace).some(pod => holdsClaim(pod, name))) return
    await unlessGone(resource.update(without(claim, CLAIM_FINALIZER)))
  })
  loop.watch(claims)
  loop.watchRelated(pods, pod => claimNamesOf(pod).map(name => `${pod.metadata.namespace}/${name}`))
  return loop
}

function volumeProtection(context: Context): Controller {
  const { client, informers } = context
  const volumes = informers.of<PersistentVolume>(PERSISTENT_VOLUMES)
  const resource = client.resource<PersistentVolume>(PERSISTENT_VOLUMES)
  const loop = createLoop(context, 'pv-protection-controller', async name => {
    const volume = volumes.get(name)
    const isFree = volume?.metadata.deletionTimestamp && volume.status?.phase !== 'Bound'
    if (!isFree || !volume.metadata.finalizers?.includes(VOLUME_FINALIZER)) return
    await unlessGone(resource.update(without(volume, VOLUME_FINALIZER)))
  })
  loop.watchRelated(volumes, volume => [objectKey(volume)])
  return loop
}

function without<T extends PersistentVolume | PersistentVolumeClaim>(object: Live<T>, finalizer: string): Live<T> {
  const finalizers = object.metadata.finalizers?.filter(name => name !== finalizer)
  return { ...object, metadata: { ...object.metadata, finalizers } }
}
