import { bindingColumns } from '../columns/access.ts'
import { createdAtColumn, nameColumn } from '../columns/basic.ts'
import { setBindingDefaults } from '../defaults/access.ts'
import type { Kind } from '../kind.ts'
import { isPathSegmentName } from '../names.ts'
import type { ClusterRoleBinding, RoleBinding } from '../types/rbac-v1.ts'
import { declareKinds, kind } from './declare.ts'

const access = { name: isPathSegmentName, strategy: { allowCreateOnUpdate: true } }
const roleColumns = [nameColumn, createdAtColumn]

export function rbacKinds(): Kind[] {
  return declareKinds('rbac.authorization.k8s.io', 'v1', [
    { ...access, kind: 'Role', columns: roleColumns },
    { ...access, kind: 'ClusterRole', columns: roleColumns },
    kind<RoleBinding>({ ...access, kind: 'RoleBinding', columns: bindingColumns, setDefaults: setBindingDefaults }),
    kind<ClusterRoleBinding>({
      ...access,
      kind: 'ClusterRoleBinding',
      columns: bindingColumns,
      setDefaults: setBindingDefaults,
    }),
  ])
}
