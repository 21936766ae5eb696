import type { Strategy } from '../kind.ts'
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../types/certificates-v1.ts'

const DECISIONS = new Set(['Approved', 'Denied'])

/** Approval is a power of its own: /approval changes the decision, /status everything else of the status. */
export const signingRequestStrategy: Partial<Strategy> = {
  prepareForUpdate(request: CertificateSigningRequest, old: CertificateSigningRequest) {
    request.spec = old.spec
    request.status = old.status
    if (old.status === undefined) delete request.status
  },
  prepareForStatusUpdate(request: CertificateSigningRequest, old: CertificateSigningRequest) {
    request.spec = old.spec
    const kept = old.status?.conditions?.filter(one => DECISIONS.has(one.type)) ?? []
    const set = request.status?.conditions?.filter(one => !DECISIONS.has(one.type)) ?? []
    request.status = withConditions(request.status, [...kept, ...set])
  },
  prepareForSubresource: {
    approval(request: CertificateSigningRequest, old: CertificateSigningRequest) {
      request.spec = old.spec
      request.status = withConditions(old.status, request.status?.conditions ?? [])
    },
  },
}

function withConditions(
  status: CertificateSigningRequest['status'],
  conditions: CertificateSigningRequestCondition[],
): CertificateSigningRequest['status'] {
  const { conditions: _, ...rest } = status ?? {}
  return conditions.length > 0 ? { ...rest, conditions } : rest
}
