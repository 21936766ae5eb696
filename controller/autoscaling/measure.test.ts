import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HorizontalPodAutoscaler, MetricSpec, MetricTarget } from '../../api/types/autoscaling-v2.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'
import { ago, livePod, NOW } from '../../test/support/objects.ts'
import { MetricError, measure } from './measure.ts'

const KINDS: Record<string, { group: string; plural: string }> = {
  'networking.k8s.io/v1 Ingress': { group: 'networking.k8s.io', plural: 'ingresses' },
  'v1 Service': { group: '', plural: 'services' },
  'v1 Namespace': { group: '', plural: 'namespaces' },
}

/** A server that answers whatever it is asked with the same items, and remembers what that was. */
function serving(items: object[]) {
  const asked: string[] = []
  const source = {
    async read<R>(path: string): Promise<R> {
      asked.push(decodeURIComponent(path).replaceAll('+', ' '))
      return { items } as R
    },
    async refOf(apiVersion = 'v1', kind: string) {
      const found = KINDS[`${apiVersion} ${kind}`]
      if (!found) throw new Error(`no matches for kind "${kind}"`)
      return { ...found, version: 'v1', kind, namespaced: true }
    },
  }
  return { source, asked }
}

const requests = { resources: { requests: { cpu: '500m', memory: '100Mi' } } }
const target = (replicas: number) => ({
  namespace: 'shop',
  selector: 'app=web',
  replicas,
  pods: Array.from({ length: replicas }, (_, i) =>
    livePod(`p${i}`, {
      spec: {
        containers: [
          { name: 'app', ...requests },
          { name: 'log', ...requests },
        ],
      },
    }),
  ),
})
const scaler = (behavior?: HorizontalPodAutoscaler['spec']['behavior']): HorizontalPodAutoscaler => ({
  spec: { maxReplicas: 10, scaleTargetRef: { kind: 'Deployment', name: 'web' }, ...(behavior ? { behavior } : {}) },
})
/** `200m 300m`: what the containers app and log of each pod use of CPU; memory is as many MiB. `-`: not measured. */
const podMetrics = (...pods: string[]) =>
  pods.map((text, i) => ({
    metadata: { name: `p${i}` },
    timestamp: ago(5),
    window: '15s',
    containers: text.split(' ').map((cpu, at) => ({
      name: ['app', 'log'][at],
      usage: cpu === '-' ? {} : { cpu, memory: `${Number.parseInt(cpu, 10)}Mi` },
    })),
  }))
const values = (...amounts: string[]) => amounts.map((value, i) => ({ describedObject: { name: `p${i}` }, value }))

const resource = (name: string, aim: Partial<MetricTarget>): MetricSpec => ({
  type: 'Resource',
  resource: { name, target: { type: 'Utilization', ...aim } },
})
const container = (name: string, aim: Partial<MetricTarget>): MetricSpec => ({
  type: 'ContainerResource',
  containerResource: { name, container: 'app', target: { type: 'Utilization', ...aim } },
})
const perPod = (averageValue: string, selector?: LabelSelector): MetricSpec => ({
  type: 'Pods',
  pods: {
    metric: { name: 'packets', ...(selector ? { selector } : {}) },
    target: { type: 'AverageValue', averageValue },
  },
})
const object = (
  apiVersion: string,
  kind: string,
  aim: Partial<MetricTarget>,
  selector?: LabelSelector,
): MetricSpec => ({
  type: 'Object',
  object: {
    metric: { name: 'hits', ...(selector ? { selector } : {}) },
    describedObject: { apiVersion, kind, name: 'main' },
    target: { type: 'Value', ...aim },
  },
})
const external = (aim: Partial<MetricTarget>, selector?: LabelSelector): MetricSpec => ({
  type: 'External',
  external: { metric: { name: 'queue', ...(selector ? { selector } : {}) }, target: { type: 'Value', ...aim } },
})

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

  const tolerances: [string, HorizontalPodAutoscaler['spec']['behavior'], string, number][] = [
    ['none said: a tenth', undefined, '1100', 2],
    ['more than a tenth', undefined, '1101', 3],
    ['less, up', { scaleUp: { tolerance: '0.01' } }, '1050', 3],
    ['less, down, says nothing of up', { scaleDown: { tolerance: '0.01' } }, '1050', 2],
    ['more, down', { scaleDown: { tolerance: '0.6' } }, '450', 2],
    ['more, up, says nothing of down', { scaleUp: { tolerance: '0.6' } }, '450', 1],
  ]
  for (const [name, behavior, value, wanted] of tolerances) {
    it(`tolerance: ${name}`, async () => {
      const { source } = serving(values(value))
      const { proposal } = await measure(source, scaler(behavior), external({ value: '1k' }), target(2), NOW)
      assert.equal(proposal.replicas, wanted)
    })
  }

  const unready = { ...target(1), pods: [livePod('p0', { phase: 'Pending', spec: target(1).pods[0]!.spec })] }
  const silent = { ...target(1), pods: [livePod('p0')] }
  const UNREADY = 'did not receive metrics for targeted pods (pods might be unready)'
  const NOBODY = 'unable to get metrics for resource cpu: no metrics returned from resource metrics API'
  /** What cannot be told, in Kubernetes' words. */
  const failures: [string, MetricSpec, ReturnType<typeof target>, object[], string, string][] = [
    [
      'nobody was measured',
      resource('cpu', {}),
      target(1),
      [],
      'FailedGetResourceMetric',
      `failed to get cpu utilization: ${NOBODY}`,
    ],
    [
      'nobody was measured, by value',
      resource('cpu', { averageValue: '1' }),
      target(1),
      [],
      'FailedGetResourceMetric',
      `failed to get cpu usage: ${NOBODY}`,
    ],
    [
      'nobody has that container',
      container('cpu', {}),
      target(1),
      [{ ...podMetrics('1')[0], containers: [] }],
      'FailedGetContainerResourceMetric',
      `failed to get cpu utilization: ${NOBODY}`,
    ],
    [
      'a pod asks for nothing',
      resource('cpu', {}),
      silent,
      podMetrics('1'),
      'FailedGetResourceMetric',
      'failed to get cpu utilization: missing request for cpu in container app of Pod p0',
    ],
    [
      'nobody is ready',
      resource('cpu', {}),
      unready,
      podMetrics('1'),
      'FailedGetResourceMetric',
      `failed to get cpu utilization: ${UNREADY}`,
    ],
    [
      'nobody is ready, of pods',
      perPod('1'),
      unready,
      values('1'),
      'FailedGetPodsMetric',
      `failed to get pods metric value: ${UNREADY}`,
    ],
    [
      'nothing is known of an object',
      object('v1', 'Service', { value: '1' }),
      target(1),
      [],
      'FailedGetObjectMetric',
      'failed to get object metric value: no values of hits were returned',
    ],
    [
      'an object of an unknown kind',
      object('v1', 'Ghost', { value: '1' }),
      target(1),
      [],
      'FailedGetObjectMetric',
      'failed to get object metric value: no matches for kind "Ghost"',
    ],
    [
      'nothing is known outside',
      external({ value: '1' }),
      target(1),
      [],
      'FailedGetExternalMetric',
      'failed to get queue external metric: no values of queue were returned',
    ],
    ['another type', { type: 'Moon' }, target(1), [], 'InvalidMetricSourceType', 'unknown metric source type "Moon"'],
  ]
  for (const [name, metric, subject, items, reason, message] of failures) {
    it(name, async () => {
      await assert.rejects(measure(serving(items).source, scaler(), metric, subject, NOW), error => {
        assert.ok(error instanceof MetricError)
        assert.deepEqual([error.reason, error.message], [reason, message])
        return true
      })
    })
  }
})
