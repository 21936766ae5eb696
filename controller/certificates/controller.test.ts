import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts'
import { CERTIFICATE_SIGNING_REQUESTS } from '../../client/resources.ts'
import { createAuthority } from '../../pki/authority.ts'
import { createSigningRequest } from '../../pki/csr.ts'
import { generateKey } from '../../pki/keys.ts'
import { systemClock } from '../../platform/clock.ts'
import { systemRandom } from '../../platform/random.ts'
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts'
import { type ControllerManager, createControllerManager } from '../manager.ts'

const { certificate } = createAuthority('signed', systemClock, systemRandom)
const signer = { sign: async () => certificate }

describe('certificates on a real API server', () => {
  let plane: ControlPlane
  let manager: ControllerManager
  beforeEach(async () => {
    plane = await startControlPlane()
    manager = createControllerManager({ ...plane, signer })
    await manager.start()
  })
  afterEach(async () => {
    await manager.stop()
    await plane.close()
  })

  it('approves and signs what a node may have, and nothing else', async () => {
    const request = (name: string, csr: string, signerName: string) =>
      plane.create<CertificateSigningRequest>(CERTIFICATE_SIGNING_REQUESTS, {
        metadata: { name },
        spec: {
          request: Buffer.from(csr).toString('base64'),
          signerName,
          usages: ['digital signature', 'client auth'],
        },
      })
    const subject = { commonName: 'system:node:worker1', organizations: ['system:nodes'] }
    const signerName = 'kubernetes.io/kube-apiserver-client-kubelet'
    await request('good', createSigningRequest(generateKey(), subject), signerName)
    await request(
      'admin',
      createSigningRequest(generateKey(), { commonName: 'admin', organizations: ['system:masters'] }),
      signerName,
    )
    const good = await plane.until<CertificateSigningRequest, CertificateSigningRequest>(
      CERTIFICATE_SIGNING_REQUESTS,
      'signed',
      all => all.find(({ metadata, status }) => metadata.name === 'good' && status?.certificate),
    )
    assert.equal(Buffer.from(good.status!.certificate!, 'base64').toString(), certificate)
    const admin = await plane.get<CertificateSigningRequest>(CERTIFICATE_SIGNING_REQUESTS, 'admin')
    assert.deepEqual(admin.status?.conditions ?? [], [])
  })
})
