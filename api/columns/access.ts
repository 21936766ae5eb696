import type { Column } from '../kind.ts'
import type { CertificateSigningRequest } from '../types/certificates-v1.ts'
import type { RoleBinding, Subject } from '../types/rbac-v1.ts'
import { ageColumn, column, humanDuration, NONE, nameColumn } from './basic.ts'

function subjects(kind: string, { subjects = [] }: { subjects?: Subject[] }): string {
  const found = subjects.filter(subject => subject.kind === kind)
  return found.map(({ namespace, name }) => (namespace ? `${namespace}/${name}` : name)).join(', ')
}

export const bindingColumns: readonly Column[] = [
  nameColumn,
  column<RoleBinding>('Role', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  ageColumn,
  column<RoleBinding>('Users', binding => subjects('User', binding), { wide: true }),
  column<RoleBinding>('Groups', binding => subjects('Group', binding), { wide: true }),
  column<RoleBinding>('ServiceAccounts', binding => subjects('ServiceAccount', binding), { wide: true }),
]

function requestCondition({ status }: CertificateSigningRequest): string {
  const types = new Set(status?.conditions?.map(condition => condition.type))
  const words = [types.has('Approved') ? 'Approved' : types.has('Denied') ? 'Denied' : 'Pending']
  if (types.has('Failed')) words.push('Failed')
  if (status?.certificate) words.push('Issued')
  return words.join(',')
}

export const signingRequestColumns: readonly Column[] = [
  nameColumn,
  ageColumn,
  column<CertificateSigningRequest>('SignerName', ({ spec }) => spec.signerName || NONE),
  column<CertificateSigningRequest>('Requestor', ({ spec }) => spec.username ?? ''),
  column<CertificateSigningRequest>('RequestedDuration', ({ spec }) =>
    spec.expirationSeconds === undefined ? NONE : humanDuration(spec.expirationSeconds * 1000),
  ),
  column<CertificateSigningRequest>('Condition', requestCondition),
]
