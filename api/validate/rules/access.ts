import type { FieldError } from '../../kind.ts'
import { isPathSegmentName, isSubdomainName } from '../../names.ts'
import type { Subject } from '../../types/rbac-v1.ts'
import { eachOneOf, named, needed, oneOf, present, type Rules, tokenLifetime } from '../checks.ts'
import { invalid, required, unsupported } from '../errors.ts'

const RBAC = 'rbac.authorization.k8s.io'

const USAGES = [
  ...['signing', 'digital signature', 'content commitment', 'key encipherment', 'key agreement', 'data encipherment'],
  ...['cert sign', 'crl sign', 'encipher only', 'decipher only', 'any', 'server auth', 'client auth', 'code signing'],
  ...['email protection', 's/mime', 'ipsec end system', 'ipsec tunnel', 'ipsec user', 'timestamping', 'ocsp signing'],
  ...['microsoft sgc', 'netscape sgc'],
]

function subject({ kind, name, namespace, apiGroup = '' }: Subject, path: string): FieldError[] {
  const errors: FieldError[] = name ? [] : [required(`${path}.name`)]
  if (kind === 'ServiceAccount') {
    if (name) errors.push(...isSubdomainName(name).map(problem => invalid(`${path}.name`, name, problem)))
    if (apiGroup !== '') errors.push(unsupported(`${path}.apiGroup`, apiGroup, ['']))
    if (!namespace) errors.push(required(`${path}.namespace`))
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== RBAC) errors.push(unsupported(`${path}.apiGroup`, apiGroup, [RBAC]))
  } else errors.push(unsupported(`${path}.kind`, kind, ['Group', 'ServiceAccount', 'User']))
  return errors
}

const SIGNER = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[-A-Za-z0-9_.:/]+$/

function signer(name: string, path: string): FieldError[] {
  if (name === '' || SIGNER.test(name)) return []
  return [invalid(path, name, 'must be a fully qualified domain and path of the form "example.com/signer-name"')]
}

export const ACCESS_RULES: Rules = {
  'rbac.v1.RoleRef': { apiGroup: [oneOf(RBAC)], name: [present, named(isPathSegmentName)] },
  'rbac.v1.Subject': { '*': [subject] },
  'rbac.v1.PolicyRule': { verbs: [needed('verbs must contain at least one value')] },
  'certificates.v1.CertificateSigningRequestSpec': {
    request: [present],
    signerName: [present, signer],
    usages: [present, eachOneOf(...USAGES)],
    expirationSeconds: [
      (seconds: number, path: string) =>
        seconds < 600 ? [invalid(path, seconds, 'may not specify a duration less than 600 seconds (10 minutes)')] : [],
    ],
  },
  'certificates.v1.CertificateSigningRequestCondition': {
    type: [present],
    status: [present, oneOf('False', 'True', 'Unknown')],
  },
  'authentication.v1.TokenRequestSpec': { expirationSeconds: [tokenLifetime] },
}
