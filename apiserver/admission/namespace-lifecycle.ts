import { ApiError, notFound, qualifiedResource } from '../../api/errors.ts'
import type { Namespace } from '../../api/types/core-v1.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import type { Lister } from './lister.ts'

const IMMORTAL = new Set(['default', 'kube-system', 'kube-public'])
const NAMESPACES = { group: '', plural: 'namespaces' }

/** Nothing is made in a namespace that is not there or going; the three that the system lives in stay. */
export function namespaceLifecycle(lister: Lister): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    async mutate(request) {
      if (!isInNamespace(request) || request.operation !== 'CREATE') return
      const namespace =
        lister.get<Namespace>('namespaces', '', request.namespace) ??
        (await lister.getNow<Namespace>('namespaces', '', request.namespace))
      if (!namespace) throw notFound(NAMESPACES, request.namespace)
      if (namespace.metadata?.deletionTimestamp || namespace.status?.phase === 'Terminating') {
        throw terminating(request)
      }
    },
    validate({ operation, kind, subresource, name }) {
      if (operation !== 'DELETE' || subresource !== '' || kind.group !== '' || kind.kind !== 'Namespace') return
      if (IMMORTAL.has(name)) throw forbiddenNamespace(name)
    },
  }
}

function isInNamespace({ kind, namespace }: AdmissionRequest): boolean {
  return kind.namespaced && namespace !== ''
}

function terminating({ kind, name, namespace }: AdmissionRequest): ApiError {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  const causes = [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ]
  const details = { name, group: kind.group || undefined, kind: kind.plural, causes }
  return new ApiError('Forbidden', `${qualifiedResource(kind)} "${name}" is forbidden: ${why}`, details)
}

function forbiddenNamespace(name: string): ApiError {
  const message = `namespaces "${name}" is forbidden: this namespace may not be deleted`
  return new ApiError('Forbidden', message, { name, kind: 'namespaces' })
}
