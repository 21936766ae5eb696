import { kindsOf } from '../../api/crd/kind.ts'
import { isReason } from '../../api/errors.ts'
import type { Kind } from '../../api/kind.ts'
import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.ts'
import { systemWrite } from '../bootstrap/system-write.ts'
import type { Parts } from '../parts.ts'
import type { Entry } from '../storage/entry.ts'
import { prefixEnd, shelfPrefix } from '../storage/keys.ts'
import { deleteObject } from '../verbs/delete.ts'
import { parseDeleteOptions } from '../verbs/delete-options.ts'
import { updateObject } from '../verbs/update.ts'

const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'

/**
 * A step towards the end of a definition: first everything made under it goes, then it may go itself. `waiting`: something
 * is still there, because its own finalizers are not done.
 */
export async function cleanUp(
  parts: Parts,
  kind: Kind,
  definition: CustomResourceDefinition,
): Promise<'done' | 'waiting'> {
  const { name = '', finalizers = [] } = definition.metadata ?? {}
  if (!finalizers.includes(CLEANUP_FINALIZER)) return 'done'
  const own = anyKindOf(definition)
  for (const entry of instancesOf(parts, own)) await removeInstance(parts, own, entry)
  await parts.cache.upToDate()
  if (instancesOf(parts, own).length > 0) return 'waiting'
  try {
    await updateObject(parts, systemWrite(kind, '', name), current => {
      const left = (current.metadata?.finalizers ?? []).filter(one => one !== CLEANUP_FINALIZER)
      return { ...current, metadata: { ...current.metadata, finalizers: left } }
    })
  } catch (error) {
    // Another server was faster.
    if (!isReason(error, 'NotFound')) throw error
  }
  return 'done'
}

/** As the store has it: served or not, what is stored must go. */
function anyKindOf({ spec, ...rest }: CustomResourceDefinition): Kind {
  const stored = spec.versions.filter(version => version.storage).map(version => ({ ...version, served: true }))
  return kindsOf({ ...rest, spec: { ...spec, versions: stored } })[0]!
}

function instancesOf(parts: Parts, kind: Kind): Entry[] {
  const prefix = shelfPrefix(kind)
  return parts.cache.shelf(prefix).range(prefix, prefixEnd(prefix))
}

async function removeInstance(parts: Parts, kind: Kind, entry: Entry): Promise<void> {
  const { name = '', namespace = '', deletionTimestamp } = entry.shared().metadata ?? {}
  if (deletionTimestamp) return
  try {
    await deleteObject(parts, systemWrite(kind, namespace, name), parseDeleteOptions(new URLSearchParams(), undefined))
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}
