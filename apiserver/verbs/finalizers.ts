import type { Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'

/** Whose consent a deletion still waits for. Namespaces keep a second list in their spec. */
export function finalizersOf(kind: Kind, object: KubeObject): string[] {
  const own = object.metadata?.finalizers ?? []
  if (kind.group !== '' || kind.kind !== 'Namespace') return own
  const { spec } = object as { spec?: { finalizers?: string[] } }
  return [...own, ...(spec?.finalizers ?? [])]
}
