import { bindingColumns } from '../columns/access.ts'
import { createdAtColumn, nameColumn } from '../columns/basic.ts'
import { setBindingDefaults } from '../defaults/access.ts'
import type { Kind } from '../kind.ts'
import { isPathSegmentName } from '../names.ts'
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../types/rbac-v1.ts'
import {
  roleStays,
  validateClusterRole,
  validateClusterRoleBinding,
  validateRole,
  validateRoleBinding,
} from '../validate/access.ts'
import { declareKinds, kind } from './declare.ts'

const access = { name: isPathSegmentName, strategy: { allowCreateOnUpdate: true } }
const roleColumns = [nameColumn, createdAtColumn]

export function rbacKinds(): Kind[] {
  return declareKinds('rbac.authorization.k8s.io', 'v1', [
    kind<Role>({ ...access, kind: 'Role', columns: roleColumns, validate: validateRole }),
    kind<ClusterRole>({ ...access, kind: 'ClusterRole', columns: roleColumns, validate: validateClusterRole }),
    kind<RoleBinding>({
      ...access,
      kind: 'RoleBinding',
      validate: validateRoleBinding,
      validateUpdate: roleStays(validateRoleBinding),
      columns: bindingColumns,
      setDefaults: setBindingDefaults,
    }),
    kind<ClusterRoleBinding>({
      ...access,
      kind: 'ClusterRoleBinding',
      validate: validateClusterRoleBinding,
      validateUpdate: roleStays(validateClusterRoleBinding),
      columns: bindingColumns,
      setDefaults: setBindingDefaults,
    }),
  ])
}
