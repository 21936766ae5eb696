import { apiVersionOf, type KubeObject } from '../../api/objects.ts'
import { trackUpdate as noteOwners } from '../../api/patch/managers.ts'
import { timestamp } from './meta.ts'
import type { Write } from './write.ts'

/** Notes in the object which fields this write made its manager's own. An applied object brings that along already. */
export function trackOwnership(write: Write, object: KubeObject, old: KubeObject | undefined, now: number): void {
  if (write.applied) return
  const { kind, fieldManager: manager, subresource } = write
  const by = { manager, apiVersion: apiVersionOf(kind), now: timestamp(now), subresource: subresource || undefined }
  if (subresource === 'status') {
    noteOwners(old, object, kind.schema, by)
    return
  }
  // A status that comes with a write to the object itself is the server's work, nobody's own.
  const { status } = object as WithStatus
  setStatus(object, (old as WithStatus | undefined)?.status)
  noteOwners(old, object, kind.schema, by)
  setStatus(object, status)
}

type WithStatus = KubeObject & { status?: unknown }

function setStatus(object: WithStatus, status: unknown): void {
  if (status === undefined) delete object.status
  else object.status = status
}
