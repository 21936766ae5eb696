import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Event, Node, Pod } from '../api/types/core-v1.ts'
import { EVENTS, NODES, PODS, PRIORITY_CLASSES } from '../client/resources.ts'
import {
  type ControlPlane,
  createNodes,
  makeNode,
  makePod,
  podsByNode,
  startControlPlane,
} from '../test/support/control-plane.ts'
import { readConfig } from './config.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'

describe('the scheduler on a real API server', () => {
  let plane: ControlPlane
  let scheduler: Scheduler
  beforeEach(async () => {
    plane = await startControlPlane()
    scheduler = createScheduler(plane)
  })
  afterEach(async () => {
    await scheduler.stop()
    await plane.close()
  })

  const bound = (count: number) =>
    plane.until<Pod, Pod[]>(PODS, `${count} pods bound`, pods => {
      const placed = pods.filter(pod => pod.spec.nodeName)
      return placed.length === count && placed
    })
  const event = (reason: string) =>
    plane.until<Event, Event>(EVENTS, `event ${reason}`, events => events.find(found => found.reason === reason))

  it('binds pods in turns and says so', async () => {
    await createNodes(
      plane,
      ['worker1', 'worker2', 'worker3'].map(name => makeNode(name)),
    )
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await plane.create(PODS, makePod(name))
    await scheduler.start()
    const byNode = podsByNode(await bound(6))
    assert.deepEqual(
      Object.values(byNode).map(pods => pods.length),
      [2, 2, 2],
    )
    const { message, source } = await event('Scheduled')
    assert.match(message!, /^Successfully assigned default\/[a-f] to worker[123]$/)
    assert.equal(source?.component, 'default-scheduler')
  })

  it('explains why a pod waits, and places it when a node comes', async () => {
    await createNodes(plane, [
      makeNode('small', { memory: '1Gi' }),
      makeNode('tainted', {}, { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } }),
    ])
    await plane.create(PODS, makePod('web', { memory: '2Gi' }))
    await scheduler.start()
    const message =
      '0/2 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint {gpu: yes}. ' +
      'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.'
    assert.equal((await event('FailedScheduling')).message, message)
    assert.equal((await event('WhyPending')).message, 'needs 2048Mi memory: small has 1024Mi of 1024Mi left')
    const condition = await plane.until<Pod, object>(PODS, 'condition', ([pod]) =>
      pod?.status?.conditions?.find(({ type }) => type === 'PodScheduled'),
    )
    assert.partialDeepStrictEqual(condition, { status: 'False', reason: 'Unschedulable', message })
    await createNodes(plane, [makeNode('large')])
    assert.deepEqual(podsByNode(await bound(1)), { large: ['web'] })
  })

  it('never gives away more than there is, also to a second scheduler', async () => {
    const other = createScheduler(plane)
    await createNodes(plane, [makeNode('n1', { cpu: '1' }), makeNode('n2', { cpu: '1' })])
    await scheduler.start()
    for (let i = 0; i < 12; i++) await plane.create(PODS, makePod(`p${i}`, { cpu: '250m' }))
    const byNode = podsByNode(await bound(8))
    assert.deepEqual([byNode.n1?.length, byNode.n2?.length], [4, 4])
    await other.start()
    await plane.client.resource<Pod>(PODS).delete(byNode.n1![0]!, { namespace: 'default', gracePeriodSeconds: 0 })
    await plane.until<Pod, true>(
      PODS,
      'the place is taken again',
      pods => pods.filter(pod => pod.spec.nodeName).length === 8,
    )
    await other.stop()
  })

  it('makes room for what is more important', async () => {
    await plane.create(PRIORITY_CLASSES, { metadata: { name: 'high' }, value: 1000 } as object)
    await createNodes(plane, [makeNode('n1', { cpu: '1' })])
    await plane.create(PODS, makePod('low', { cpu: '800m' }, { terminationGracePeriodSeconds: 0 }))
    await scheduler.start()
    await bound(1)
    await plane.create(PODS, makePod('high', { cpu: '500m' }, { priorityClassName: 'high' }))
    await plane.until<Pod, true>(PODS, 'high has its place', pods =>
      pods.some(pod => pod.metadata.name === 'high' && pod.spec.nodeName === 'n1'),
    )
    assert.match((await event('Preempted')).message!, /^Preempted by pod .* on node n1$/)
  })

  it('waits for gates and for uncordoning', async () => {
    await createNodes(plane, [makeNode('n1', {}, { spec: { unschedulable: true } })])
    await plane.create(PODS, makePod('gated', {}, { schedulingGates: [{ name: 'example.com/wait' }] }))
    await plane.create(PODS, makePod('waiting'))
    await scheduler.start()
    await event('FailedScheduling')
    await plane.client.resource<Node>(NODES).patch('n1', 'merge', { spec: { unschedulable: false } })
    assert.deepEqual(podsByNode(await bound(1)), { n1: ['waiting'] })
    const patch = { spec: { schedulingGates: [] } }
    await plane.client.resource<Pod>(PODS).patch('gated', 'merge', patch, { namespace: 'default' })
    await bound(2)
  })

  it('leaves pods of other schedulers alone', async () => {
    await scheduler.stop()
    const config = readConfig({ profiles: [{ schedulerName: 'mine' }] })
    scheduler = createScheduler({ ...plane, config })
    await createNodes(plane, [makeNode('n1')])
    await plane.create(PODS, makePod('theirs'))
    await plane.create(PODS, makePod('ours', {}, { schedulerName: 'mine' }))
    await scheduler.start()
    assert.deepEqual(podsByNode(await bound(1)), { n1: ['ours'] })
  })
})
