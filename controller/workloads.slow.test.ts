import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { ResourceRef } from '../api/objects.ts'
import type { Deployment, ReplicaSet } from '../api/types/apps-v1.ts'
import type { Endpoints, Event, Pod, Service } from '../api/types/core-v1.ts'
import type { EndpointSlice } from '../api/types/discovery-v1.ts'
import { DEPLOYMENTS, ENDPOINT_SLICES, ENDPOINTS, EVENTS, PODS, REPLICA_SETS, SERVICES } from '../client/resources.ts'
import { type ControlPlane, startControlPlane } from '../test/support/control-plane.ts'
import { type FakeKubelet, startFakeKubelet } from '../test/support/fake-kubelet.ts'
import { type ControllerManager, createControllerManager } from './manager.ts'

const template = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'app', image }] },
})
const meta = { name: 'web', namespace: 'default' }
const selector = { matchLabels: { app: 'web' } }

describe('workloads on a real API server', () => {
  let plane: ControlPlane
  let manager: ControllerManager
  let kubelet: FakeKubelet
  beforeEach(async () => {
    plane = await startControlPlane()
    manager = createControllerManager(plane)
    kubelet = await startFakeKubelet(plane)
    await manager.start()
  })
  afterEach(async () => {
    await manager.stop()
    await kubelet.stop()
    await plane.close()
  })

  const readyPods = (count: number) =>
    plane.until<Pod, Pod[]>(PODS, `${count} pods ready`, pods => {
      const ready = pods.filter(pod =>
        pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
      )
      return ready.length === count && pods.length === count && ready
    })
  const deployed = (what: string, wanted: (deployment: Deployment) => boolean) =>
    plane.until<Deployment, Deployment>(
      DEPLOYMENTS,
      what,
      ([deployment]) => deployment && wanted(deployment) && deployment,
    )
  const condition = (deployment: Deployment, type: string) =>
    deployment.status?.conditions?.find(candidate => candidate.type === type)

  it('a ReplicaSet brings pods back, adopts orphans and lets go of strangers', async () => {
    const orphan = {
      metadata: { name: 'orphan', namespace: 'default', labels: { app: 'web' } },
      spec: template('a').spec,
    }
    await plane.create<Pod>(PODS, orphan)
    await plane.create<ReplicaSet>(REPLICA_SETS, {
      metadata: meta,
      spec: { replicas: 3, selector, template: template('a') },
    })
    const pods = await readyPods(3)
    assert.ok(pods.some(pod => pod.metadata?.name === 'orphan'))
    await plane.client.resource(PODS).delete('orphan', { namespace: 'default' })
    await plane.until<Pod, true>(PODS, 'orphan is replaced', all => {
      return all.length === 3 && !all.some(({ metadata }) => metadata.name === 'orphan')
    })
    const stranger = (await plane.list<Pod>(PODS))[0]!.metadata.name
    const patch = { metadata: { labels: { app: 'debug' } } }
    await plane.client.resource(PODS).patch(stranger, 'merge', patch, { namespace: 'default' })
    await readyPods(4)
    assert.deepEqual((await plane.get<Pod>(PODS, stranger, 'default')).metadata.ownerReferences ?? [], [])
    await plane.client.resource(REPLICA_SETS).patch('web', 'merge', { spec: { replicas: 0 } }, { namespace: 'default' })
    await readyPods(1)
    await plane.until<ReplicaSet, true>(REPLICA_SETS, 'status', ([set]) => set?.status?.replicas === 0)
  })

  it('a Deployment rolls out, stops at a bad image, and is healed by going back', async () => {
    const spec = { replicas: 4, selector, template: template('v1'), progressDeadlineSeconds: 1 }
    await plane.create<Deployment>(DEPLOYMENTS, { metadata: meta, spec })
    await deployed('complete', found => condition(found, 'Progressing')?.reason === 'NewReplicaSetAvailable')
    const update = (image: string) =>
      plane.client
        .resource(DEPLOYMENTS)
        .patch('web', 'strategic', { spec: { template: template(image) } }, { namespace: 'default' })
    await update('v2')
    await deployed('second revision', found => {
      return (
        found.metadata?.annotations?.['deployment.kubernetes.io/revision'] === '2' &&
        found.status?.updatedReplicas === 4
      )
    })
    await readyPods(4)
    kubelet.fate = pod => (pod.spec.containers[0]?.image === 'bad' ? 'broken' : 'ready')
    await update('bad')
    const stuck = await deployed(
      'deadline',
      found => condition(found, 'Progressing')?.reason === 'ProgressDeadlineExceeded',
    )
    assert.equal(condition(stuck, 'Available')?.status, 'True')
    assert.match(condition(stuck, 'Progressing')!.message!, /^ReplicaSet "web-[a-z0-9]+" has timed out progressing\.$/)
    await update('v2')
    await deployed('healed', found => condition(found, 'Progressing')?.reason === 'NewReplicaSetAvailable')
    await readyPods(4)
    const sets = await plane.list<ReplicaSet>(REPLICA_SETS)
    assert.deepEqual(sets.map(set => [set.spec.template?.spec?.containers[0]?.image, set.spec.replicas]).sort(), [
      ['bad', 0],
      ['v1', 0],
      ['v2', 4],
    ])
    const reused = sets.find(set => set.spec.template?.spec?.containers[0]?.image === 'v2')
    assert.equal(reused?.metadata.annotations?.['deployment.kubernetes.io/revision'], '4')
    assert.equal(reused?.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '2')
    const events = await plane.list<Event>(EVENTS)
    assert.ok(events.some(({ message }) => /^Scaled up replica set web-[a-z0-9]+ from 0 to 4$/.test(message ?? '')))
  })

  it('a Deployment that recreates has never two versions at once', async () => {
    const spec = { replicas: 3, selector, template: template('v1'), strategy: { type: 'Recreate' } }
    await plane.create<Deployment>(DEPLOYMENTS, { metadata: meta, spec })
    await readyPods(3)
    await plane.client
      .resource(DEPLOYMENTS)
      .patch('web', 'strategic', { spec: { template: template('v2') } }, { namespace: 'default' })
    await plane.until<Pod, true>(PODS, 'all are new', pods => {
      const images = new Set(pods.map(pod => pod.spec.containers[0]?.image))
      assert.ok(images.size <= 1, 'two versions at once')
      return images.has('v2') && pods.length === 3
    })
  })

  it('what a Deployment made goes with it, in the way it was asked for', async () => {
    const deploy = () =>
      plane.create<Deployment>(DEPLOYMENTS, {
        metadata: meta,
        spec: { replicas: 2, selector, template: template('v1') },
      })
    const remove = (propagationPolicy: 'Background' | 'Foreground' | 'Orphan') =>
      plane.client.resource(DEPLOYMENTS).delete('web', { namespace: 'default', propagationPolicy })
    const empty = (ref: ResourceRef) => plane.until(ref, `no ${ref.plural}`, objects => objects.length === 0)
    for (const policy of ['Background', 'Foreground'] as const) {
      await deploy()
      await readyPods(2)
      await remove(policy)
      await empty(DEPLOYMENTS)
      if (policy === 'Foreground') assert.equal((await plane.list(REPLICA_SETS)).length, 0, 'dependents go first')
      await empty(REPLICA_SETS)
      await empty(PODS)
    }
    await deploy()
    await readyPods(2)
    await remove('Orphan')
    await empty(DEPLOYMENTS)
    const [set] = await plane.list<ReplicaSet>(REPLICA_SETS)
    assert.deepEqual(set?.metadata.ownerReferences ?? [], [])
    await readyPods(2)
  })

  it('Endpoints and slices follow the pods of a Service', async () => {
    const ports = [{ port: 80, targetPort: 8080 }]
    await plane.create<Service>(SERVICES, { metadata: meta, spec: { selector: { app: 'web' }, ports } })
    await plane.create<ReplicaSet>(REPLICA_SETS, {
      metadata: meta,
      spec: { replicas: 2, selector, template: template('a') },
    })
    const ready = (count: number) =>
      plane.until<EndpointSlice, true>(ENDPOINT_SLICES, `${count} endpoints`, slices => {
        const own = slices.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'web')
        return (
          own.flatMap(slice => slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready).length === count
        )
      })
    await ready(2)
    await plane.until<Endpoints, true>(ENDPOINTS, 'addresses', all =>
      all.some(({ metadata, subsets }) => metadata.name === 'web' && subsets?.[0]?.addresses?.length === 2),
    )
    await plane.client.resource(REPLICA_SETS).patch('web', 'merge', { spec: { replicas: 0 } }, { namespace: 'default' })
    await ready(0)
    await plane.client.resource(SERVICES).delete('web', { namespace: 'default' })
    await plane.until<Endpoints, true>(ENDPOINTS, 'gone', all => !all.some(({ metadata }) => metadata.name === 'web'))
  })
})
