import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Lease } from '../api/types/coordination-v1.ts'
import type { ConfigMap, Namespace, Node, Pod, Secret, ServiceAccount } from '../api/types/core-v1.ts'
import { CONFIG_MAPS, LEASES, NAMESPACES, NODES, PODS, SECRETS, SERVICE_ACCOUNTS } from '../client/resources.ts'
import { microTimestamp } from '../client/times.ts'
import { type ControlPlane, createNodes, makeNode, makePod, startControlPlane } from '../test/support/control-plane.ts'
import { type ControllerManager, createControllerManager } from './manager.ts'

describe('the controllers of nodes and namespaces on a real API server', () => {
  let plane: ControlPlane
  let manager: ControllerManager
  beforeEach(async () => {
    plane = await startControlPlane()
    manager = createControllerManager({
      ...plane,
      rootCa: 'CA',
      clusterCidr: '10.244.0.0/16',
      nodeMonitorGracePeriodMs: 300,
    })
    await manager.start()
  })
  afterEach(async () => {
    await manager.stop()
    await plane.close()
  })

  it('gives a namespace its account and its certificate, and gives them back', async () => {
    await plane.create<Namespace>(NAMESPACES, { metadata: { name: 'team' } })
    await plane.until<ServiceAccount, true>(SERVICE_ACCOUNTS, 'account', accounts =>
      accounts.some(({ metadata }) => metadata.namespace === 'team' && metadata.name === 'default'),
    )
    const map = await plane.until<ConfigMap, ConfigMap>(CONFIG_MAPS, 'certificate', maps =>
      maps.find(({ metadata }) => metadata.namespace === 'team' && metadata.name === 'kube-root-ca.crt'),
    )
    assert.deepEqual(map.data, { 'ca.crt': 'CA' })
    await plane.client.resource(SERVICE_ACCOUNTS).delete('default', { namespace: 'team' })
    await plane.until<ServiceAccount, true>(SERVICE_ACCOUNTS, 'account again', accounts =>
      accounts.some(({ metadata }) => metadata.namespace === 'team' && metadata.name === 'default'),
    )
  })

  it('empties a namespace that is deleted, and says what is left', async () => {
    await plane.create<Namespace>(NAMESPACES, { metadata: { name: 'team' } })
    const held = { metadata: { name: 'held', namespace: 'team', finalizers: ['example.com/wait'] }, data: { a: 'b' } }
    await plane.create<ConfigMap>(CONFIG_MAPS, held)
    await plane.create<Pod>(PODS, { ...makePod('web'), metadata: { name: 'web', namespace: 'team' } })
    await plane.client.resource(NAMESPACES).delete('team')
    const messages = await plane.until<Namespace, string[]>(NAMESPACES, 'what is left', namespaces => {
      const conditions = namespaces.find(({ metadata }) => metadata.name === 'team')?.status?.conditions ?? []
      const remaining = conditions.filter(({ status }) => status === 'True').map(({ message }) => message ?? '')
      return remaining.some(message => message.includes('configmaps')) && remaining
    })
    assert.deepEqual(messages, [
      'Some resources are remaining: configmaps. has 1 resource instances',
      'Some content in the namespace has finalizers remaining: example.com/wait in 1 resource instances',
    ])
    const patch = { metadata: { finalizers: [] } }
    await plane.client.resource(CONFIG_MAPS).patch('held', 'merge', patch, { namespace: 'team' })
    await plane.until<Namespace, true>(NAMESPACES, 'gone', all => !all.some(({ metadata }) => metadata.name === 'team'))
  })

  it('notices a silent node, moves its pods away, and is content when it is back', async test => {
    await createNodes(
      plane,
      ['quiet', 'alive'].map(name => makeNode(name)),
    )
    const tolerations = ['unreachable', 'not-ready'].map(key => ({
      ...{ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect: 'NoExecute' },
      tolerationSeconds: 0,
    }))
    await plane.create<Pod>(
      PODS,
      makePod('web', {}, { nodeName: 'quiet', terminationGracePeriodSeconds: 0, tolerations }),
    )
    const lease = (name: string) => ({ metadata: { name, namespace: 'kube-node-lease' } })
    for (const name of ['quiet', 'alive']) await plane.create<Lease>(LEASES, lease(name))
    const beat = (name: string) => {
      const patch = { spec: { renewTime: microTimestamp(plane.clock.now()) } }
      return plane.client.resource<Lease>(LEASES).patch(name, 'merge', patch, { namespace: 'kube-node-lease' })
    }
    const beating = setInterval(() => void beat('alive'), 50)
    test.after(() => clearInterval(beating))
    const ready = (name: string, wanted: string) =>
      plane.until<Node, Node>(NODES, `${name} is ${wanted}`, nodes =>
        nodes.find(node => {
          const status = node.status?.conditions?.find(({ type }) => type === 'Ready')?.status
          return node.metadata.name === name && status === wanted
        }),
      )
    await ready('quiet', 'Unknown')
    await plane.until<Pod, true>(PODS, 'pod evicted', pods => pods.length === 0)
    const tainted = await plane.get<Node>(NODES, 'quiet')
    assert.deepEqual(
      tainted.spec.taints?.map(({ key, effect }) => `${key}:${effect}`),
      ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute'],
    )
    await ready('alive', 'True')
    await beat('quiet')
    const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }]
    await plane.client
      .resource<Node>(NODES)
      .patch('quiet', 'strategic', { status: { conditions } }, { subresource: 'status' })
    await plane.until<Node, true>(NODES, 'no taints', nodes => nodes.every(node => !node.spec.taints?.length))
  })

  it('gives every node a range of its own', async () => {
    await createNodes(
      plane,
      ['a', 'b', 'c'].map(name => makeNode(name)),
    )
    const ranges = await plane.until<Node, string[]>(NODES, 'ranges', nodes => {
      const found = nodes.flatMap(node => node.spec.podCIDR ?? [])
      return found.length === 3 && found.sort()
    })
    assert.deepEqual(ranges, ['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24'])
  })

  it('forgets bootstrap tokens that have expired', async () => {
    const token = (id: string, expiration: string) =>
      plane.create<Secret>(SECRETS, {
        metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
        type: 'bootstrap.kubernetes.io/token',
        stringData: { 'token-id': id, 'token-secret': '0123456789abcdef', expiration },
      })
    await token('aaaaaa', '2020-01-01T00:00:00Z')
    await token('bbbbbb', '2099-01-01T00:00:00Z')
    await plane.until<Secret, true>(SECRETS, 'one left', secrets => {
      const names = secrets.map(({ metadata }) => metadata.name).filter(name => name.startsWith('bootstrap-token-'))
      return names.length === 1 && names[0] === 'bootstrap-token-bbbbbb'
    })
  })
})
