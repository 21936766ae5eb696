import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts'
import { deepEqual } from '../../api/values.ts'
import { parseSigningRequest } from '../../pki/csr.ts'
import { DerError } from '../../pki/der.ts'
import { resourceAttributes } from '../auth/attributes.ts'
import type { Authorization } from '../stages/authorize.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { isAbout, refuse } from './refuse.ts'

const RESOURCE = 'certificatesigningrequests.certificates.k8s.io'
const GROUP = 'certificates.k8s.io'

/** Who asks is what the server saw, whatever the request says. Always on. */
export const certificateRequester: AdmissionPlugin = {
  name: 'CertificateRequester',
  mutate(request) {
    if (!isAbout(request, RESOURCE) || request.operation !== 'CREATE') return
    const { spec } = request.object as CertificateSigningRequest
    if (!spec) return
    const { name, uid, groups, extra } = request.user
    Object.assign(spec, { username: name, groups: [...groups], uid, extra })
    if (!uid) delete spec.uid
    if (!extra || Object.keys(extra).length === 0) delete spec.extra
  },
}

export function certificateApproval(authorization: Authorization): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    async validate(request) {
      if (!isAbout(request, RESOURCE, 'approval') || request.operation !== 'UPDATE') return
      await requireSigner(authorization, request, 'approve')
    },
  }
}

export function certificateSigning(authorization: Authorization): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    async validate(request) {
      if (!isAbout(request, RESOURCE, 'status') || request.operation !== 'UPDATE') return
      const [now, before] = [request.object as CertificateSigningRequest, request.old as CertificateSigningRequest]
      const same = now.status?.certificate === before.status?.certificate
      if (same && deepEqual(now.status?.conditions, before.status?.conditions)) return
      await requireSigner(authorization, request, 'sign')
    },
  }
}

/** The right to a verb on this signer, or on all of its domain: `example.com/*`. */
async function requireSigner(authorization: Authorization, request: AdmissionRequest, verb: string): Promise<void> {
  const signer = (request.old as CertificateSigningRequest).spec?.signerName ?? ''
  const names = [signer, `${signer.slice(0, signer.indexOf('/'))}/*`]
  for (const name of names) {
    if (await authorization.allows(resourceAttributes(request.user, verb, { group: GROUP, plural: 'signers', name })))
      return
  }
  throw refuse(request, `user not permitted to ${verb} requests with signerName "${signer}"`)
}

/** No certificate makes its holder a superuser by the back door. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  validate(request) {
    if (!isAbout(request, RESOURCE) || request.operation !== 'CREATE') return
    const { spec } = request.object as CertificateSigningRequest
    if (spec?.signerName !== 'kubernetes.io/kube-apiserver-client') return
    const organizations = organizationsOf(spec.request, request)
    if (organizations.includes('system:masters')) {
      throw refuse(
        request,
        'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
      )
    }
  },
}

function organizationsOf(text: string, request: AdmissionRequest): readonly string[] {
  try {
    return parseSigningRequest(Buffer.from(text, 'base64').toString()).subject.organizations ?? []
  } catch (error) {
    if (error instanceof DerError) throw refuse(request, `failed to parse CSR: ${error.message}`)
    throw error
  }
}
