import { conflict, notFound, type Status } from '../../api/errors.ts'
import type { Kind } from '../../api/kind.ts'
import type { KubeObject, ObjectMeta } from '../../api/objects.ts'
import { companionKey } from '../companions.ts'
import { served } from '../encoding/encoder.ts'
import type { Parts } from '../parts.ts'
import { MOST_ATTEMPTS } from '../stages/store.ts'
import { Entry, serialise } from '../storage/entry.ts'
import type { DeleteOptions, Propagation } from './delete-options.ts'
import { finalizersOf } from './finalizers.ts'
import { timestamp } from './meta.ts'
import { admissionOf, type Write } from './write.ts'

export interface Deletion {
  /** The last or the marked state. */
  entry: Entry
  /** Whether it is gone; otherwise it is marked and waits for its grace period or its finalizers. */
  gone: boolean
}

const FOREGROUND = 'foregroundDeletion'
const ORPHAN = 'orphan'

/** Marks or removes an object, repeated while others write in between. */
export async function deleteObject(parts: Parts, write: Write, options: DeleteOptions): Promise<Deletion> {
  let current = await parts.objects.find(write.kind, write.namespace, write.name)
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    if (!current) throw notFound(write.kind, write.name)
    await parts.conversion.prepare(write.kind, [current])
    const object = served(write.kind, current)
    checkDeletePreconditions(write, object, options)
    await parts.admission.validate(admissionOf(write, 'DELETE', undefined, object))
    const marked = markDeleted(write.kind, object, options, parts.clock.now())
    const outcome = await settle(parts, write, current, marked)
    if (!outcome.ok) {
      current = outcome.current
      continue
    }
    const gone = marked === 'remove'
    if (gone && !write.dryRun) await parts.companions.get(companionKey(write.kind))?.release(object, undefined)
    return { entry: outcome.entry, gone }
  }
  throw conflict(write.kind, write.name)
}

async function settle(parts: Parts, write: Write, current: Entry, marked: Marked) {
  if (write.dryRun || marked === 'keep') {
    const shown = typeof marked === 'string' ? current : await dryEntry(parts, write.kind, current, marked)
    return { ok: true as const, entry: shown }
  }
  if (marked === 'remove') return parts.objects.remove(current)
  return parts.objects.replace(current, await parts.conversion.toStored(write.kind, marked))
}

async function dryEntry(parts: Parts, kind: Kind, current: Entry, object: KubeObject): Promise<Entry> {
  return new Entry(current.key, serialise(await parts.conversion.toStored(kind, object)), current.revision)
}

/** Gone at once, left as it is (its deletion is already under way), or the object with its marks. */
type Marked = 'remove' | 'keep' | KubeObject

/** What a deletion does to an object: pure, in the terms of its kind's strategy. */
function markDeleted(kind: Kind, object: KubeObject, options: DeleteOptions, now: number): Marked {
  const metadata = { ...object.metadata }
  const finalizers = propagationFinalizers(heldBy(kind, metadata), options.propagation)
  const grace = graceOf(kind, object, options)
  const marked: KubeObject = { ...object, metadata: { ...metadata, finalizers } }
  if (finalizers.length === 0) delete marked.metadata!.finalizers
  const blocked = finalizersOf(kind, marked).length > 0
  if (!metadata.deletionTimestamp) {
    if (grace === 0 && !blocked) return 'remove'
    return withDeletion(kind, marked, grace, now)
  }
  const pending = metadata.deletionGracePeriodSeconds ?? 0
  if (grace < pending) return grace === 0 && !blocked ? 'remove' : withDeletion(kind, marked, grace, now)
  if (pending === 0 && !blocked) return 'remove'
  return sameFinalizers(metadata.finalizers ?? [], finalizers) ? 'keep' : marked
}

/** A first deletion also waits for those whose consent the kind asks for. */
function heldBy({ strategy }: Kind, { finalizers = [], deletionTimestamp }: ObjectMeta): string[] {
  const asked = deletionTimestamp ? [] : (strategy.finalizersOnDelete ?? [])
  return [...new Set([...finalizers, ...asked])]
}

function withDeletion(kind: Kind, object: KubeObject, grace: number, now: number): KubeObject {
  const started = object.metadata?.deletionTimestamp !== undefined
  const metadata = {
    ...object.metadata,
    deletionTimestamp: timestamp(now + grace * 1000),
    deletionGracePeriodSeconds: grace,
  }
  const { generation } = metadata
  if (!started && generation) metadata.generation = generation + 1
  const namespace = kind.group === '' && kind.kind === 'Namespace'
  return { ...object, metadata, ...(namespace ? { status: { phase: 'Terminating' } } : {}) }
}

/** Seconds until the object may go: the client's word, else the kind's; kinds without grace go at once. */
function graceOf(kind: Kind, object: KubeObject, options: DeleteOptions): number {
  const usual = kind.strategy.gracePeriod?.(object)
  if (usual === undefined || usual === 0) return 0
  const wanted = options.gracePeriodSeconds ?? usual
  // A negative period is an old way to say "the shortest that is still graceful".
  return wanted < 0 ? 1 : wanted
}

function propagationFinalizers(finalizers: string[], propagation: Propagation | undefined): string[] {
  if (propagation === undefined) return finalizers
  const others = finalizers.filter(finalizer => finalizer !== FOREGROUND && finalizer !== ORPHAN)
  if (propagation === 'Foreground') return [...others, FOREGROUND]
  if (propagation === 'Orphan') return [...others, ORPHAN]
  return others
}

function sameFinalizers(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((finalizer, index) => finalizer === b[index])
}

function checkDeletePreconditions(write: Write, object: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = object.metadata ?? {}
  const refuse = (what: string, wanted: string, found: string | undefined) => {
    const why = `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`
    throw conflict(write.kind, write.name, why)
  }
  if (options.uid && options.uid !== uid) refuse('UID', options.uid, uid)
  if (options.resourceVersion && options.resourceVersion !== resourceVersion) {
    refuse('ResourceVersion', options.resourceVersion, resourceVersion)
  }
}

/** These kinds answer a deletion with the object, all others with a Status. */
const ANSWER_WITH_OBJECT = new Set([
  'pods',
  'podtemplates',
  'services',
  'persistentvolumes',
  'persistentvolumeclaims',
  'resourcequotas',
  'serviceaccounts',
  'storageclasses',
  'volumeattachments',
  'csinodes',
  'csidrivers',
])

export function answersWithObject(kind: Kind): boolean {
  return (kind.group === '' || kind.group === 'storage.k8s.io') && ANSWER_WITH_OBJECT.has(kind.plural)
}

export function deletedStatus(kind: Kind, object: KubeObject): Status {
  const { name = '', uid } = object.metadata ?? {}
  const details = { name, group: kind.group || undefined, kind: kind.plural, uid }
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }
}
