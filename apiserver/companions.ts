import type { KubeObject } from '../api/objects.ts'
import type { Write } from './verbs/write.ts'

/**
 * What must be had together with an object: the address of a service, its ports. Reserved before the object is stored,
 * given back when storing fails or when a later state no longer needs it.
 */
export interface Companion {
  /** Fills in the object and returns how to give back what this call took; throws when it cannot be had. */
  reserve(write: Write, object: KubeObject, old: KubeObject | undefined): Promise<() => Promise<void>>
  /** Gives back what `before` had and `after` has no more (undefined: the object is gone). */
  release(before: KubeObject, after: KubeObject | undefined): Promise<void>
}

export type Companions = ReadonlyMap<string, Companion>

export function companionKey(kind: { group: string; plural: string }): string {
  return `${kind.group}/${kind.plural}`
}
