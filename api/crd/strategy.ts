import type { Strategy } from '../kind.ts'
import type { KubeObject } from '../objects.ts'
import { deepEqual } from '../values.ts'

type Fields = KubeObject & Record<string, unknown>

/** What the server does to custom resources. Without a status subresource, status is a field like any other. */
export function customStrategy(hasStatus: boolean): Strategy {
  return {
    prepareForCreate(object) {
      if (hasStatus) delete (object as Fields).status
      object.metadata = { ...object.metadata, generation: 1 }
    },
    prepareForUpdate(object, old) {
      if (hasStatus) keep(object, old, 'status')
      const before = old.metadata?.generation ?? 1
      const changed = !deepEqual(content(object, hasStatus), content(old, hasStatus))
      object.metadata = { ...object.metadata, generation: changed || isBeingMarked(object, old) ? before + 1 : before }
    },
    prepareForStatusUpdate(object, old) {
      const { managedFields, resourceVersion } = object.metadata ?? {}
      for (const key of new Set([...Object.keys(object), ...Object.keys(old)]))
        if (key !== 'status') keep(object, old, key)
      object.metadata = { ...old.metadata, managedFields, resourceVersion }
    },
    allowCreateOnUpdate: false,
    allowUnconditionalUpdate: false,
  }
}

function keep(object: KubeObject, old: KubeObject, key: string): void {
  const before = (old as Fields)[key]
  if (before === undefined) delete (object as Fields)[key]
  else Object.assign(object, { [key]: before })
}

function content(object: KubeObject, hasStatus: boolean): unknown {
  const { apiVersion: _v, kind: _k, metadata: _m, status, ...rest } = object as Fields
  return hasStatus ? rest : { ...rest, status }
}

function isBeingMarked(object: KubeObject, old: KubeObject): boolean {
  return object.metadata?.deletionTimestamp !== undefined && old.metadata?.deletionTimestamp === undefined
}
