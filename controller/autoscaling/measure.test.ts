import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MetricSpec } from '../../api/types/autoscaling-v2.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'
import {
  container,
  external,
  object,
  perPod,
  podMetrics,
  resource,
  scaler,
  serving,
  target,
  values,
} from '../../test/support/autoscaling.ts'
import { livePod, NOW } from '../../test/support/objects.ts'
import { measure } from './measure.ts'

const RESOURCES = '/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods?labelSelector=app=web'
const CUSTOM = '/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop'
const EXTERNAL = '/apis/external.metrics.k8s.io/v1beta1/namespaces/shop'
const CHOSEN: LabelSelector = {
  matchLabels: { verb: 'GET', path: 'x' },
  matchExpressions: [
    { key: 'code', operator: 'In', values: ['200', '201'] },
    { key: 'tier', operator: 'NotIn', values: ['old'] },
    { key: 'hot', operator: 'Exists' },
    { key: 'cold', operator: 'DoesNotExist' },
  ],
}
const CHOSEN_TEXT = 'verb=GET,path=x,code in (200,201),tier notin (old),hot,!cold'

describe('measure', () => {
  const percent = (text: string) => `${text} resource utilization (percentage of request)`
  /** The metric, how many pods, what the server says; what was asked for, pods wanted, the title, the status. */
  const cases: [string, MetricSpec, number, object[], string, number, string, object][] = [
    // https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details: 200m for 100m doubles, 50m halves.
    [
      'twice the average value',
      resource('cpu', { averageValue: '100m' }),
      2,
      podMetrics('100m 100m', '100m 100m'),
      RESOURCES,
      4,
      'cpu resource',
      { averageValue: '200m' },
    ],
    [
      'half the average value',
      resource('cpu', { averageValue: '100m' }),
      2,
      podMetrics('25m 25m', '25m 25m'),
      RESOURCES,
      1,
      'cpu resource',
      { averageValue: '50m' },
    ],
    [
      'utilization',
      resource('cpu', { averageUtilization: 50 }),
      2,
      podMetrics('500m 400m', '500m 600m'),
      RESOURCES,
      4,
      percent('cpu'),
      { averageUtilization: 100, averageValue: '1' },
    ],
    [
      'utilization, of 80 where nothing is said',
      resource('cpu', {}),
      2,
      podMetrics('800m 800m', '800m 800m'),
      RESOURCES,
      4,
      percent('cpu'),
      { averageUtilization: 160, averageValue: '1600m' },
    ],
    [
      'memory',
      resource('memory', { averageUtilization: 50 }),
      1,
      podMetrics('100m 100m'),
      RESOURCES,
      2,
      percent('memory'),
      { averageUtilization: 100, averageValue: '209715200' },
    ],
    [
      'a pod of which a container is not measured',
      resource('cpu', { averageUtilization: 50 }),
      2,
      podMetrics('500m 500m', '500m -'),
      RESOURCES,
      2,
      percent('cpu'),
      { averageUtilization: 100, averageValue: '1' },
    ],
    [
      'one container',
      container('cpu', { averageUtilization: 40 }),
      2,
      podMetrics('400m 9', '400m 9'),
      RESOURCES,
      4,
      percent('cpu container'),
      { averageUtilization: 80, averageValue: '400m' },
    ],
    [
      'one container, another is not measured',
      container('cpu', { averageUtilization: 40 }),
      1,
      podMetrics('400m -'),
      RESOURCES,
      2,
      percent('cpu container'),
      { averageUtilization: 80, averageValue: '400m' },
    ],
    [
      'one container by value',
      container('memory', { averageValue: '50Mi' }),
      2,
      podMetrics('100m 9', '100m 9'),
      RESOURCES,
      4,
      'memory container resource',
      { averageValue: '104857600' },
    ],
    [
      'pods',
      perPod('1k'),
      2,
      values('1500', '2500'),
      `${CUSTOM}/pods/*/packets?labelSelector=app=web`,
      4,
      'pods metric packets',
      { averageValue: '2k' },
    ],
    [
      'pods, chosen',
      perPod('1k', CHOSEN),
      1,
      values('1k'),
      `${CUSTOM}/pods/*/packets?labelSelector=app=web&metricLabelSelector=${CHOSEN_TEXT}`,
      1,
      'pods metric packets',
      { averageValue: '1k' },
    ],
    [
      'an object',
      object('networking.k8s.io/v1', 'Ingress', { value: '2k' }),
      2,
      values('4k'),
      `${CUSTOM}/ingresses.networking.k8s.io/main/hits`,
      4,
      'Ingress metric hits',
      { value: '4k' },
    ],
    [
      'an object of the core',
      object('v1', 'Service', { value: '2k' }),
      2,
      values('1k'),
      `${CUSTOM}/services/main/hits`,
      1,
      'Service metric hits',
      { value: '1k' },
    ],
    [
      'the namespace',
      object('v1', 'Namespace', { value: '2k' }),
      2,
      values('2k'),
      `${CUSTOM}/metrics/hits`,
      2,
      'Namespace metric hits',
      { value: '2k' },
    ],
    [
      'an object, shared by all pods',
      object('v1', 'Service', { averageValue: '2k' }),
      2,
      values('8k'),
      `${CUSTOM}/services/main/hits`,
      4,
      'Service metric hits',
      { averageValue: '4k' },
    ],
    [
      'an object, chosen',
      object('v1', 'Service', { value: '2k' }, { matchLabels: { verb: 'GET' } }),
      1,
      values('2k'),
      `${CUSTOM}/services/main/hits?metricLabelSelector=verb=GET`,
      1,
      'Service metric hits',
      { value: '2k' },
    ],
    [
      'external, all values together',
      external({ value: '10' }),
      2,
      values('5', '15'),
      `${EXTERNAL}/queue`,
      4,
      'external metric queue',
      { value: '20' },
    ],
    [
      'external, shared by all pods',
      external({ averageValue: '30' }),
      2,
      values('100', '20'),
      `${EXTERNAL}/queue`,
      4,
      'external metric queue',
      { averageValue: '60' },
    ],
    [
      'external, chosen',
      external({ value: '10' }, { matchLabels: { queue: 'jobs' } }),
      2,
      values('10'),
      `${EXTERNAL}/queue?labelSelector=queue=jobs`,
      2,
      'external metric queue(queue=jobs)',
      { value: '10' },
    ],
  ]
  for (const [name, metric, replicas, items, path, wanted, title, current] of cases) {
    it(name, async () => {
      const { source, asked } = serving(items)
      const { proposal, title: told, status } = await measure(source, scaler(), metric, target(replicas), NOW)
      assert.deepEqual([asked, proposal.replicas, told], [[path], wanted, title])
      const { type, ...parts } = status
      assert.equal(type, metric.type)
      const [[kind, part]] = Object.entries(parts) as unknown as [[string, { current: object }]]
      assert.deepEqual(part.current, current)
      // What was measured is told beside what it was.
      const { target: _, ...identity } = metric[kind as 'resource']!
      assert.deepEqual({ ...part, current: undefined }, { ...identity, current: undefined })
    })
  }

  it('a young pod that was measured before it was ready counts as idle, for CPU alone', async () => {
    const { source } = serving(podMetrics('500m 500m', '900m 900m'))
    const young = {
      ...target(1).pods[0]!,
      ...livePod('p1', { created: 60, readySince: 10, spec: target(1).pods[0]!.spec }),
    }
    const pods = [...target(1).pods, young]
    const wanted = async (name: string) => {
      const metric = resource(name, { averageUtilization: 50 })
      return (await measure(source, scaler(), metric, { ...target(2), pods }, NOW)).proposal.replicas
    }
    assert.deepEqual([await wanted('cpu'), await wanted('memory')], [2, 28])
  })
})
