import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { ApiResponse } from '../api/exchange.ts'
import type { ReplicaSet } from '../api/types/apps-v1.ts'
import type { Event, PersistentVolume, PersistentVolumeClaim, Pod, ResourceQuota } from '../api/types/core-v1.ts'
import type { PodDisruptionBudget } from '../api/types/policy-v1.ts'
import type { ClusterRole } from '../api/types/rbac-v1.ts'
import type { StorageClass } from '../api/types/storage-v1.ts'
import { createClient } from '../client/client.ts'
import {
  CLUSTER_ROLES,
  EVENTS,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  POD_DISRUPTION_BUDGETS,
  PODS,
  REPLICA_SETS,
  RESOURCE_QUOTAS,
  STORAGE_CLASSES,
} from '../client/resources.ts'
import type { Transport } from '../client/transport.ts'
import { createScheduler, type Scheduler } from '../scheduler/scheduler.ts'
import { type ControlPlane, createNodes, makeNode, makePod, startControlPlane } from '../test/support/control-plane.ts'
import { type FakeKubelet, startFakeKubelet } from '../test/support/fake-kubelet.ts'
import { type ControllerManager, createControllerManager } from './manager.ts'

const namespace = 'default'
const claimOf = (name: string, spec: object = {}): PersistentVolumeClaim => ({
  metadata: { name, namespace },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
})

interface FakeAgents {
  transport: Transport
  /** "NODE VOLUME", in the order of asking. */
  asked: string[]
  answer: ApiResponse
}

/** The API server with agents behind it that are asked for the folders of volumes, and all answer the same. */
function fakeAgents(server: Transport): FakeAgents {
  const agents: FakeAgents = {
    asked: [],
    answer: { status: 200, headers: {}, body: Buffer.from('removed') },
    transport: {
      async request(request) {
        const [, node, volume] = /^\/api\/v1\/nodes\/([^/]+)\/proxy\/localVolumes\/(.+)$/.exec(request.path) ?? []
        if (!node) return server.request(request)
        assert.equal(request.method, 'DELETE')
        agents.asked.push(`${node} ${volume}`)
        return agents.answer
      },
      close: () => server.close(),
    },
  }
  return agents
}

describe('storage, budgets, quotas and roles on a real API server', () => {
  let plane: ControlPlane
  let manager: ControllerManager
  let scheduler: Scheduler
  let kubelet: FakeKubelet
  let agents: FakeAgents
  beforeEach(async () => {
    plane = await startControlPlane()
    agents = fakeAgents(plane.client.transport)
    const client = createClient(agents.transport)
    manager = createControllerManager({ ...plane, client, disabled: ['node-lifecycle'] })
    scheduler = createScheduler(plane)
    kubelet = await startFakeKubelet(plane, { needsNode: true })
    await createNodes(
      plane,
      ['n1', 'n2'].map(name => makeNode(name)),
    )
    await Promise.all([manager.start(), scheduler.start()])
  })
  afterEach(async () => {
    await Promise.all([manager.stop(), scheduler.stop()])
    await kubelet.stop()
    await plane.close()
  })

  const withClaim = (name: string, claimName: string): Pod =>
    makePod(name, {}, { volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] })

  it('a claim of the default class waits for its pod, gets a folder on its node, and gives it back', async () => {
    await plane.until<StorageClass, true>(STORAGE_CLASSES, 'class', classes => classes.length === 1)
    await plane.create(PERSISTENT_VOLUME_CLAIMS, claimOf('data'))
    await plane.until<Event, true>(EVENTS, 'waits', events =>
      events.some(({ reason }) => reason === 'WaitForFirstConsumer'),
    )
    await plane.create(PODS, withClaim('web', 'data'))
    const pod = await plane.until<Pod, Pod>(PODS, 'placed', ([found]) => (found?.spec.nodeName ? found : undefined))
    const [volume] = await plane.list<PersistentVolume>(PERSISTENT_VOLUMES)
    const hostname = volume?.spec.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values?.[0]
    assert.equal(hostname, pod.spec?.nodeName)
    assert.equal(volume?.status?.phase, 'Bound')
    await plane.client.resource(PERSISTENT_VOLUME_CLAIMS).delete('data', { namespace })
    const held = await plane.get<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS, 'data', namespace)
    assert.ok(held.metadata.deletionTimestamp, 'a claim in use stays')
    await plane.client.resource(PODS).delete('web', { namespace })
    await plane.until(PERSISTENT_VOLUME_CLAIMS, 'claim gone', claims => claims.length === 0)
    await plane.until(PERSISTENT_VOLUMES, 'volume gone', volumes => volumes.length === 0)
    assert.deepEqual(new Set(agents.asked), new Set([`${pod.spec?.nodeName} ${volume.metadata.name}`]))
  })

  it('a volume stays as long as its folder, and goes with its node', async () => {
    agents.answer = { status: 409, headers: {}, body: Buffer.from('something is mounted on /srv') }
    await plane.create(PERSISTENT_VOLUME_CLAIMS, claimOf('data'))
    await plane.create(PODS, withClaim('web', 'data'))
    await plane.until<PersistentVolume, boolean>(
      PERSISTENT_VOLUMES,
      'bound',
      ([found]) => found?.status?.phase === 'Bound',
    )
    const pod = await plane.until<Pod, Pod>(PODS, 'placed', ([found]) => (found?.spec.nodeName ? found : undefined))
    await plane.client.resource(PODS).delete('web', { namespace })
    await plane.client.resource(PERSISTENT_VOLUME_CLAIMS).delete('data', { namespace })
    const nodeName = pod.spec?.nodeName ?? ''
    const said = `the folder on node ${nodeName} could not be removed: something is mounted on /srv`
    await plane.until<Event, boolean>(EVENTS, said, events =>
      events.some(({ reason, message }) => reason === 'VolumeFailedDelete' && message === said),
    )
    const [kept] = await plane.list<PersistentVolume>(PERSISTENT_VOLUMES)
    assert.deepEqual([kept?.status?.phase, kept?.metadata.deletionTimestamp], ['Released', undefined])
    await plane.client.resource(NODES).delete(nodeName)
    await plane.until(PERSISTENT_VOLUMES, 'volume gone', volumes => volumes.length === 0)
  })

  it('a claim without class takes the smallest volume that is large enough', async () => {
    for (const [name, storage] of [
      ['big', '10Gi'],
      ['small', '512Mi'],
      ['right', '2Gi'],
    ] as const) {
      await plane.create<PersistentVolume>(PERSISTENT_VOLUMES, {
        metadata: { name },
        spec: {
          capacity: { storage },
          accessModes: ['ReadWriteOnce'],
          persistentVolumeReclaimPolicy: 'Retain',
          hostPath: { path: `/tmp/${name}` },
        },
      })
    }
    await plane.create(PERSISTENT_VOLUME_CLAIMS, claimOf('data', { storageClassName: '' }))
    const claim = await plane.until<PersistentVolumeClaim, PersistentVolumeClaim>(
      PERSISTENT_VOLUME_CLAIMS,
      'bound',
      ([found]) => found?.status?.phase === 'Bound' && found,
    )
    assert.equal(claim.spec?.volumeName, 'right')
    assert.deepEqual(claim.status?.capacity, { storage: '2Gi' })
    await plane.client.resource(PERSISTENT_VOLUME_CLAIMS).delete('data', { namespace })
    await plane.until<PersistentVolume, true>(PERSISTENT_VOLUMES, 'released', volumes =>
      volumes.some(({ metadata, status }) => metadata.name === 'right' && status?.phase === 'Released'),
    )
  })

  it('a budget follows the pods that it protects', async () => {
    const selector = { matchLabels: { app: 'web' } }
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'a' }] } }
    await plane.create<PodDisruptionBudget>(POD_DISRUPTION_BUDGETS, {
      metadata: { name: 'web', namespace },
      spec: { selector, maxUnavailable: 1 },
    })
    await plane.create<ReplicaSet>(REPLICA_SETS, {
      metadata: { name: 'web', namespace },
      spec: { replicas: 3, selector, template },
    })
    const allowed = (count: number, healthy: number) =>
      plane.until<PodDisruptionBudget, true>(POD_DISRUPTION_BUDGETS, `${count} of ${healthy}`, ([budget]) => {
        return budget?.status?.disruptionsAllowed === count && budget.status.currentHealthy === healthy
      })
    await allowed(1, 3)
    kubelet.fate = () => 'broken'
    const [pod] = await plane.list<Pod>(PODS)
    await plane.client.resource(PODS).delete(pod!.metadata.name, { namespace })
    await allowed(0, 2)
  })

  it('a quota is counted, and given back', async () => {
    await plane.create(PODS, makePod('first', { cpu: '100m' }))
    await plane.create<ResourceQuota>(RESOURCE_QUOTAS, {
      metadata: { name: 'all', namespace },
      spec: { hard: { pods: '3', 'requests.cpu': '1', 'count/configmaps': '9' } },
    })
    const used = (pods: string, cpu: string) =>
      plane.until<ResourceQuota, true>(RESOURCE_QUOTAS, `${pods} ${cpu}`, ([quota]) => {
        return quota?.status?.used?.pods === pods && quota.status.used['requests.cpu'] === cpu
      })
    await used('1', '100m')
    const made = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) => plane.create(PODS, makePod(`p${i}`, { cpu: '200m' }))),
    )
    assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 2)
    await used('3', '500m')
    await plane.client.resource(PODS).delete('first', { namespace, gracePeriodSeconds: 0 })
    await used('2', '400m')
  })

  it('an aggregated role is the sum of those it selects', async () => {
    const rule = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] })
    const labels = { 'to-mine': 'true' }
    await plane.create<ClusterRole>(CLUSTER_ROLES, {
      metadata: { name: 'mine' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: labels }] },
      rules: [],
    })
    await plane.create<ClusterRole>(CLUSTER_ROLES, {
      metadata: { name: 'b', labels },
      rules: [rule('pods'), rule('secrets')],
    })
    await plane.create<ClusterRole>(CLUSTER_ROLES, { metadata: { name: 'a', labels }, rules: [rule('pods')] })
    await plane.until<ClusterRole, true>(CLUSTER_ROLES, 'sum', roles => {
      const rules = roles.find(({ metadata }) => metadata.name === 'mine')?.rules ?? []
      return rules.map(({ resources }) => resources?.[0]).join() === 'pods,secrets'
    })
  })
})
