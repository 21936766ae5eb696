import { isReason } from '../api/errors.ts'
import type { KubeObject, ResourceRef } from '../api/objects.ts'
import type { Live, ResourceClient } from '../client/client.ts'
import { unlessGone } from '../client/outcomes.ts'
import { controllerReference, controllerRefOf } from './context.ts'

export interface Claim<T> {
  owned: T[]
  adopt: T[]
  release: T[]
}

/**
 * Which objects belong to an owner: those it controls and selects; orphans that it selects are adopted, and what it
 * controls but no longer selects is let go. An owner on its way out adopts nobody.
 */
export function decideClaims<T extends Live<KubeObject>>(
  owner: Live<KubeObject>,
  candidates: readonly T[],
  selects: (object: T) => boolean,
): Claim<T> {
  const claim: Claim<T> = { owned: [], adopt: [], release: [] }
  for (const object of candidates) {
    const controller = controllerRefOf(object)
    const isSelected = selects(object)
    if (controller?.uid === owner.metadata.uid) {
      if (isSelected || owner.metadata.deletionTimestamp) claim.owned.push(object)
      else claim.release.push(object)
    } else if (!controller && isSelected && !owner.metadata.deletionTimestamp && !object.metadata.deletionTimestamp) {
      claim.adopt.push(object)
    }
  }
  return claim
}

/** Carries a claim out and returns all that belong to the owner now. */
export async function settleClaims<T extends KubeObject>(
  resource: ResourceClient<T>,
  owner: Live<KubeObject>,
  ownerRef: ResourceRef,
  claim: Claim<Live<T>>,
): Promise<Live<T>[]> {
  const adopted = await Promise.all(claim.adopt.map(object => adopt(resource, owner, ownerRef, object)))
  await Promise.all(claim.release.map(object => release(resource, owner, object)))
  return [...claim.owned, ...adopted.filter(object => object !== undefined)]
}

async function adopt<T extends KubeObject>(
  resource: ResourceClient<T>,
  owner: Live<KubeObject>,
  ownerRef: ResourceRef,
  object: Live<T>,
): Promise<Live<T> | undefined> {
  const { name, namespace, uid } = object.metadata
  const patch = { metadata: { uid, ownerReferences: [controllerReference(owner, ownerRef)] } }
  return unlessTaken(resource.patch(name, 'strategic', patch, { namespace }))
}

async function release<T extends KubeObject>(
  resource: ResourceClient<T>,
  owner: Live<KubeObject>,
  object: Live<T>,
): Promise<void> {
  const { name, namespace, uid } = object.metadata
  const patch = { metadata: { uid, ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }] } }
  await unlessTaken(resource.patch(name, 'strategic', patch, { namespace }))
}

/** Somebody else was faster, or the object is another one by now: either way it is not ours. */
async function unlessTaken<R>(write: Promise<R>): Promise<R | undefined> {
  try {
    return await unlessGone(write)
  } catch (error) {
    if (isReason(error, 'Invalid') || isReason(error, 'Conflict')) return undefined
    throw error
  }
}
