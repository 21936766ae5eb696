import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts'
import type { SigningRequest } from '../../pki/csr.ts'

const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client'
export const KUBELET_CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet'
export const KUBELET_SERVING_SIGNER = 'kubernetes.io/kubelet-serving'
export const SIGNERS: readonly string[] = [CLIENT_SIGNER, KUBELET_CLIENT_SIGNER, KUBELET_SERVING_SIGNER]

const NODE_USER = 'system:node:'
const ALLOWED_USAGES: Readonly<Record<string, readonly string[]>> = {
  [KUBELET_CLIENT_SIGNER]: ['key encipherment', 'digital signature', 'client auth'],
  [KUBELET_SERVING_SIGNER]: ['key encipherment', 'digital signature', 'server auth'],
}
const NEEDED_USAGE: Readonly<Record<string, string>> = {
  [CLIENT_SIGNER]: 'client auth',
  [KUBELET_CLIENT_SIGNER]: 'client auth',
  [KUBELET_SERVING_SIGNER]: 'server auth',
}

/** What to do with a request that nobody has decided about; `ask`: whether its author may have this on its own. */
export type Approval =
  | { approval: 'ask'; permission: 'nodeclient' | 'selfnodeclient'; message: string }
  | { approval: 'yes'; message: string }
  /** For people to decide. */
  | { approval: 'leave' }

/** `addresses` are those that the node has announced, `undefined` where the node is not known. */
export function decideApproval(
  request: CertificateSigningRequest,
  csr: SigningRequest,
  addresses: readonly string[] | undefined,
): Approval {
  const { signerName = '', username } = request.spec ?? {}
  if (signerName !== KUBELET_CLIENT_SIGNER && signerName !== KUBELET_SERVING_SIGNER) return { approval: 'leave' }
  if (problemOf(request, csr)) return { approval: 'leave' }
  const isSelf = username === csr.subject.commonName
  if (signerName === KUBELET_CLIENT_SIGNER) {
    const permission = isSelf ? 'selfnodeclient' : 'nodeclient'
    return {
      approval: 'ask',
      permission,
      message: `Auto approving kubelet client certificate after SubjectAccessReview.`,
    }
  }
  if (!isSelf) return { approval: 'leave' }
  const nodeName = csr.subject.commonName.slice(NODE_USER.length)
  const known = new Set([nodeName, ...(addresses ?? [])])
  const foreign = [...csr.dnsNames, ...csr.ipAddresses].filter(name => !known.has(name))
  if (foreign.length === 0) {
    return {
      approval: 'yes',
      message: 'Auto approving kubelet serving certificate: all names are addresses of the node.',
    }
  }
  // The node may be about to announce the address: it is asked again when the node changes.
  return { approval: 'leave' }
}

/** Why a request may not be signed by its signer; undefined: it may. */
export function problemOf({ spec }: CertificateSigningRequest, csr: SigningRequest): string | undefined {
  const { signerName = '', usages = [] } = spec ?? {}
  const needed = NEEDED_USAGE[signerName]
  if (needed === undefined) return `signer ${signerName} is not known`
  if (!usages.includes(needed)) return `usages did not include "${needed}"`
  const extra = usages.find(usage => !(ALLOWED_USAGES[signerName] ?? usages).includes(usage))
  if (extra) return `usage "${extra}" is not allowed for ${signerName}`
  if (csr.otherNames > 0) return 'only DNS names and IP addresses can be signed'
  if (signerName === CLIENT_SIGNER) return undefined
  return problemOfNodeSubject(signerName, csr)
}

function problemOfNodeSubject(signerName: string, csr: SigningRequest): string | undefined {
  const { commonName, organizations = [] } = csr.subject
  if (organizations.length !== 1 || organizations[0] !== 'system:nodes') return 'organization must be "system:nodes"'
  if (!commonName.startsWith(NODE_USER)) return `common name must begin with "${NODE_USER}"`
  const hasNames = csr.dnsNames.length + csr.ipAddresses.length > 0
  if (signerName === KUBELET_CLIENT_SIGNER && hasNames) return 'a client certificate has no alternative names'
  if (signerName === KUBELET_SERVING_SIGNER && !hasNames) return 'a serving certificate needs a name or an address'
  return undefined
}

export function conditionOf(request: CertificateSigningRequest, type: string): boolean {
  return request.status?.conditions?.some(condition => condition.type === type) ?? false
}

const HOUR = 3_600_000

/** Requests that nobody needs any more: an hour after they were decided, or a day after nobody decided. */
export function isOutdated({ metadata, status }: CertificateSigningRequest, now: number): boolean {
  const decided = status?.conditions ?? []
  if (decided.length === 0) return now - Date.parse(metadata?.creationTimestamp ?? '') > 24 * HOUR
  const last = Math.max(...decided.map(one => Date.parse(one.lastUpdateTime ?? one.lastTransitionTime ?? '') || 0))
  return now - last > HOUR
}
