import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StatefulSet } from '../api/types/apps-v1.ts'
import type { HorizontalPodAutoscaler } from '../api/types/autoscaling-v2.ts'
import type { CronJob, Job } from '../api/types/batch-v1.ts'
import type { Taint } from '../api/types/core-v1.ts'
import type { PodDisruptionBudget } from '../api/types/policy-v1.ts'
import type { Live } from '../client/client.ts'
import { ago, liveMeta, livePod, NOW } from '../test/support/objects.ts'
import { limitScaling, type ScalingPast } from './autoscaling/behavior.ts'
import { byTotal } from './autoscaling/replicas.ts'
import { planCronJob } from './cron/decide.ts'
import { parseSchedule } from './cron/schedule.ts'
import { specForNode } from './daemons/decide.ts'
import { decideRollingUpdate, decideScale, resolveLimits, type SetView } from './deployments/rollout.ts'
import { budgetStatus } from './disruption.ts'
import { fulfilledRule, judgeFailure } from './jobs/policy.ts'
import { mayStayMs } from './nodes/eviction.ts'
import { planMembers } from './stateful/decide.ts'

/*
 * The examples that Kubernetes' own documentation works through, page by page under kubernetes.io/docs/. Whoever learned
 * there finds the same here.
 */

const setView = (name: string, replicas: number, available: number, maxReplicas = 0): SetView => ({
  ...{ name, replicas, available, maxReplicas },
  created: name === 'new' ? ago(10) : ago(100),
})

describe('concepts/workloads/controllers/deployment', () => {
  it('by default between three and five pods of four', () => {
    const { maxSurge, maxUnavailable } = resolveLimits(4, undefined, undefined)
    assert.deepEqual([4 - maxUnavailable, 4 + maxSurge], [3, 5])
  })

  it('max unavailable 30%: the old set shrinks to 70 % at once; max surge 30%: the new one grows to 130 % of all', () => {
    const limits = resolveLimits(10, '30%', '30%')
    const view = { replicas: 10, ...limits }
    const begin = { ...view, newSet: setView('new', 0, 0), oldSets: [setView('old', 10, 10)] }
    assert.deepEqual([...decideRollingUpdate(begin)], [['new', 3]])
    const next = { ...view, newSet: setView('new', 3, 0), oldSets: [setView('old', 10, 10)] }
    assert.deepEqual([...decideRollingUpdate(next)], [['old', 7]])
  })

  it('proportional scaling: of five more the larger set gets three', () => {
    const view = { replicas: 15, maxSurge: 3, maxUnavailable: 2 }
    const sets = { newSet: setView('new', 5, 0, 13), oldSets: [setView('old', 8, 8, 13)] }
    assert.deepEqual(Object.fromEntries(decideScale({ ...view, ...sets }, true)), { old: 11, new: 7 })
  })
})

describe('concepts/workloads/controllers/statefulset', () => {
  const web = (replicas: number, partition = 0) =>
    ({
      metadata: liveMeta('web'),
      spec: {
        ...{ replicas, serviceName: 'nginx', selector: {}, template: {} },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } },
      },
    }) as Live<StatefulSet>
  const pod = (ordinal: number, hash = 'old', parts: object = {}) =>
    livePod(`web-${ordinal}`, { labels: { 'controller-revision-hash': hash }, ...parts })
  const same = { current: 'old', update: 'old' }
  const steps = (...given: Parameters<typeof planMembers>) =>
    planMembers(...given).map(step => (step.do === 'create' ? `+${step.ordinal}` : `-${step.pod.metadata.name}`))

  it('web-1 is not made before web-0 is running and ready', () => {
    assert.deepEqual(steps(web(3), [], same, NOW), ['+0'])
    assert.deepEqual(steps(web(3), [pod(0, 'old', { ready: false })], same, NOW), [])
    assert.deepEqual(steps(web(3), [pod(0)], same, NOW), ['+1'])
  })

  it('scaled to one, web-2 goes first, and web-1 not before it is gone', () => {
    assert.deepEqual(steps(web(1), [pod(0), pod(1), pod(2)], same, NOW), ['-web-2'])
    assert.deepEqual(steps(web(1), [pod(0), pod(1), pod(2, 'old', { deleting: true })], same, NOW), [])
  })

  it('web-1 stays while web-0 has failed after web-2 is gone', () => {
    assert.deepEqual(steps(web(1), [pod(0, 'old', { ready: false }), pod(1)], same, NOW), [])
    assert.deepEqual(steps(web(1), [pod(0), pod(1)], same, NOW), ['-web-1'])
  })

  it('rolling updates go from the largest ordinal down to the partition', () => {
    const revisions = { current: 'old', update: 'new' }
    assert.deepEqual(steps(web(3, 1), [pod(0), pod(1), pod(2)], revisions, NOW), ['-web-2'])
    assert.deepEqual(steps(web(3, 1), [pod(0), pod(1), pod(2, 'new')], revisions, NOW), ['-web-1'])
    assert.deepEqual(steps(web(3, 1), [pod(0), pod(1, 'new'), pod(2, 'new')], revisions, NOW), [])
  })
})

describe('concepts/workloads/controllers/daemonset', () => {
  it('taints that daemons tolerate', () => {
    const added = (hostNetwork: boolean) =>
      specForNode({ containers: [], hostNetwork }, 'n')
        .tolerations?.map(({ key, effect }) => `${key}:${effect}`)
        .sort()
    const always = [
      'node.kubernetes.io/disk-pressure:NoSchedule',
      'node.kubernetes.io/memory-pressure:NoSchedule',
      'node.kubernetes.io/not-ready:NoExecute',
      'node.kubernetes.io/pid-pressure:NoSchedule',
      'node.kubernetes.io/unreachable:NoExecute',
      'node.kubernetes.io/unschedulable:NoSchedule',
    ]
    assert.deepEqual(added(false), always)
    assert.deepEqual(added(true), [...always, 'node.kubernetes.io/network-unavailable:NoSchedule'].sort())
  })
})

describe('concepts/workloads/controllers/job', () => {
  it('a pod failure policy: exit code 42 of main ends the Job, a disruption does not count', () => {
    const rules = [
      { action: 'FailJob', onExitCodes: { containerName: 'main', operator: 'In', values: [42] } },
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    ]
    const job = { spec: { podFailurePolicy: { rules } } } as unknown as Job
    const ended = (exitCode: number, conditions: object[] = []) => {
      const { metadata } = livePod('p')
      const status = { containerStatuses: [{ name: 'main', state: { terminated: { exitCode } } }], conditions }
      return { metadata, spec: { containers: [] }, status } as unknown as Parameters<typeof judgeFailure>[1]
    }
    const cut = [{ type: 'DisruptionTarget', status: 'True' }]
    const verdicts = [ended(42), ended(1), ended(137, cut), ended(42, cut)].map(pod => judgeFailure(job, pod).action)
    assert.deepEqual(verdicts, ['FailJob', 'Count', 'Ignore', 'FailJob'])
  })

  it('a success policy: one of the indexes 0, 2 and 3 is enough', () => {
    const rules = [{ succeededIndexes: '0,2-3', succeededCount: 1 }]
    const job = { spec: { successPolicy: { rules } } } as unknown as Job
    assert.deepEqual(
      [[], [1, 4], [3], [0, 1]].map(indexes => fulfilledRule(job, new Set(indexes))),
      [undefined, undefined, 0, 0],
    )
  })
})

describe('concepts/workloads/controllers/cron-jobs', () => {
  /** Every minute from 08:30 on; the controller is away from 08:29 to 10:21. */
  const plan = (startingDeadlineSeconds: number | undefined) => {
    const at = (time: string) => Date.parse(`2026-01-01T${time}:00Z`)
    const cron = {
      metadata: { ...liveMeta('hello'), creationTimestamp: '2026-01-01T08:29:00Z' },
      spec: { schedule: '* * * * *', startingDeadlineSeconds, jobTemplate: {} },
    } as unknown as Live<CronJob>
    const { start, warning } = planCronJob(cron, parseSchedule('* * * * *'), [], at('10:21'))
    return [start === undefined ? undefined : new Date(start).toISOString().slice(11, 16), warning?.reason]
  }
  it('more than a hundred missed: one starts, and it is told', () =>
    assert.deepEqual(plan(undefined), ['10:21', 'TooManyMissedTimes']))
  it('with a deadline of 200 s only the last three count', () => assert.deepEqual(plan(200), ['10:21', undefined]))
})

describe('tasks/run-application/horizontal-pod-autoscale', () => {
  const tolerances = { up: 0.1, down: 0.1 }
  const running = (count: number) => Array.from({ length: count }, (_, i) => livePod(`p${i}`))
  const cases: [string, number, number, number, number][] = [
    ['200m for 100m doubles', 3, 200, 100, 6],
    ['50m for 100m halves', 4, 50, 100, 2],
    ['within a tenth of 1.0 nothing moves', 3, 109, 100, 3],
  ]
  for (const [name, replicas, value, target, expected] of cases)
    it(name, () => assert.equal(byTotal(replicas, running(replicas), value, target, tolerances).replicas, expected))

  /** Sizes from `current` on, each of `seconds` after the one before. */
  function pace(behavior: object, current: number, wanted: number, seconds: number, rounds: number): number[] {
    const spec = { minReplicas: 1, maxReplicas: 100, scaleTargetRef: { kind: 'Deployment', name: 'web' }, behavior }
    const past: ScalingPast = { recommendations: [], changes: [] }
    const sizes = [current]
    for (let round = 0; round < rounds; round++) {
      const now = NOW + round * seconds * 1000
      const before = sizes.at(-1)!
      const { replicas } = limitScaling({ spec } as HorizontalPodAutoscaler, before, wanted, past, now)
      past.changes.push({ at: now, by: replicas - before })
      sizes.push(replicas)
    }
    return sizes
  }
  const policies = [
    { type: 'Pods', value: 4, periodSeconds: 60 },
    { type: 'Percent', value: 10, periodSeconds: 60 },
  ]
  const down = (more: object) => ({ scaleDown: { stabilizationWindowSeconds: 0, policies, ...more } })
  const steps: [string, object, number, number, number, number[]][] = [
    // 10 % of 80 are 8; 10 % of 72 are 7.2, rounded up to 8; from 40 on four pods are more than a tenth.
    ['80 to 10 by the greater of 10 % and 4 pods a minute', down({}), 80, 10, 60, [80, 72, 64, 57, 51, 45, 40, 36, 32]],
    ['by the smaller', down({ selectPolicy: 'Min' }), 80, 10, 60, [80, 76, 72, 68]],
    ['never down', down({ selectPolicy: 'Disabled' }), 80, 10, 60, [80, 80]],
    [
      'no more than 5 pods a minute',
      down({ policies: [{ type: 'Pods', value: 5, periodSeconds: 60 }] }),
      80,
      10,
      60,
      [80, 75, 70],
    ],
    ['up by default: four pods or doubled, each 15 s', {}, 1, 100, 15, [1, 5, 10, 20, 40, 80, 100]],
  ]
  for (const [name, behavior, current, wanted, seconds, expected] of steps)
    it(name, () => assert.deepEqual(pace(behavior, current, wanted, seconds, expected.length - 1), expected))
})

describe('tasks/run-application/configure-pdb', () => {
  const allowed = (spec: object, count: number, wanted = count) => {
    const budget = { metadata: liveMeta('b'), spec: { selector: {}, ...spec } } as Live<PodDisruptionBudget>
    const pods = Array.from({ length: count }, (_, i) => livePod(`p${i}`))
    return budgetStatus({ budget, pods, wanted, now: NOW, time: ago(0) }).disruptionsAllowed
  }
  const cases: [string, object, number, number][] = [
    ['half of seven pods are four that must stay', { minAvailable: '50%' }, 7, 3],
    ['zookeeper: two of three must stay', { minAvailable: 2 }, 3, 1],
    ['zookeeper: one of three may go', { maxUnavailable: 1 }, 3, 1],
    ['30 % of ten', { maxUnavailable: '30%' }, 10, 3],
    ['maxUnavailable 0: none may go', { maxUnavailable: 0 }, 3, 0],
    ['minAvailable 100%: none may go', { minAvailable: '100%' }, 3, 0],
  ]
  for (const [name, spec, count, expected] of cases) it(name, () => assert.equal(allowed(spec, count), expected))
})

describe('concepts/scheduling-eviction/taint-and-toleration', () => {
  const taints: Taint[] = [{ key: 'key1', value: 'value1', effect: 'NoExecute' }]
  const equal = { key: 'key1', operator: 'Equal', value: 'value1', effect: 'NoExecute' }
  const unreachable = 'node.kubernetes.io/unreachable'
  const cases: [string, Parameters<typeof mayStayMs>[0], Taint[], number][] = [
    ['not tolerated: at once', [], taints, 0],
    ['tolerated without an end: for ever', [equal], taints, Number.POSITIVE_INFINITY],
    ['tolerationSeconds 3600', [{ ...equal, tolerationSeconds: 3600 }], taints, 3_600_000],
    [
      'unreachable for 6000 s',
      [{ key: unreachable, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 6000 }],
      [{ key: unreachable, effect: 'NoExecute' }],
      6_000_000,
    ],
  ]
  for (const [name, tolerations, given, expected] of cases)
    it(name, () => assert.equal(mayStayMs(tolerations, given), expected))
})
