import type { CertificateSigner } from '../../controller/certificates/signer.ts'
import type { Authority } from '../../pki/authority.ts'
import type { Usage } from '../../pki/certificate.ts'
import { parseSigningRequest } from '../../pki/csr.ts'

const DEFAULT_SECONDS = 365 * 24 * 3600

/** The controllers' pen: signs approved requests in the name of the cluster's authority. */
export function signerOf(authority: Authority): CertificateSigner {
  return {
    async sign(csrPem, { usages, expirationSeconds }) {
      const request = parseSigningRequest(csrPem)
      return authority.sign(request.publicKey, {
        subject: request.subject,
        dnsNames: request.dnsNames,
        ipAddresses: request.ipAddresses,
        usage: usageOf(usages),
        validForMs: (expirationSeconds ?? DEFAULT_SECONDS) * 1000,
      })
    },
  }
}

function usageOf(usages: readonly string[]): Usage {
  const [server, client] = [usages.includes('server auth'), usages.includes('client auth')]
  if (server && client) return 'server and client'
  return server ? 'server' : 'client'
}
