import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec } from '../../api/types/autoscaling-v2.ts'
import { livePod, NOW, type PodParts } from '../../test/support/objects.ts'
import { limitScaling, type ScalingPast } from './behavior.ts'
import { byAverage, byShare, byTotal, byUtilization, requestsOf } from './replicas.ts'

const tolerances = { up: 0.1, down: 0.1 }
const requests = { resources: { requests: { cpu: '1' } } }
const pods = (count: number, parts: (index: number) => PodParts = () => ({})) =>
  Array.from({ length: count }, (_, i) => {
    return livePod(`p${i}`, { ...parts(i), spec: { containers: [{ name: 'app', image: 'a', ...requests }] } })
  })
const values = (...amounts: (number | undefined)[]) =>
  new Map(amounts.flatMap((amount, i) => (amount === undefined ? [] : [[`p${i}`, amount] as const])))

describe('byUtilization', () => {
  const young = (index: number): PodParts => (index === 2 ? { ready: false, created: 60, readySince: 50 } : {})
  const cases: [string, ReturnType<typeof pods>, Map<string, number>, number, number][] = [
    ['over the target', pods(3), values(300, 500, 700), 30, 5],
    ['under the target', pods(3), values(100, 200, 300), 50, 2],
    ['within the tolerance', pods(3), values(1010, 1030, 1020), 100, 3],
    ['one not measured, going up: it counts as idle', pods(3), values(900, 900), 50, 4],
    ['one not measured, going down: it counts as busy', pods(4), values(100, 100, 100), 50, 3],
    ['one that starts, going up: it counts as idle', pods(3, young), values(900, 900, 5000), 50, 4],
    ['two that are not measured turn it round: nothing', pods(4), values(600, 600), 50, 4],
  ]
  for (const [name, subjects, usage, target, expected] of cases) {
    it(name, () => {
      const asked = requestsOf(subjects, 'cpu')!
      assert.equal(
        byUtilization(subjects.length, subjects, usage, asked, target, true, NOW, tolerances)?.replicas,
        expected,
      )
    })
  }
  it('cannot say anything without measurements or requests', () => {
    assert.equal(
      byUtilization(1, pods(1), new Map(), requestsOf(pods(1), 'cpu')!, 50, true, NOW, tolerances),
      undefined,
    )
    assert.equal(requestsOf([livePod('x')], 'cpu'), undefined)
  })
})

describe('byAverage, byTotal, byShare', () => {
  it('average', () => {
    assert.deepEqual(byAverage(2, pods(2), values(3000, 1000), 1000, false, NOW, tolerances), {
      replicas: 4,
      current: 2000,
    })
  })
  it('total', () => {
    assert.equal(byTotal(3, pods(3), 30_000, 10_000, tolerances).replicas, 9)
    assert.equal(byTotal(3, pods(3), 10_500, 10_000, tolerances).replicas, 3)
  })
  it('share', () => {
    assert.deepEqual(byShare(2, 9000, 3000, tolerances), { replicas: 3, current: 4500 })
    assert.equal(byShare(0, 9000, 3000, tolerances).replicas, 3)
  })
})

describe('limitScaling', () => {
  const scaler = (spec: Partial<HorizontalPodAutoscalerSpec> = {}): HorizontalPodAutoscaler => ({
    spec: { maxReplicas: 20, minReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'web' }, ...spec },
  })
  const past = (recommendations: [number, number][] = [], changes: [number, number][] = []): ScalingPast => ({
    recommendations: recommendations.map(([seconds, replicas]) => ({ at: NOW - seconds * 1000, replicas })),
    changes: changes.map(([seconds, by]) => ({ at: NOW - seconds * 1000, by })),
  })
  const slowDown = {
    behavior: {
      scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
    },
  }
  const cases: [string, HorizontalPodAutoscaler, number, number, ScalingPast, number, string?][] = [
    ['up as far as doubling', scaler(), 10, 18, past(), 18],
    ['up by four at least', scaler(), 2, 10, past(), 6, 'ScaleUpLimit'],
    ['not over the maximum', scaler(), 15, 40, past(), 20, 'TooManyReplicas'],
    ['not at once again', scaler(), 6, 20, past([], [[5, 4]]), 6, 'ScaleUpLimit'],
    ['down only after five minutes', scaler(), 10, 3, past([[100, 8]]), 8],
    ['down then', scaler(), 10, 3, past([[301, 8]]), 3],
    ['not under the minimum', scaler(), 10, 1, past(), 2, 'TooFewReplicas'],
    ['down one a minute', scaler(slowDown), 10, 3, past(), 9, 'ScaleDownLimit'],
    ['one has gone this minute', scaler(slowDown), 9, 3, past([], [[30, -1]]), 9, 'ScaleDownLimit'],
    ['never up', scaler({ behavior: { scaleUp: { selectPolicy: 'Disabled' } } }), 5, 9, past(), 5, 'ScaleUpLimit'],
    [
      'the slowest policy',
      scaler({ behavior: { scaleUp: { selectPolicy: 'Min' } } }),
      2,
      20,
      past(),
      4,
      'ScaleUpLimit',
    ],
    ['as it is', scaler(), 5, 5, past(), 5],
  ]
  for (const [name, subject, current, wanted, before, expected, reason] of cases) {
    it(name, () => {
      const limited = limitScaling(subject, current, wanted, before, NOW)
      assert.deepEqual([limited.replicas, limited.reason], [expected, reason])
    })
  }
})
