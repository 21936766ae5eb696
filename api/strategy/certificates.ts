import type { Strategy } from '../kind.ts'
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../types/certificates-v1.ts'

/** Approval is a power of its own: /approval changes the decision, /status everything else of the status. */
export const signingRequestStrategy: Partial<Strategy> = {
  prepareForUpdate(request: CertificateSigningRequest, old: CertificateSigningRequest) {
    request.spec = old.spec
    request.status = old.status
    if (old.status === undefined) delete request.status
  },
  prepareForStatusUpdate(request: CertificateSigningRequest, old: CertificateSigningRequest) {
    request.spec = old.spec
    for (const type of ['Approved', 'Denied']) keepDecision(request, old, type)
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

/** A decision that came or went is left so, for validation to refuse. */
function keepDecision(request: CertificateSigningRequest, old: CertificateSigningRequest, type: string): void {
  const { conditions = [] } = request.status ?? {}
  const kept = old.status?.conditions?.filter(condition => condition.type === type) ?? []
  if (conditions.filter(condition => condition.type === type).length !== kept.length) return
  for (const [index, condition] of conditions.entries()) if (condition.type === type) conditions[index] = kept.shift()!
}
