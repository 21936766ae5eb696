import type { FieldError } from '../../kind.ts'
import { isLabelName, isPathSegmentName, isSubdomainName, type NameRule } from '../../names.ts'
import type { CertificateSigningRequestCondition } from '../../types/certificates-v1.ts'
import type { Subject } from '../../types/rbac-v1.ts'
import { eachOneOf, named, needed, oneOf, present, type Rules, tokenLifetime } from '../checks.ts'
import { invalid, required, tooLong, unsupported } from '../errors.ts'

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

const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown'
const LONGEST_SIGNER = 571

/** `example.com/signer-name`: who is meant to sign. */
function signer(name: string, path: string): FieldError[] {
  if (name === LEGACY_SIGNER) return [invalid(path, name, 'the legacy signerName is not allowed via this API version')]
  const [domain = '', local, ...more] = name.split('/')
  if (local === undefined || more.length > 0) {
    return [invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")]
  }
  const short = 'should be a domain with at least two segments separated by dots'
  return [
    ...(domain.length > LONGEST_DOMAIN ? [tooLong(path, LONGEST_DOMAIN)] : []),
    ...firstBadLabel(domain, isLabelName, path),
    ...(domain.includes('.') ? [] : [invalid(path, domain, short)]),
    ...firstBadLabel(local, isSubdomainName, path),
    ...(name.length > LONGEST_SIGNER ? [tooLong(path, LONGEST_SIGNER)] : []),
  ]
}

const LONGEST_DOMAIN = 253

function firstBadLabel(text: string, rule: NameRule, path: string): FieldError[] {
  const bad = text.split('.').find(label => rule(label).length > 0)
  return bad === undefined ? [] : rule(bad).map(problem => invalid(path, text, `validating label "${bad}": ${problem}`))
}

/** What was decided or failed is so: there is no other word about it. */
const DECISIVE = new Set(['Approved', 'Denied', 'Failed'])

function conditionStatus({ type, status }: CertificateSigningRequestCondition, path: string): FieldError[] {
  const where = `${path}.status`
  if (!status) return [required(where)]
  return DECISIVE.has(type) ? oneOf('True')(status, where) : oneOf('False', 'True', 'Unknown')(status, where)
}

const briefest = (seconds: number, path: string): FieldError[] =>
  seconds < 600 ? [invalid(path, seconds, 'may not specify a duration less than 600 seconds (10 minutes)')] : []

export const ACCESS_RULES: Rules = {
  'rbac.v1.RoleRef': { apiGroup: [oneOf(RBAC)], name: [present, named(isPathSegmentName)] },
  'rbac.v1.Subject': { '*': [subject] },
  'rbac.v1.PolicyRule': { verbs: [needed('verbs must contain at least one value')] },
  'certificates.v1.CertificateSigningRequestSpec': {
    request: [present],
    signerName: [present, signer],
    usages: [present, eachOneOf(...USAGES)],
    expirationSeconds: [briefest],
  },
  'certificates.v1.CertificateSigningRequestCondition': { type: [present], '*': [conditionStatus] },
  'authentication.v1.TokenRequestSpec': { expirationSeconds: [tokenLifetime] },
}
