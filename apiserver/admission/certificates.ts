import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts'
import type { AdmissionPlugin } from './admission.ts'

/** A signing request says who asked for it, in the server's words and never in the asker's. Always on. */
export const certificateRequester: AdmissionPlugin = {
  name: 'CertificateRequester',
  mutate({ operation, kind, subresource, object, old, user }) {
    if (kind.plural !== 'certificatesigningrequests' || subresource !== '') return
    const request = object as CertificateSigningRequest | undefined
    if (!request?.spec) return
    if (operation === 'CREATE') {
      const { name: username, uid, groups, extra } = user
      request.spec = { ...request.spec, username, uid, groups, extra }
      return
    }
    const before = (old as CertificateSigningRequest | undefined)?.spec
    if (before) request.spec = before
  },
}
