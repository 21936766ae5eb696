import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HorizontalPodAutoscaler, MetricSpec } from '../../api/types/autoscaling-v2.ts'
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
import { MetricError, measure } from './measure.ts'

describe('measure, at its limits', () => {
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
