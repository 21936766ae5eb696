import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Deployment } from '../api/types/apps-v1.ts'
import type { HorizontalPodAutoscaler } from '../api/types/autoscaling-v2.ts'
import type { Lease } from '../api/types/coordination-v1.ts'
import type { Namespace, ServiceAccount } from '../api/types/core-v1.ts'
import { createClient } from '../client/client.ts'
import { DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS, LEASES, NAMESPACES, SERVICE_ACCOUNTS } from '../client/resources.ts'
import type { Transport } from '../client/transport.ts'
import { startControlPlane } from '../test/support/control-plane.ts'
import { startFakeKubelet } from '../test/support/fake-kubelet.ts'
import { createControllerManager } from './manager.ts'

describe('two controller managers', () => {
  it('one leads, and the other takes over at once when it goes', async () => {
    const plane = await startControlPlane()
    const [first, second] = ['a', 'b'].map(identity =>
      createControllerManager({ ...plane, leaderElect: true, identity }),
    )
    const holder = (wanted: string) =>
      plane.until<Lease, true>(LEASES, `${wanted} leads`, leases =>
        leases.some(({ metadata, spec }) => {
          return metadata.name === 'kube-controller-manager' && spec.holderIdentity === wanted
        }),
      )
    const hasAccount = (namespace: string) =>
      plane.until<ServiceAccount, true>(SERVICE_ACCOUNTS, namespace, all =>
        all.some(({ metadata }) => metadata.namespace === namespace),
      )
    await first!.start()
    await holder('a')
    await second!.start()
    await plane.create<Namespace>(NAMESPACES, { metadata: { name: 'one' } })
    await hasAccount('one')
    await first!.stop()
    await holder('b')
    await plane.create<Namespace>(NAMESPACES, { metadata: { name: 'two' } })
    await hasAccount('two')
    await second!.stop()
    await plane.close()
  })
})

describe('the autoscaler on a real API server', () => {
  it('sizes a Deployment by what its pods use', async () => {
    const plane = await startControlPlane()
    const load = { cpu: '900m' }
    const manager = createControllerManager({
      ...plane,
      client: createClient(withMetrics(plane.client.transport, load)),
    })
    const kubelet = await startFakeKubelet(plane)
    await manager.start()
    const spec = {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'app', image: 'a', resources: { requests: { cpu: '1' } } }] },
      },
    }
    await plane.create<Deployment>(DEPLOYMENTS, { metadata: { name: 'web', namespace: 'default' }, spec })
    await plane.until<Deployment, boolean>(DEPLOYMENTS, 'ready', ([found]) => found?.status?.readyReplicas === 1)
    await plane.create<HorizontalPodAutoscaler>(HORIZONTAL_POD_AUTOSCALERS, {
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        ...{ minReplicas: 1, maxReplicas: 3 },
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
        ],
      },
    })
    await plane.until<Deployment, boolean>(DEPLOYMENTS, 'grown', ([found]) => found?.spec.replicas === 2)
    const scaler = await plane.until<HorizontalPodAutoscaler, HorizontalPodAutoscaler>(
      HORIZONTAL_POD_AUTOSCALERS,
      'status',
      ([found]) => found?.status?.desiredReplicas === 2 && found,
    )
    assert.equal(scaler.status?.currentMetrics?.[0]?.resource?.current.averageUtilization, 90)
    await manager.stop()
    await kubelet.stop()
    await plane.close()
  })
})

/** The API server with metrics of all pods, all of the same load. */
function withMetrics(transport: Transport, usage: Record<string, string>): Transport {
  return {
    async request(request) {
      const inNamespace = /^\/apis\/metrics\.k8s\.io\/v1beta1\/namespaces\/([^/]+)\/pods/.exec(request.path)
      if (!inNamespace) return transport.request(request)
      const pods = await createClient(transport).read<{ items: { metadata: object }[] }>(
        `/api/v1/namespaces/${inNamespace[1]}/pods`,
      )
      const measured = { timestamp: new Date().toISOString(), window: '1s' }
      const items = pods.items.map(({ metadata }) => ({ metadata, ...measured, containers: [{ name: 'app', usage }] }))
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify({ items })) }
    },
    close: () => transport.close(),
  }
}
