import { notFound } from '../../api/errors.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Handler } from '../parts.ts'
import { Entry, serialise } from '../storage/entry.ts'
import type { Store } from '../storage/store.ts'

/** componentstatuses: old, still asked by `kubectl get cs`. The store is the one component that we know first-hand. */
export function componentStatuses(store: Store): Handler {
  return async (parts, { info, kind }) => {
    const etcd = await statusOf('etcd-0', () => store.health())
    const entry = new Entry(`${info.path}/etcd-0`, serialise(etcd), parts.cache.revision)
    if (info.name === '') return { type: 'list', list: { kind, entries: [entry], revision: parts.cache.revision } }
    if (info.name !== 'etcd-0') throw notFound(kind, info.name)
    return { type: 'stored', kind, entry }
  }
}

async function statusOf(name: string, check: () => Promise<void>): Promise<KubeObject> {
  const status = (healthy: string, message: string) => {
    const conditions = [{ type: 'Healthy', status: healthy, message }]
    return { kind: 'ComponentStatus', apiVersion: 'v1', metadata: { name }, conditions } as KubeObject
  }
  try {
    await check()
    return status('True', 'ok')
  } catch (error) {
    return status('False', error instanceof Error ? error.message : String(error))
  }
}
