import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Deployment } from '../api/types/apps-v1.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../api/types/policy-v1.ts'
import type { Live } from '../client/client.ts'
import { ago, liveMeta, livePod, NOW, type PodParts } from '../test/support/objects.ts'
import { budgetStatus, wantedPods } from './disruption.ts'
import { holdsClaim } from './volumes/protection.ts'

const STATES: Record<string, PodParts> = {
  ok: {},
  down: { ready: false },
  ending: { deleting: true },
  pending: { phase: 'Pending' },
}
/** `ok ok down`: pods in these states. */
const crowd = (text: string) =>
  text
    .split(' ')
    .filter(Boolean)
    .map((state, i) => livePod(`p${i}`, STATES[state]))
const budget = (spec: object, status?: Partial<PodDisruptionBudgetStatus>): Live<PodDisruptionBudget> =>
  ({ metadata: liveMeta('b'), spec: { selector: {}, ...spec }, status }) as Live<PodDisruptionBudget>

describe('how many pods may be disturbed', () => {
  /** Budget, pods, how many their controllers want, allowed, healthy of desired of expected. */
  const cases: [string, object, string, number | undefined, number, [number, number, number]][] = [
    ['two of three must stay', { minAvailable: 2 }, 'ok ok ok', 3, 1, [3, 2, 3]],
    ['one is down already', { minAvailable: 2 }, 'ok ok down', 3, 0, [2, 2, 3]],
    ['fewer than must stay', { minAvailable: 3 }, 'ok ok', 3, 0, [2, 3, 2]],
    ['none must stay', { minAvailable: 0 }, 'ok ok', 2, 2, [2, 0, 2]],
    ['half must stay', { minAvailable: '50%' }, 'ok ok ok ok', 4, 2, [4, 2, 4]],
    ['half of three is two', { minAvailable: '50%' }, 'ok ok ok', 3, 1, [3, 2, 3]],
    ['of what is wanted, not of what is there', { minAvailable: '50%' }, 'ok ok', 4, 0, [2, 2, 4]],
    ['all must stay', { minAvailable: '100%' }, 'ok ok', 2, 0, [2, 2, 2]],
    ['one may go', { maxUnavailable: 1 }, 'ok ok ok', 3, 1, [3, 2, 3]],
    ['one may go, and one is down', { maxUnavailable: 1 }, 'ok ok down', 3, 0, [2, 2, 3]],
    ['none may go', { maxUnavailable: 0 }, 'ok ok', 2, 0, [2, 2, 2]],
    ['a third may go, rounded up', { maxUnavailable: '30%' }, 'ok ok ok ok ok ok ok', 7, 3, [7, 4, 7]],
    ['more may go than there are', { maxUnavailable: 9 }, 'ok ok', 2, 2, [2, 0, 2]],
    ['all may go', { maxUnavailable: '100%' }, 'ok', 1, 1, [1, 0, 1]],
    ['one that ends is not healthy', { minAvailable: 1 }, 'ok ending', 2, 0, [1, 1, 2]],
    ['one that is pending is not healthy', { minAvailable: 1 }, 'ok ok pending', 3, 1, [2, 1, 3]],
    ['no pods', { minAvailable: 0 }, '', 0, 0, [0, 0, 0]],
    ['pods that nobody controls: there is nothing to spare', { maxUnavailable: 1 }, 'ok ok', 0, 0, [2, 0, 0]],
    ['a number needs no controller', { minAvailable: 1 }, 'ok ok', undefined, 1, [2, 1, 2]],
    ['a share does', { minAvailable: '50%' }, 'ok ok', undefined, 0, [2, 0, 0]],
    ['so does what may be missing', { maxUnavailable: 1 }, 'ok ok', undefined, 0, [2, 0, 0]],
  ]
  for (const [name, spec, pods, wanted, allowed, [healthy, desired, expected]] of cases) {
    it(name, () => {
      const status = budgetStatus({ budget: budget(spec), pods: crowd(pods), wanted, now: NOW, time: ago(0) })
      const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods } = status
      assert.deepEqual(
        [disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods],
        [allowed, healthy, desired, expected],
      )
    })
  }

  const reasons: [string, object, string, number | undefined, string][] = [
    ['enough', { minAvailable: 1 }, 'ok ok', 2, 'True SufficientPods'],
    ['too few', { minAvailable: 2 }, 'ok ok', 2, 'False InsufficientPods'],
    ['not known', { maxUnavailable: 1 }, 'ok', undefined, 'False SyncFailed'],
  ]
  for (const [name, spec, pods, wanted, expected] of reasons) {
    it(`is told: ${name}`, () => {
      const { conditions = [] } = budgetStatus({
        budget: budget(spec),
        pods: crowd(pods),
        wanted,
        now: NOW,
        time: ago(0),
      })
      assert.deepEqual(
        conditions.map(({ status, reason }) => `${status} ${reason}`),
        [expected],
      )
    })
  }
})

describe('evictions under way', () => {
  const cases: [string, Record<string, number>, string, string[], number][] = [
    ['one that was allowed a moment ago counts as gone', { p0: 5 }, 'ok ok ok', ['p0'], 0],
    ['after two minutes it is believed to stay', { p0: 120 }, 'ok ok ok', [], 1],
    ['one that ends needs no note', { p0: 5 }, 'ending ok ok', [], 0],
    ['one that is gone needs none either', { gone: 5 }, 'ok ok ok', [], 1],
  ]
  for (const [name, noted, pods, kept, allowed] of cases) {
    it(name, () => {
      const disruptedPods = Object.fromEntries(Object.entries(noted).map(([pod, seconds]) => [pod, ago(seconds)]))
      const subject = budget({ minAvailable: 2 }, { disruptedPods })
      const status = budgetStatus({ budget: subject, pods: crowd(pods), wanted: 3, now: NOW, time: ago(0) })
      assert.deepEqual([Object.keys(status.disruptedPods ?? {}), status.disruptionsAllowed], [kept, allowed])
    })
  }
  it('since when it is allowed stays while it is', () => {
    const conditions = [
      { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', lastTransitionTime: ago(99), message: '' },
    ]
    const input = { pods: crowd('ok ok'), wanted: 2, now: NOW, time: ago(0) }
    assert.equal(
      budgetStatus({ budget: budget({ minAvailable: 1 }, { conditions }), ...input }).conditions?.[0]
        ?.lastTransitionTime,
      ago(99),
    )
    assert.equal(
      budgetStatus({ budget: budget({ minAvailable: 2 }, { conditions }), ...input }).conditions?.[0]
        ?.lastTransitionTime,
      ago(0),
    )
  })
})

describe('how many pods their controllers want', () => {
  const ref = (kind: string, name: string) => ({ apiVersion: 'apps/v1', kind, name, uid: name, controller: true })
  const sized = (name: string, replicas: number | undefined, owner?: object) =>
    ({
      metadata: liveMeta(name, { uid: name, ownerReferences: owner ? [owner] : [] }),
      spec: { replicas },
    }) as unknown as Live<Deployment>
  const known = new Map(
    [
      sized('set', 3),
      sized('plain', undefined),
      sized('web', 10),
      sized('web-old', 7, ref('Deployment', 'web')),
      sized('web-new', 6, ref('Deployment', 'web')),
      sized('rollout-1', 4, ref('Rollout', 'rollout')),
    ].map(one => [one.metadata.name, one]),
  )
  const of = (...owners: (string | undefined)[]) =>
    owners.map((owner, i) => {
      const pod = livePod(`p${i}`)
      const ownerReferences = owner ? [ref('ReplicaSet', owner)] : []
      return { ...pod, metadata: { ...pod.metadata, ownerReferences } }
    })
  const cases: [string, ReturnType<typeof of>, number | undefined][] = [
    ['one set', of('set', 'set'), 3],
    ['a set that does not say wants one', of('plain'), 1],
    ['two sets', of('set', 'plain'), 4],
    ['both sets of a rollout: what the Deployment wants', of('web-old', 'web-new'), 10],
    ['a set of somebody who cannot be asked is asked itself', of('rollout-1'), 4],
    ['pods without a controller count for nothing', of('set', undefined), 3],
    ['none has one', of(undefined), 0],
    ['one that is not known', of('set', 'other'), undefined],
    ['no pods', [], 0],
  ]
  for (const [name, pods, expected] of cases) {
    it(name, () =>
      assert.equal(
        wantedPods(pods, owner => known.get(owner.name)),
        expected,
      ),
    )
  }
})

describe('whether a pod holds a claim', () => {
  const claim = { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }
  const own = { volumes: [{ name: 'data', ephemeral: {} }] }
  const cases: [string, PodParts, string, boolean][] = [
    ['it runs', { spec: claim }, 'data', true],
    ['another claim', { spec: claim }, 'logs', false],
    ['it has not been placed', { spec: claim, node: '' }, 'data', false],
    ['it has ended, but is still there', { spec: claim, phase: 'Succeeded' }, 'data', true],
    ['it has failed, but is still there', { spec: claim, phase: 'Failed' }, 'data', true],
    ['it is on its way out', { spec: claim, deleting: true }, 'data', true],
    ['it has no volumes', {}, 'data', false],
    ['a claim of its own', { spec: own }, 'p-data', true],
  ]
  for (const [name, parts, claimName, expected] of cases)
    it(name, () => assert.equal(holdsClaim(livePod('p', parts), claimName), expected))
})
