import { isReason } from '../../api/errors.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Parts } from '../parts.ts'
import { createObject } from '../verbs/create.ts'
import { bootstrapPolicy } from './roles.ts'
import { systemWrite } from './system-write.ts'

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

const RBAC_PLURALS: Record<string, string> = {
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  Role: 'roles',
  RoleBinding: 'rolebindings',
}

/** What a cluster has before anybody has made anything. Several servers may start at once: who comes second finds it. */
export async function bootstrap(parts: Parts): Promise<void> {
  for (const name of NAMESPACES)
    await ensure(parts, 'namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  const rbac = bootstrapPolicy().map(object => {
    return ensure(parts, RBAC_PLURALS[object.kind ?? ''] ?? '', object, 'rbac.authorization.k8s.io')
  })
  await Promise.all(rbac)
  for (const [name, value, description] of PRIORITY_CLASSES) {
    const object = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, description }
    await ensure(parts, 'priorityclasses', object, 'scheduling.k8s.io')
  }
}

const PRIORITY_CLASSES: [string, number, string][] = [
  [
    'system-node-critical',
    2_000_001_000,
    'Used for system critical pods that must not be moved from their current node.',
  ],
  [
    'system-cluster-critical',
    2_000_000_000,
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ],
]

export async function ensure(parts: Parts, plural: string, object: KubeObject, group = ''): Promise<void> {
  const kind = parts.catalog.find(group, 'v1', plural)
  if (!kind) throw new Error(`the catalog lacks ${plural}`)
  const { namespace = '', name = '' } = object.metadata ?? {}
  if (parts.objects.peek(kind, namespace, name)) return
  try {
    await createObject(parts, systemWrite(kind, namespace, name), structuredClone(object))
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
}
