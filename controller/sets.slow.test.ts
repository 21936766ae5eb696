import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { DaemonSet, StatefulSet } from '../api/types/apps-v1.ts'
import type { CronJob, Job } from '../api/types/batch-v1.ts'
import type { Event, Node, PersistentVolumeClaim, Pod } from '../api/types/core-v1.ts'
import {
  CRON_JOBS,
  DAEMON_SETS,
  EVENTS,
  JOBS,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  STATEFUL_SETS,
} from '../client/resources.ts'
import { createScheduler, type Scheduler } from '../scheduler/scheduler.ts'
import { type ControlPlane, createNodes, makeNode, startControlPlane } from '../test/support/control-plane.ts'
import { type FakeKubelet, startFakeKubelet } from '../test/support/fake-kubelet.ts'
import { type ControllerManager, createControllerManager } from './manager.ts'

const template = (image: string, extra: object = {}) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'app', image }], terminationGracePeriodSeconds: 0, ...extra },
})
const meta = { name: 'web', namespace: 'default' }
const selector = { matchLabels: { app: 'web' } }

describe('sets and jobs on a real API server', () => {
  let plane: ControlPlane
  let manager: ControllerManager
  let kubelet: FakeKubelet
  let scheduler: Scheduler
  beforeEach(async () => {
    plane = await startControlPlane()
    manager = createControllerManager({ ...plane, disabled: ['node-lifecycle'] })
    scheduler = createScheduler(plane)
    kubelet = await startFakeKubelet(plane, { needsNode: true })
    await createNodes(
      plane,
      ['n1', 'n2', 'n3'].map(name => makeNode(name)),
    )
    await Promise.all([manager.start(), scheduler.start()])
  })
  afterEach(async () => {
    await Promise.all([manager.stop(), scheduler.stop()])
    await kubelet.stop()
    await plane.close()
  })

  const isReady = (pod: Pod) =>
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  const imagesByNode = (pods: Pod[]) =>
    pods.map(pod => `${pod.spec?.nodeName} ${pod.spec?.containers[0]?.image}`).sort()

  it('a DaemonSet covers every node, also a new one, and rolls on', async () => {
    await plane.create<DaemonSet>(DAEMON_SETS, { metadata: meta, spec: { selector, template: template('v1') } })
    const running = (wanted: string[]) =>
      plane.until<Pod, true>(PODS, wanted.join(), pods => {
        return pods.every(isReady) && JSON.stringify(imagesByNode(pods)) === JSON.stringify(wanted)
      })
    await running(['n1 v1', 'n2 v1', 'n3 v1'])
    await createNodes(plane, [makeNode('n4', {}, { spec: { unschedulable: true } })])
    await running(['n1 v1', 'n2 v1', 'n3 v1', 'n4 v1'])
    await plane.client
      .resource(DAEMON_SETS)
      .patch('web', 'strategic', { spec: { template: template('v2') } }, { namespace: 'default' })
    await running(['n1 v2', 'n2 v2', 'n3 v2', 'n4 v2'])
    const taints = [{ key: 'gone', effect: 'NoExecute' }]
    await plane.client.resource<Node>(NODES).patch('n1', 'merge', { spec: { taints } })
    await running(['n2 v2', 'n3 v2', 'n4 v2'])
    await plane.until<DaemonSet, true>(DAEMON_SETS, 'status', ([set]) => {
      return (
        set?.status?.numberReady === 3 &&
        set.status.desiredNumberScheduled === 3 &&
        set.status.updatedNumberScheduled === 3
      )
    })
  })

  it('a StatefulSet makes its members in order, with claims, and updates them from the end', async () => {
    const claim = {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '' },
    }
    // Nobody binds the claims here, so the members do not mount them.
    await scheduler.stop()
    await kubelet.stop()
    kubelet = await startFakeKubelet(plane)
    const spec = { serviceName: 'web', replicas: 3, selector, template: template('v1'), volumeClaimTemplates: [claim] }
    await plane.create<StatefulSet>(STATEFUL_SETS, { metadata: meta, spec })
    const members = (wanted: string[]) =>
      plane.until<Pod, Pod[]>(PODS, wanted.join(), pods => {
        const found = pods.map(pod => `${pod.metadata.name} ${pod.spec.containers[0]?.image}`).sort()
        return pods.every(isReady) && JSON.stringify(found) === JSON.stringify(wanted) && pods
      })
    const pods = await members(['web-0 v1', 'web-1 v1', 'web-2 v1'])
    const made = pods.map(pod => Number(pod.metadata?.resourceVersion))
    assert.equal(pods.find(pod => pod.metadata?.name === 'web-1')?.spec?.hostname, 'web-1')
    assert.ok(made.length === 3)
    const claims = await plane.list<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS)
    assert.deepEqual(claims.map(({ metadata }) => metadata.name).sort(), ['data-web-0', 'data-web-1', 'data-web-2'])
    const patch = (change: object) =>
      plane.client.resource(STATEFUL_SETS).patch('web', 'strategic', { spec: change }, { namespace: 'default' })
    await patch({ template: template('v2'), updateStrategy: { rollingUpdate: { partition: 2 } } })
    await members(['web-0 v1', 'web-1 v1', 'web-2 v2'])
    await plane.client.resource(PODS).delete('web-0', { namespace: 'default' })
    await members(['web-0 v1', 'web-1 v1', 'web-2 v2'])
    await patch({ updateStrategy: { rollingUpdate: { partition: 0 } } })
    await members(['web-0 v2', 'web-1 v2', 'web-2 v2'])
    await patch({ replicas: 1 })
    await members(['web-0 v2'])
    await plane.until<StatefulSet, true>(STATEFUL_SETS, 'status', ([set]) => {
      return set?.status?.replicas === 1 && set.status.currentRevision === set.status.updateRevision
    })
  })

  it('a StatefulSet whose template is broken is healed by a better one', async () => {
    await scheduler.stop()
    await kubelet.stop()
    kubelet = await startFakeKubelet(plane, {
      fate: pod => (pod.spec.containers[0]?.image === 'bad' ? 'broken' : 'ready'),
    })
    const spec = { serviceName: 'web', replicas: 2, selector, template: template('v1') }
    await plane.create<StatefulSet>(STATEFUL_SETS, { metadata: meta, spec })
    const images = (wanted: string) =>
      plane.until<Pod, true>(
        PODS,
        wanted,
        pods =>
          pods
            .map(pod => pod.spec.containers[0]?.image)
            .sort()
            .join() === wanted,
      )
    await images('v1,v1')
    const update = (image: string) =>
      plane.client
        .resource(STATEFUL_SETS)
        .patch('web', 'strategic', { spec: { template: template(image) } }, { namespace: 'default' })
    await plane.until<Pod, boolean>(PODS, 'ready', pods => pods.every(isReady))
    await update('bad')
    await images('bad,v1')
    await update('v3')
    await images('v3,v3')
  })

  const jobEnds = (type: string) =>
    plane.until<Job, Job>(
      JOBS,
      type,
      ([job]) => job?.status?.conditions?.some(condition => condition.type === type) && job,
    )
  const jobTemplate = (name: string) => ({
    metadata: { labels: { job: name } },
    spec: { restartPolicy: 'Never', containers: [{ name: 'app', image: 'x' }], terminationGracePeriodSeconds: 0 },
  })

  it('a Job runs until enough pods succeeded, and counts each once', async () => {
    kubelet.fate = () => 'succeeded'
    await plane.create<Job>(JOBS, {
      metadata: meta,
      spec: { completions: 5, parallelism: 2, template: jobTemplate('web') },
    })
    const job = await jobEnds('Complete')
    assert.equal(job.status?.succeeded, 5)
    assert.ok(job.status?.completionTime)
    const pods = await plane.list<Pod>(PODS)
    assert.equal(pods.length, 5)
    await plane.until<Pod, boolean>(PODS, 'all are let go', all => all.every(pod => !pod.metadata.finalizers?.length))
  })

  it('an indexed Job with failing indexes tells which', async () => {
    kubelet.fate = pod =>
      pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index'] === '1' ? 'failed' : 'succeeded'
    const spec = {
      completions: 4,
      parallelism: 4,
      completionMode: 'Indexed',
      backoffLimitPerIndex: 0,
      template: jobTemplate('web'),
    }
    await plane.create<Job>(JOBS, { metadata: meta, spec })
    const { status } = await jobEnds('Failed')
    assert.deepEqual(
      [status?.completedIndexes, status?.failedIndexes, status?.succeeded, status?.failed],
      ['0,2,3', '1', 3, 1],
    )
    assert.equal(status?.conditions?.find(({ type }) => type === 'Failed')?.reason, 'FailedIndexes')
  })

  it('a Job that fails too often is given up, and goes when its time is over', async () => {
    kubelet.fate = () => 'failed'
    await plane.create<Job>(JOBS, {
      metadata: meta,
      spec: { backoffLimit: 0, template: jobTemplate('web') },
    })
    const job = await jobEnds('Failed')
    assert.equal(job.status?.conditions?.find(({ type }) => type === 'Failed')?.reason, 'BackoffLimitExceeded')
    const patch = { spec: { ttlSecondsAfterFinished: 1 } }
    await plane.client.resource(JOBS).patch('web', 'merge', patch, { namespace: 'default' })
    await plane.until<Job, true>(JOBS, 'gone', jobs => jobs.length === 0)
    await plane.until<Pod, true>(PODS, 'pods gone', pods => pods.length === 0)
  })

  it('a suspended Job waits', async () => {
    kubelet.fate = () => 'succeeded'
    await plane.create<Job>(JOBS, { metadata: meta, spec: { suspend: true, template: jobTemplate('web') } })
    await jobEnds('Suspended')
    assert.equal((await plane.list(PODS)).length, 0)
    await plane.client.resource(JOBS).patch('web', 'merge', { spec: { suspend: false } }, { namespace: 'default' })
    await jobEnds('Complete')
  })

  it('a CronJob that missed its time starts one Job for it', async () => {
    kubelet.fate = () => 'succeeded'
    const spec = { schedule: '* * * * *', jobTemplate: { spec: { template: jobTemplate('web') } } }
    const cron = await plane.create<CronJob>(CRON_JOBS, { metadata: meta, spec })
    const status = { lastScheduleTime: new Date(plane.clock.now() - 300_000).toISOString().replace(/\.\d+/, '') }
    await plane.client
      .resource<CronJob>(CRON_JOBS)
      .patch('web', 'merge', { status }, { namespace: 'default', subresource: 'status' })
    const job = await jobEnds('Complete')
    const minute = Math.floor(plane.clock.now() / 60_000)
    assert.ok(
      ['', '-1'].some(late => job.metadata?.name === `web-${minute + Number(late)}`),
      job.metadata?.name,
    )
    assert.equal(job.metadata?.ownerReferences?.[0]?.uid, cron.metadata.uid)
    await plane.until<Event, true>(EVENTS, 'seen', events => events.some(({ reason }) => reason === 'SawCompletedJob'))
  })
})
