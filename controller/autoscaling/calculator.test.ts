import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerBehavior } from '../../api/types/autoscaling-v2.ts'
import { livePod, NOW, type PodParts } from '../../test/support/objects.ts'
import { limitScaling, type ScalingPast, trimPast } from './behavior.ts'
import {
  byAverage,
  byShare,
  byTotal,
  byUtilization,
  type MeasuredFrom,
  type PodValues,
  requestsOf,
} from './replicas.ts'

const TEN_PERCENT = { up: 0.1, down: 0.1 }
/** CPU of which nobody knows since when it was measured: the young are taken at the word of their readiness alone. */
const LONG_AGO: MeasuredFrom = { get: () => 0 } as unknown as MeasuredFrom
const STATES: Record<string, PodParts> = {
  ok: {},
  pending: { phase: 'Pending' },
  /** Began a minute ago, and is not ready yet. */
  young: { ready: false, created: 60, readySince: 60 },
  /** Has never been ready, for long. */
  never: { ready: false, created: 9000, readySince: 8995 },
  /** Was ready, and is not any more. */
  broken: { ready: false, created: 9000, readySince: 60 },
  failed: { phase: 'Failed' },
  ending: { deleting: true },
}

/** Pods of these tables all say what they ask for. */
function asked(pods: Parameters<typeof requestsOf>[0], resource: string): PodValues {
  const requests = requestsOf(pods, resource)
  assert.ok(typeof requests === 'object')
  return requests
}

/** `300 500 -  700/young`: what pods use, in thousandths; `-`: not measured. Each asks for 1000. */
function crowd(text: string) {
  const words = text.split(' ').filter(Boolean)
  const spec = { containers: [{ name: 'app', image: 'a', resources: { requests: { cpu: '1', memory: '1' } } }] }
  const pods = words.map((word, i) => livePod(`p${i}`, { ...STATES[word.split('/')[1] ?? 'ok'], spec }))
  const values = words.flatMap((word, i) =>
    word.startsWith('-') ? [] : [[`p${i}`, Number(word.split('/')[0])] as const],
  )
  return { pods, values: new Map(values) }
}

describe('by utilization of CPU', () => {
  /** Use, target in percent, pods wanted, percent told. */
  const cases: [string, string, number, number, number][] = [
    ['up', '300 500 700', 30, 5, 50],
    ['up by a little over the tolerance', '560 560', 50, 3, 56],
    ['up by the tolerance: no', '550 550', 50, 2, 55],
    ['whole percents count', '559 550', 50, 2, 55],
    ['down', '100 300 500 250 250', 50, 3, 28],
    ['down by the tolerance: no', '450 450', 50, 2, 45],
    ['as it is', '500 500', 50, 2, 50],
    ['to one at least', '10', 50, 1, 1],
    ['more than all that was asked for', '2000 3000', 100, 5, 250],
    ['one is pending: it counts as idle', '300 500 700/pending', 30, 3, 40],
    ['all others are pending', '300 500/pending 700/pending', 30, 3, 30],
    ['one that has never been ready counts as idle', '300 500 700/never', 30, 3, 40],
    ['one that began a moment ago counts as idle', '300 500 700/young', 30, 3, 40],
    ['one that was ready once counts', '300 500 700/broken', 30, 5, 50],
    ['one that failed does not count', '500 700 9000/failed', 30, 4, 60],
    ['one that ends does not count', '500 700 9000/ending', 30, 4, 60],
    ['not measured, going up: idle', '400 700 -', 30, 4, 55],
    ['not measured, going up: it turns into nothing', '330 330 -', 30, 3, 33],
    ['not measured, going down: at work with all it asked for', '100 200 -', 50, 3, 15],
    ['not measured, going down, with others enough', '100 100 100 100 -', 50, 3, 10],
    ['a target above what was asked for: at work with that', '100 100 100 -', 200, 2, 10],
    ['not measured and pending: as pending', '1000 -/pending', 30, 4, 100],
    ['not measured, though young: as not measured', '100 100 -/young', 50, 3, 10],
    ['two not measured, going up', '1000 -  -', 50, 3, 100],
    ['not measured at all', '1000 1000 - -/pending', 50, 4, 100],
  ]
  for (const [name, text, target, replicas, current] of cases) {
    it(name, () => {
      const { pods, values } = crowd(text)
      const requests = asked(pods, 'cpu')
      const proposal = byUtilization(pods.length, pods, values, requests, target, LONG_AGO, NOW, TEN_PERCENT)
      assert.deepEqual([proposal?.replicas, proposal?.current], [replicas, current])
    })
  }

  /** The third began two minutes ago and became ready so many seconds ago; its measuring began so many seconds ago. */
  const beginnings: [string, number, number, number][] = [
    ['measured since it is ready: it counts', 60, 60, 5],
    ['measured before it was ready: idle', 60, 61, 3],
    ['ready for long, though young', 119, 15, 5],
  ]
  for (const [name, readySince, began, replicas] of beginnings) {
    it(`a young one ${name}`, () => {
      const { pods, values } = crowd('300 500 700')
      const spec = { containers: [{ name: 'app', resources: { requests: { cpu: '1' } } }] }
      const all = [...pods.slice(0, 2), livePod('p2', { created: 120, readySince, spec })]
      const from = new Map([['p2', NOW - began * 1000]])
      assert.equal(byUtilization(3, all, values, asked(all, 'cpu'), 30, from, NOW, TEN_PERCENT)?.replicas, replicas)
    })
  }

  it('an old one counts, whenever its measuring began', () => {
    const { pods, values } = crowd('300 500 700')
    assert.equal(byUtilization(3, pods, values, asked(pods, 'cpu'), 30, new Map(), NOW, TEN_PERCENT)?.replicas, 5)
  })

  it('tells the average of those that count', () => {
    const { pods, values } = crowd('300 501 9000/young 9000/ending')
    assert.equal(byUtilization(4, pods, values, asked(pods, 'cpu'), 30, LONG_AGO, NOW, TEN_PERCENT)?.average, 400)
  })

  const others: [string, string, number, number][] = [
    ['memory is used while a pod starts as well', '300 500 700/young', 30, 5],
    ['memory of one that has never been ready', '300 500 700/never', 30, 5],
    ['pending ones count as idle all the same', '300 500 700/pending', 30, 3],
    ['pending ones do not keep it from going down', '100 100 -/pending -/pending', 50, 1],
  ]
  for (const [name, text, target, replicas] of others) {
    it(name, () => {
      const { pods, values } = crowd(text)
      const requests = asked(pods, 'memory')
      assert.equal(
        byUtilization(pods.length, pods, values, requests, target, undefined, NOW, TEN_PERCENT)?.replicas,
        replicas,
      )
    })
  }

  const tolerances: [string, string, number, number, number][] = [
    ['none: any step counts', '510 510', 0, 0, 3],
    ['up a lot, down a little', '600 600', 0.3, 0.1, 2],
    ['down a lot', '300 300', 0.1, 0.5, 2],
    ['down a little', '240 240', 0.1, 0.5, 1],
  ]
  for (const [name, text, up, down, replicas] of tolerances) {
    it(`tolerance ${name}`, () => {
      const { pods, values } = crowd(text)
      assert.equal(
        byUtilization(2, pods, values, asked(pods, 'cpu'), 50, LONG_AGO, NOW, { up, down })?.replicas,
        replicas,
      )
    })
  }

  const silent: [string, string][] = [
    ['nobody is measured', '- -'],
    ['only those that start are', '700/young 300/pending'],
    ['there is nobody', ''],
  ]
  for (const [name, text] of silent) {
    it(`nothing can be said where ${name}`, () => {
      const { pods, values } = crowd(text)
      assert.equal(byUtilization(pods.length, pods, values, new Map(), 50, LONG_AGO, NOW, TEN_PERCENT), undefined)
    })
  }
})

describe('by an average', () => {
  const cases: [string, string, number, number, number][] = [
    ['up', '20000 10000 30000', 15_000, 4, 20_000],
    ['down', '10000 10000', 30_000, 1, 10_000],
    ['within the tolerance', '20000 21000 21000', 20_000, 3, 20_666],
    ['not measured, going up: nothing', '50000 10000 -', 15_000, 4, 30_000],
    ['not measured, going down: at the target', '10000 -', 20_000, 2, 10_000],
    ['pending, going up: nothing', '50000 10000 0/pending', 15_000, 4, 30_000],
    ['pending, going down: left out', '5000 5000 0/pending', 15_000, 1, 5000],
  ]
  for (const [name, text, target, replicas, current] of cases) {
    it(name, () => {
      const { pods, values } = crowd(text)
      assert.deepEqual(byAverage(pods.length, pods, values, target, undefined, NOW, TEN_PERCENT), { replicas, current })
    })
  }
})

describe('by one number', () => {
  const total: [string, string, number, number, number, number][] = [
    ['twice the target', '1 1 1', 3, 20_000, 10_000, 6],
    ['half of it', '1 1 1 1', 4, 5000, 10_000, 2],
    ['nearly', '1 1 1', 3, 10_900, 10_000, 3],
    ['only those that work are multiplied', '1 1 1/pending 1/young', 4, 20_000, 10_000, 4],
    ['from none', '', 0, 25_000, 10_000, 3],
    ['nothing to do from none', '', 0, 0, 10_000, 0],
  ]
  for (const [name, text, current, value, target, replicas] of total) {
    it(`total: ${name}`, () =>
      assert.equal(byTotal(current, crowd(text).pods, value, target, TEN_PERCENT).replicas, replicas))
  }
  const share: [string, number, number, number, number, number][] = [
    ['twice as many', 2, 8000, 2000, 4, 4000],
    ['half as many', 4, 4000, 2000, 2, 1000],
    ['nearly', 4, 8400, 2000, 4, 2100],
    ['rounded up', 1, 5000, 2000, 3, 5000],
    ['from none', 0, 9000, 3000, 3, 9000],
    ['the average is rounded up', 3, 10_000, 1000, 10, 3334],
  ]
  for (const [name, current, value, target, replicas, told] of share) {
    it(`share: ${name}`, () =>
      assert.deepEqual(byShare(current, value, target, TEN_PERCENT), { replicas, current: told }))
  }
})

describe('what pods ask for', () => {
  /** `1`: a core; `-`: nothing; `*` marks a sidecar, `!` an init container. */
  const asking = (text: string, whole?: object) => {
    const list = (words: string[]) =>
      words.map(word => {
        const cpu = word.replace(/[*!-]/g, '')
        const restartPolicy = word.endsWith('*') ? { restartPolicy: 'Always' } : {}
        return { name: `c${word}`, resources: cpu ? { requests: { cpu } } : {}, ...restartPolicy }
      })
    const isInit = (word: string) => /[*!]$/.test(word)
    const words = text.split(' ')
    const containers = list(words.filter(word => !isInit(word)))
    const initContainers = list(words.filter(isInit))
    return livePod('p', { spec: { containers, initContainers, ...(whole ? { resources: whole } : {}) } })
  }
  const cases: [string, ReturnType<typeof asking>, string | undefined, number | string][] = [
    ['all containers together', asking('1 500m'), undefined, 1500],
    ['a sidecar as well', asking('1 500m*'), undefined, 1500],
    ['no init container, which has ended', asking('1 4!'), undefined, 1000],
    ['one container', asking('1 500m'), 'c500m', 500],
    ['one container, another says nothing', asking('1 -'), 'c1', 1000],
    ['one says nothing', asking('1 -'), undefined, 'missing request for cpu in container c- of Pod p'],
    ['a sidecar says nothing', asking('1 -*'), undefined, 'missing request for cpu in container c-* of Pod p'],
    ['the one that is meant says nothing', asking('1 -'), 'c-', 'missing request for cpu in container c- of Pod p'],
    ['a container that is not there', asking('1'), 'x', 'container x not found in Pod p'],
    ['the pod as a whole', asking('1 -', { requests: { cpu: '3' } }), undefined, 3000],
    ['one container of a pod that speaks as a whole', asking('1 2', { requests: { cpu: '9' } }), 'c2', 2000],
    [
      'the pod speaks of something else',
      asking('-', { requests: { memory: '3' } }),
      undefined,
      'missing pod-level request for cpu in Pod p',
    ],
  ]
  for (const [name, pod, container, expected] of cases) {
    it(name, () => {
      const wanted = typeof expected === 'string' ? expected : new Map([['p', expected]])
      assert.deepEqual(requestsOf([pod], 'cpu', container), wanted)
    })
  }
})

describe('the pace', () => {
  const policy = (type: string, value: number, periodSeconds: number) => ({ type, value, periodSeconds })
  const scaler = (
    behavior: HorizontalPodAutoscalerBehavior = {},
    minReplicas = 1,
    maxReplicas = 1000,
  ): HorizontalPodAutoscaler => ({
    spec: { minReplicas, maxReplicas, behavior, scaleTargetRef: { kind: 'Deployment', name: 'web' } },
  })
  const up = (rules: object, ...policies: object[]) =>
    ({ scaleUp: { policies, ...rules } }) as HorizontalPodAutoscalerBehavior
  const down = (rules: object, ...policies: object[]) =>
    ({ scaleDown: { policies, stabilizationWindowSeconds: 0, ...rules } }) as HorizontalPodAutoscalerBehavior
  /** `10@30 -5@200`: changes (or recommendations) so many seconds ago. */
  const list = (words: string) =>
    words
      .split(' ')
      .filter(Boolean)
      .map(word => word.split('@').map(Number) as [number, number])
  const past = (changes: string, recommended = ''): ScalingPast => ({
    changes: list(changes).map(([by, seconds]) => ({ by, at: NOW - seconds * 1000 })),
    recommendations: list(recommended).map(([replicas, seconds]) => ({ replicas, at: NOW - seconds * 1000 })),
  })
  const percent = (value: number, seconds = 60) => policy('Percent', value, seconds)
  const count = (value: number, seconds = 60) => policy('Pods', value, seconds)
  type Row = [string, HorizontalPodAutoscaler, number, number, ScalingPast, number, string | undefined]
  const cases: Row[] = [
    ['up by percent', scaler(up({}, percent(100))), 10, 500, past(''), 20, 'ScaleUpLimit'],
    ['percent are rounded up', scaler(up({}, percent(20))), 4, 50, past(''), 5, 'ScaleUpLimit'],
    ['up by pods', scaler(up({}, count(30))), 100, 500, past(''), 130, 'ScaleUpLimit'],
    ['the greater of both', scaler(up({}, count(3), percent(100))), 10, 500, past(''), 20, 'ScaleUpLimit'],
    [
      'the smaller of both',
      scaler(up({ selectPolicy: 'Min' }, count(3), percent(100))),
      10,
      500,
      past(''),
      13,
      'ScaleUpLimit',
    ],
    ['what came in this period counts', scaler(up({}, count(30))), 120, 500, past('20@30'), 130, 'ScaleUpLimit'],
    ['what came before it does not', scaler(up({}, count(30))), 120, 500, past('20@61'), 150, 'ScaleUpLimit'],
    ['percent of what it began with', scaler(up({}, percent(100))), 15, 500, past('5@30'), 20, 'ScaleUpLimit'],
    ['all used up', scaler(up({}, count(4))), 10, 500, past('4@30'), 10, 'ScaleUpLimit'],
    [
      'more than that used up: it does not shrink',
      scaler(up({}, count(4))),
      20,
      500,
      past('10@30'),
      20,
      'ScaleUpLimit',
    ],
    ['what went in this period may come back', scaler(up({}, count(4))), 5, 500, past('-5@30'), 14, 'ScaleUpLimit'],
    ['as far as wanted', scaler(up({}, percent(100))), 10, 15, past(''), 15, undefined],
    ['as far as may be', scaler(up({}, percent(900)), 1, 30), 10, 99, past(''), 30, 'TooManyReplicas'],
    ['never up', scaler(up({ selectPolicy: 'Disabled' }, percent(900))), 10, 99, past(''), 10, 'ScaleUpLimit'],
    ['without a word: doubled, or four more', scaler(), 3, 99, past(''), 7, 'ScaleUpLimit'],
    ['without a word, larger: doubled', scaler(), 30, 99, past(''), 60, 'ScaleUpLimit'],
    ['down by percent', scaler(down({}, percent(20))), 100, 5, past(''), 80, 'ScaleDownLimit'],
    ['percent are rounded down', scaler(down({}, percent(20))), 9, 1, past(''), 7, 'ScaleDownLimit'],
    ['down by pods', scaler(down({}, count(10))), 100, 5, past(''), 90, 'ScaleDownLimit'],
    ['the greater step', scaler(down({}, count(10), percent(50))), 100, 5, past(''), 50, 'ScaleDownLimit'],
    [
      'the smaller step',
      scaler(down({ selectPolicy: 'Min' }, count(10), percent(50))),
      100,
      5,
      past(''),
      90,
      'ScaleDownLimit',
    ],
    ['what went in this period counts', scaler(down({}, count(10))), 95, 5, past('-5@30'), 90, 'ScaleDownLimit'],
    ['what came in this period may go again', scaler(down({}, count(10))), 105, 5, past('5@30'), 90, 'ScaleDownLimit'],
    ['all used up', scaler(down({}, count(10))), 90, 5, past('-10@30'), 90, 'ScaleDownLimit'],
    ['down as far as wanted', scaler(down({}, percent(100))), 10, 4, past(''), 4, undefined],
    ['down as far as may be', scaler(down({}, percent(100)), 3), 10, 1, past(''), 3, 'TooFewReplicas'],
    ['never down', scaler(down({ selectPolicy: 'Disabled' }, percent(100))), 10, 1, past(''), 10, 'ScaleDownLimit'],
    ['down without a word: all at once', scaler(), 100, 5, past(''), 5, undefined],
    ['below the minimum by hand: up to it', scaler({}, 5), 3, 3, past(''), 5, 'TooFewReplicas'],
    ['above the maximum by hand: down to it', scaler({}, 1, 8), 10, 10, past(''), 8, 'TooManyReplicas'],
    ['down: the highest of five minutes', scaler(), 100, 5, past('', '50@299 70@200 20@10'), 70, undefined],
    ['what was said before that is forgotten', scaler(), 100, 5, past('', '90@300 20@10'), 20, undefined],
    ['never above what is', scaler(), 60, 5, past('', '90@10'), 60, undefined],
    [
      'up: the lowest of the window',
      scaler({ scaleUp: { stabilizationWindowSeconds: 60 } }),
      10,
      20,
      past('', '14@59 18@10'),
      14,
      undefined,
    ],
    ['up at once by default', scaler(), 10, 20, past('', '11@1'), 20, undefined],
    [
      'between both: as it is',
      scaler({ scaleUp: { stabilizationWindowSeconds: 60 } }),
      10,
      12,
      past('', '5@10 15@5'),
      10,
      undefined,
    ],
  ]
  for (const [name, subject, current, wanted, before, replicas, reason] of cases) {
    it(name, () => {
      const limited = limitScaling(subject, current, wanted, before, NOW)
      assert.deepEqual([limited.replicas, limited.reason], [replicas, reason])
    })
  }

  it('remembers an hour', () => {
    const before = past('1@3599 2@3600 3@9', '1@3601 2@1')
    trimPast(before, NOW)
    assert.deepEqual(
      [before.changes.map(({ by }) => by), before.recommendations.map(({ replicas }) => replicas)],
      [[1, 3], [2]],
    )
  })
})
