import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HorizontalPodAutoscaler, HPAScalingRules } from '../../api/types/autoscaling-v2.ts'
import { NOW } from '../../test/support/objects.ts'
import { type Condition, decideByBounds, decideByMetrics, mergeConditions } from './decide.ts'
import { type Measured, MetricError } from './measure.ts'

const scaler = (
  minReplicas: number | undefined,
  maxReplicas: number,
  scaleUp?: HPAScalingRules,
): HorizontalPodAutoscaler => ({
  spec: {
    ...(minReplicas === undefined ? {} : { minReplicas }),
    maxReplicas,
    scaleTargetRef: { kind: 'Deployment', name: 'web' },
    ...(scaleUp ? { behavior: { scaleUp } } : {}),
  },
})

describe('decideByBounds', () => {
  const ABOVE = 'Current number of replicas above Spec.MaxReplicas'
  const BELOW = 'Current number of replicas below Spec.MinReplicas'
  const OFF = 'scaling is disabled since the replica count of the target is zero'
  const cases: [string, HorizontalPodAutoscaler, number, [number, string | undefined] | undefined][] = [
    ['between both: the metrics decide', scaler(2, 5), 3, undefined],
    ['at the least', scaler(2, 5), 2, undefined],
    ['at the most', scaler(2, 5), 5, undefined],
    ['fewer', scaler(2, 5), 1, [2, BELOW]],
    ['more', scaler(2, 5), 6, [5, ABOVE]],
    ['one where nothing is said', scaler(undefined, 5), 1, undefined],
    ['none: switched off', scaler(1, 5), 0, [0, undefined]],
    ['none, where none are allowed: the metrics decide', scaler(0, 5), 0, undefined],
  ]
  for (const [name, subject, current, expected] of cases) {
    it(name, () => {
      const outcome = decideByBounds(subject, current)
      assert.deepEqual(outcome && [outcome.replicas, outcome.why], expected)
      const inactive = outcome?.conditions.filter(([type]) => type === 'ScalingActive') ?? []
      assert.deepEqual(inactive, current === 0 && expected ? [['ScalingActive', 'False', 'ScalingDisabled', OFF]] : [])
    })
  }
})

const proposing = (replicas: number, title: string): Measured => ({
  proposal: { replicas, current: 1 },
  status: { type: title },
  title,
})
const failing = (name: string) => new MetricError(`FailedGet${name}Metric`, `failed to get ${name}: no answer`)
const nothing = { recommendations: [], changes: [] }

describe('decideByMetrics', () => {
  /** Pods, what metrics ask for by name, those that fail; the size, why, the reason of ScalingActive. */
  const cases: [string, number, [string, number][], string[], number, string | undefined, string][] = [
    ['up', 3, [['cpu', 5]], [], 5, 'cpu above target', 'ValidMetricFound'],
    ['down', 5, [['cpu', 3]], [], 3, 'All metrics below target', 'ValidMetricFound'],
    [
      'the metric that asks for most',
      3,
      [
        ['cpu', 4],
        ['memory', 6],
        ['pods', 5],
      ],
      [],
      6,
      'memory above target',
      'ValidMetricFound',
    ],
    [
      'of equals the first',
      3,
      [
        ['cpu', 6],
        ['memory', 6],
      ],
      [],
      6,
      'cpu above target',
      'ValidMetricFound',
    ],
    ['one fails, another asks for more', 3, [['cpu', 5]], ['Pods'], 5, 'cpu above target', 'ValidMetricFound'],
    [
      'one fails, another asks for as many',
      3,
      [['cpu', 3]],
      ['Pods'],
      3,
      'All metrics below target',
      'ValidMetricFound',
    ],
    [
      'one fails, another asks for fewer: nothing shrinks',
      3,
      [['cpu', 2]],
      ['Pods'],
      3,
      undefined,
      'FailedGetPodsMetric',
    ],
    ['all fail: the first is told', 3, [], ['Pods', 'Object'], 3, undefined, 'FailedGetPodsMetric'],
  ]
  for (const [name, current, metrics, failures, replicas, why, active] of cases) {
    it(name, () => {
      const measured = metrics.map(([title, wanted]) => proposing(wanted, title))
      const outcome = decideByMetrics(scaler(1, 100), current, measured, failures.map(failing), nothing, NOW)
      const reason = outcome.conditions.find(([type]) => type === 'ScalingActive')?.[2]
      assert.deepEqual([outcome.replicas, outcome.why, reason], [replicas, why, active])
      assert.deepEqual(
        outcome.metrics,
        measured.map(({ status }) => status),
      )
      assert.equal(outcome.recommended, why && Math.max(...metrics.map(([, wanted]) => wanted)))
      assert.deepEqual(
        outcome.warnings.slice(0, failures.length).map(one => one.reason),
        failures.map(one => `FailedGet${one}Metric`),
      )
      assert.equal(outcome.warnings.length, failures.length + (why === undefined ? 1 : 0))
    })
  }

  it('tells in the words of Kubernetes why it cannot say anything', () => {
    const outcome = decideByMetrics(scaler(1, 9), 3, [proposing(2, 'cpu')], [failing('Pods')], nothing, NOW)
    const message = 'the HPA was unable to compute the replica count: failed to get Pods: no answer'
    assert.deepEqual(outcome.conditions.at(-1), ['ScalingActive', 'False', 'FailedGetPodsMetric', message])
    assert.deepEqual(outcome.warnings, [
      { reason: 'FailedGetPodsMetric', message: 'failed to get Pods: no answer' },
      {
        reason: 'FailedComputeMetricsReplicas',
        message: 'invalid metrics (1 invalid out of 2), first error is: failed to get Pods: no answer',
      },
    ])
  })

  const words: [string, HorizontalPodAutoscaler, number, number, [number, number][], string, string][] = [
    ['at once', scaler(1, 100), 5, 7, [], 'ReadyForNewScale', 'DesiredWithinRange'],
    [
      'held up, for a while',
      scaler(1, 100, { stabilizationWindowSeconds: 60 }),
      5,
      9,
      [[10, 6]],
      'ScaleUpStabilized',
      'DesiredWithinRange',
    ],
    ['held down, for a while', scaler(1, 100), 9, 5, [[10, 7]], 'ScaleDownStabilized', 'DesiredWithinRange'],
    [
      'as many as there are, though fewer were asked for',
      scaler(1, 100, { stabilizationWindowSeconds: 60 }),
      5,
      5,
      [[10, 3]],
      'ReadyForNewScale',
      'DesiredWithinRange',
    ],
    ['too fast', scaler(1, 100), 5, 50, [], 'ReadyForNewScale', 'ScaleUpLimit'],
    ['too many', scaler(1, 6), 5, 8, [], 'ReadyForNewScale', 'TooManyReplicas'],
    ['too few', scaler(4, 9), 5, 2, [], 'ReadyForNewScale', 'TooFewReplicas'],
  ]
  for (const [name, subject, current, wanted, before, able, limited] of words) {
    it(name, () => {
      const recommendations = before.map(([seconds, replicas]) => ({ at: NOW - seconds * 1000, replicas }))
      const past = { recommendations, changes: [] }
      const { conditions } = decideByMetrics(subject, current, [proposing(wanted, 'cpu')], [], past, NOW)
      assert.deepEqual(
        conditions.map(([type, status, reason]) => `${type}=${status} ${reason}`),
        [
          `AbleToScale=True ${able}`,
          'ScalingActive=True ValidMetricFound',
          `ScalingLimited=${limited === 'DesiredWithinRange' ? 'False' : 'True'} ${limited}`,
        ],
      )
    })
  }
})

describe('mergeConditions', () => {
  const known = [
    { type: 'AbleToScale', status: 'True', lastTransitionTime: 'then', reason: 'A', message: 'a' },
    { type: 'ScalingActive', status: 'True', lastTransitionTime: 'then', reason: 'B', message: 'b' },
  ]
  const cases: [string, Condition[], string[]][] = [
    ['no news', [], ['AbleToScale True A then', 'ScalingActive True B then']],
    ['another reason', [['AbleToScale', 'True', 'C', 'c']], ['AbleToScale True C then', 'ScalingActive True B then']],
    [
      'another status',
      [['ScalingActive', 'False', 'C', 'c']],
      ['AbleToScale True A then', 'ScalingActive False C now'],
    ],
    [
      'a new one',
      [['ScalingLimited', 'False', 'C', 'c']],
      ['AbleToScale True A then', 'ScalingActive True B then', 'ScalingLimited False C now'],
    ],
  ]
  for (const [name, news, expected] of cases) {
    it(name, () => {
      const merged = mergeConditions(known, news, 'now')
      assert.deepEqual(
        merged.map(one => `${one.type} ${one.status} ${one.reason} ${one.lastTransitionTime}`),
        expected,
      )
    })
  }
})
