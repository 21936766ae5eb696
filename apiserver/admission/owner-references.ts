import type { OwnerReference } from '../../api/objects.ts'
import { deepEqual } from '../../api/values.ts'
import { resourceAttributes } from '../auth/attributes.ts'
import type { Catalog } from '../catalog.ts'
import type { Authorization } from '../stages/authorize.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { refuse } from './refuse.ts'

/**
 * Owners decide when an object goes: to change them takes the right to delete the object, to let an owner wait for the
 * object takes the right to the owner's finalizers. Off unless it is switched on, as in Kubernetes.
 */
export function ownerReferencesPermission(catalog: Catalog, authorization: Authorization): AdmissionPlugin {
  return {
    name: 'OwnerReferencesPermissionEnforcement',
    async validate(request) {
      const { operation, object, old, user, kind, namespace, name } = request
      if ((operation !== 'CREATE' && operation !== 'UPDATE') || !object) return
      const [now, before] = [object.metadata?.ownerReferences ?? [], old?.metadata?.ownerReferences ?? []]
      if (deepEqual(now, before)) return
      const question = resourceAttributes(user, 'delete', { group: kind.group, plural: kind.plural, namespace, name })
      if (old && !(await authorization.allows(question))) {
        throw refuse(request, "cannot set an ownerRef on a resource you can't delete: ")
      }
      for (const owner of newlyBlocking(now, before)) await checkOwner(catalog, authorization, request, owner)
    },
  }
}

function newlyBlocking(now: OwnerReference[], before: OwnerReference[]): OwnerReference[] {
  const blocked = new Set(before.filter(owner => owner.blockOwnerDeletion).map(owner => owner.uid))
  return now.filter(owner => owner.blockOwnerDeletion && !blocked.has(owner.uid))
}

async function checkOwner(
  catalog: Catalog,
  authorization: Authorization,
  request: AdmissionRequest,
  owner: OwnerReference,
) {
  const [version = '', group = ''] = owner.apiVersion.split('/').reverse()
  const kind = catalog.byKind(group, version, owner.kind)
  if (!kind)
    throw refuse(
      request,
      `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${owner.apiVersion} Kind ${owner.kind}`,
    )
  const namespace = kind.namespaced ? request.namespace : ''
  const resource = { group, plural: kind.plural, subresource: 'finalizers', namespace, name: owner.name }
  if (await authorization.allows(resourceAttributes(request.user, 'update', resource))) return
  throw refuse(
    request,
    "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ",
  )
}
