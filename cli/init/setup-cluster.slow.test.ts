import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConfigMap, Service } from '../../api/types/core-v1.ts'
import { CONFIG_MAPS, SERVICES } from '../../client/resources.ts'
import { startControlPlane } from '../../test/support/control-plane.ts'
import { setUpCluster } from './setup-cluster.ts'

describe('what a new cluster needs', () => {
  it('is put there again at every start, with what has changed', async () => {
    const plane = await startControlPlane()
    const facts = { authorityPem: 'PEM', dnsAddress: '10.96.0.10' }
    for (const server of ['https://192.0.2.1:6443', 'https://192.0.2.2:6443']) {
      await setUpCluster(plane.client, { ...facts, server })
      const { data } = await plane.get<ConfigMap>(CONFIG_MAPS, 'cluster-info', 'kube-public')
      assert.match(data?.kubeconfig ?? '', new RegExp(server))
    }
    const { spec } = await plane.get<Service>(SERVICES, 'kube-dns', 'kube-system')
    assert.equal(spec?.clusterIP, facts.dnsAddress)
    await plane.close()
  })
})
