import { ApiError, badRequest, isReason } from '../../api/errors.ts'
import type { KubeObject, ObjectMeta } from '../../api/objects.ts'
import { nameSuffix } from '../../platform/random.ts'
import { companionKey } from '../companions.ts'
import type { Parts } from '../parts.ts'
import { refuseInvalid } from '../stages/validate.ts'
import { Entry, serialise } from '../storage/entry.ts'
import { storageKey } from '../storage/keys.ts'
import { newUid, timestamp } from './meta.ts'
import { trackOwnership } from './ownership.ts'
import { admissionOf, type Write } from './write.ts'

const GENERATED_NAME_ATTEMPTS = 8
const LONGEST_GENERATE_NAME = 58

/** A new object through all stages: mutate, validate, store. */
export async function createObject(parts: Parts, write: Write, object: KubeObject): Promise<Entry> {
  checkIdentity(write, object)
  const generated = !object.metadata?.name && Boolean(object.metadata?.generateName)
  for (let attempt = 1; ; attempt++) {
    const candidate = generated ? structuredClone(object) : object
    if (generated) candidate.metadata!.name = generateName(parts, candidate.metadata!.generateName!)
    try {
      return await createNamed(parts, write, candidate)
    } catch (error) {
      if (!generated || !isReason(error, 'AlreadyExists') || attempt === GENERATED_NAME_ATTEMPTS) throw error
    }
  }
}

async function createNamed(parts: Parts, write: Write, object: KubeObject): Promise<Entry> {
  const { kind } = write
  object.metadata = systemMetadata(parts, object.metadata ?? {})
  kind.setDefaults(object)
  await parts.admission.mutate(admissionOf(write, 'CREATE', object))
  kind.strategy.prepareForCreate(object)
  refuseInvalid(kind, object.metadata.name ?? '', kind.validate(object))
  const undo = await parts.companions.get(companionKey(kind))?.reserve(write, object, undefined)
  try {
    trackOwnership(write, object, undefined, parts.clock.now())
    await parts.admission.validate(admissionOf(write, 'CREATE', object))
    const stored = await parts.conversion.toStored(kind, object)
    if (write.dryRun) return await dryEntry(parts, write, stored)
    return await parts.objects.create(kind, stored, await parts.leases.leaseFor(kind))
  } catch (error) {
    await undo?.()
    throw error
  }
}

/** What a dry run answers: the object as it would have been stored, unless that would have failed. */
async function dryEntry(parts: Parts, write: Write, object: KubeObject): Promise<Entry> {
  const { namespace, name = '' } = object.metadata ?? {}
  if (await parts.objects.find(write.kind, namespace, name)) {
    throw new ApiError('AlreadyExists', `${write.kind.plural} "${name}" already exists`, {
      name,
      kind: write.kind.plural,
    })
  }
  return new Entry(storageKey(write.kind, namespace, name), serialise(object), 0)
}

/** Namespace and name of the body must be those of the path. */
function checkIdentity(write: Write, object: KubeObject): void {
  object.metadata ??= {}
  const { metadata } = object
  if (metadata.resourceVersion && metadata.resourceVersion !== '0') {
    throw badRequest('resourceVersion should not be set on objects to be created')
  }
  if (!write.kind.namespaced) delete metadata.namespace
  else if (!metadata.namespace) metadata.namespace = write.namespace
  else if (metadata.namespace !== write.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
}

function systemMetadata(parts: Parts, metadata: ObjectMeta): ObjectMeta {
  const {
    deletionTimestamp: _d,
    deletionGracePeriodSeconds: _g,
    selfLink: _s,
    resourceVersion: _r,
    ...given
  } = metadata
  return { ...given, uid: newUid(parts.random), creationTimestamp: timestamp(parts.clock.now()) }
}

function generateName(parts: Parts, prefix: string): string {
  return prefix.slice(0, LONGEST_GENERATE_NAME) + nameSuffix(parts.random)
}
