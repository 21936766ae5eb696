import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Deployment, ReplicaSet, StatefulSet } from '../api/types/apps-v1.ts'
import type { Job } from '../api/types/batch-v1.ts'
import type { Pod } from '../api/types/core-v1.ts'
import { createClient } from '../client/client.ts'
import { DEPLOYMENTS, JOBS, PODS, REPLICA_SETS, STATEFUL_SETS } from '../client/resources.ts'
import { type Transport, TransportError } from '../client/transport.ts'
import { type Random, seededRandom } from '../platform/random.ts'
import { createScheduler } from '../scheduler/scheduler.ts'
import { createNodes, makeNode, podsByNode, startControlPlane } from '../test/support/control-plane.ts'
import { startFakeKubelet } from '../test/support/fake-kubelet.ts'
import { createControllerManager } from './manager.ts'

/** Of ten writes one never arrives, and of another one the answer is lost: what a crash or a broken network leaves behind. */
function unreliable(transport: Transport, random: Random): Transport {
  return {
    async request(request) {
      const luck = request.method === 'GET' ? 1 : random.next()
      if (luck < 0.1) throw new TransportError('never arrived')
      const response = await transport.request(request)
      if (luck < 0.2) throw new TransportError('the answer was lost')
      return response
    },
    close: () => transport.close(),
  }
}

const template = (app: string, image: string) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'app', image }], terminationGracePeriodSeconds: 0 },
})
const spec = (app: string, replicas: number) => ({
  replicas,
  selector: { matchLabels: { app } },
  template: template(app, 'v1'),
})
const meta = (name: string) => ({ name, namespace: 'default' })

describe('controllers and scheduler that lose a fifth of their writes and are restarted all the time', () => {
  for (const seed of [1, 2]) {
    it(`come to the right end, seed ${seed}`, async () => {
      const plane = await startControlPlane()
      const random = seededRandom(seed)
      const broken = {
        ...plane,
        client: createClient(unreliable(plane.client.transport, random)),
        disabled: ['node-lifecycle'],
      }
      const kubelet = await startFakeKubelet(plane, {
        needsNode: true,
        fate: pod => (pod.metadata.labels?.app === 'job' ? 'succeeded' : 'ready'),
      })
      await createNodes(
        plane,
        ['n1', 'n2', 'n3'].map(name => makeNode(name)),
      )
      let manager = createControllerManager(broken)
      let scheduler = createScheduler(broken)
      await Promise.all([manager.start(), scheduler.start()])
      await plane.create<Deployment>(DEPLOYMENTS, { metadata: meta('web'), spec: spec('web', 12) })
      await plane.create<StatefulSet>(STATEFUL_SETS, {
        metadata: meta('db'),
        spec: { ...spec('db', 3), serviceName: 'db' },
      })
      const job = { ...template('job', 'v1').spec, restartPolicy: 'Never' }
      await plane.create<Job>(JOBS, {
        metadata: meta('job'),
        spec: {
          completions: 6,
          parallelism: 3,
          completionMode: 'Indexed',
          template: { metadata: { labels: { app: 'job' } }, spec: job },
        },
      })
      for (let restart = 0; restart < 4; restart++) {
        await plane.until<Pod, boolean>(PODS, 'something moves', pods => pods.length > 2 * restart)
        await Promise.all([manager.stop(), scheduler.stop()])
        manager = createControllerManager(broken)
        scheduler = createScheduler(broken)
        await Promise.all([manager.start(), scheduler.start()])
        const patch = { spec: { template: template('web', `v${restart + 2}`) } }
        await plane.client.resource(DEPLOYMENTS).patch('web', 'strategic', patch, { namespace: 'default' })
      }
      const rolled = ({ metadata, status }: Deployment) =>
        metadata?.generation === status?.observedGeneration &&
        [status?.replicas, status?.updatedReplicas, status?.availableReplicas].every(count => count === 12)
      await plane.until<Deployment, boolean>(DEPLOYMENTS, 'rolled', all => all.every(rolled))
      await plane.until<Job, boolean>(
        JOBS,
        'complete',
        ([found]) => found?.status?.completedIndexes === '0-5' && found.status.succeeded === 6,
      )
      await plane.until<StatefulSet, boolean>(STATEFUL_SETS, 'ready', ([set]) => set?.status?.readyReplicas === 3)
      const pods = await plane.until<Pod, Pod[]>(PODS, 'nobody is left over', all => {
        const of = (app: string) => all.filter(pod => pod.metadata.labels?.app === app)
        return of('web').length === 12 && of('db').length === 3 && all
      })
      const images = pods.filter(pod => pod.metadata?.labels?.app === 'web').map(pod => pod.spec?.containers[0]?.image)
      assert.deepEqual(new Set(images), new Set(['v5']))
      assert.equal(podsByNode(pods)[''], undefined, 'all are placed')
      const sets = await plane.list<ReplicaSet>(REPLICA_SETS)
      assert.ok(sets.every(set => set.metadata.ownerReferences?.[0]?.name === 'web'))
      assert.equal(
        new Set(sets.map(set => JSON.stringify(set.spec.template?.spec))).size,
        sets.length,
        'one set a template',
      )
      await Promise.all([manager.stop(), scheduler.stop()])
      await kubelet.stop()
      await plane.close()
    })
  }
})
