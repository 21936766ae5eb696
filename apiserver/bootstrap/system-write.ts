import type { Kind } from '../../api/kind.ts'
import type { Write } from '../verbs/write.ts'

/** A write in the server's own name. */
export function systemWrite(kind: Kind, namespace: string, name: string): Write {
  return {
    ...{ kind, namespace, name, subresource: '', dryRun: false, options: {}, warnings: [] },
    user: { name: 'system:apiserver', groups: ['system:masters'] },
    fieldManager: 'kube-apiserver',
  }
}
