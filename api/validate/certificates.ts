import { X509Certificate } from 'node:crypto'
import type { FieldError } from '../kind.ts'
import type { CertificateSigningRequest } from '../types/certificates-v1.ts'
import { duplicates } from './checks.ts'
import { forbidden, invalid } from './errors.ts'

const PEM_REQUEST = /-----BEGIN (NEW )?CERTIFICATE REQUEST-----/

export function validateSigningRequest({ spec }: CertificateSigningRequest): FieldError[] {
  if (!spec?.request) return []
  const isPem = PEM_REQUEST.test(Buffer.from(spec.request, 'base64').toString('latin1'))
  const errors = isPem ? [] : [invalid('spec.request', spec.request, 'PEM block type must be CERTIFICATE REQUEST')]
  return [...errors, ...duplicates(spec.usages ?? [], 'spec.usages', '', usage => usage)]
}

/** A decision is made once, and never both ways. */
export function validateApproval(object: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  return validateConditions(object, old)
}

/** Who signs may say that it failed, and give the certificate once; the decision was another's. */
export function validateSigned(object: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  return [...validateConditions(object, old), ...undecided(object, old), ...validateCertificate(object, old)]
}

const PATH = 'status.conditions'
const DECISIONS = ['Approved', 'Denied']
const count = ({ status }: CertificateSigningRequest, type: string) =>
  (status?.conditions ?? []).filter(condition => condition.type === type).length

function validateConditions(object: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  const removed = [...DECISIONS, 'Failed'].filter(type => count(object, type) < count(old, type))
  return [
    ...exclusive(object, old),
    ...duplicates(object.status?.conditions ?? [], PATH, '.type', ({ type }) => type),
    ...removed.map(type => forbidden(PATH, `updates may not remove a condition of type "${type}"`)),
  ]
}

/** Each decision that comes after one to the contrary is a fault. */
function exclusive(object: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  if (DECISIONS.every(type => count(old, type) > 0)) return []
  const decisions = (object.status?.conditions ?? []).map(({ type }) => type).filter(type => DECISIONS.includes(type))
  return decisions
    .filter((type, index) => decisions.slice(0, index).some(before => before !== type))
    .map(type => invalid(PATH, type, 'Approved and Denied conditions are mutually exclusive'))
}

function undecided(object: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  const added = DECISIONS.filter(type => count(object, type) > count(old, type))
  return added.map(type => forbidden(PATH, `updates may not add a condition of type "${type}"`))
}

function validateCertificate(object: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  const path = 'status.certificate'
  const [now = '', before = ''] = [object.status?.certificate, old.status?.certificate]
  if (now === before) return []
  const problem = now === '' ? undefined : certificateProblem(Buffer.from(now, 'base64').toString('latin1'))
  return [
    ...(problem ? [invalid(path, '<certificate data>', problem)] : []),
    ...(before === '' ? [] : [forbidden(path, 'updates may not modify existing certificate content')]),
  ]
}

const BLOCK = /-----BEGIN ([^-]*)-----\r?\n([\s\S]*?)-----END \1-----/g

/** Any text may stand around the blocks, as PEM has it. */
function certificateProblem(text: string): string | undefined {
  const blocks = [...text.matchAll(BLOCK)]
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block'
  for (const [whole, type, body = ''] of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found "${type}"`
    if (body.includes(':')) return 'no PEM block headers are permitted'
    if (!isCertificate(whole)) return 'x509: malformed certificate'
  }
  return undefined
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem)
    return true
  } catch {
    // Whatever OpenSSL dislikes: that it is none is the answer.
    return false
  }
}
