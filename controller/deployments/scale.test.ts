import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RolloutView, SetView } from './rollout.ts'
import { decideRecreate, decideRollingUpdate, decideScale, resolveLimits, resolvePercentage } from './rollout.ts'

type Sizes = Record<string, number>

/** Three generations of sets, the oldest first; absent ones are undefined. */
const AGES = { v1: '2026-01-01T00:00:00Z', v2: '2026-01-02T00:00:00Z', v3: '2026-01-03T00:00:00Z' }
type Name = keyof typeof AGES

const sized = (name: Name, replicas: number, more: Partial<SetView> = {}): SetView => ({
  ...{ name, replicas, available: replicas, created: AGES[name], maxReplicas: 0 },
  ...more,
})

/** A scaled Deployment: its sets were last scaled for `before` (with surge), and it now wants `replicas`. */
function scaled(
  replicas: number,
  surge: number,
  before: number,
  newest: Name | undefined,
  sizes: Sizes,
  broken?: Name,
) {
  const sets = Object.entries(sizes).map(([name, size]) =>
    sized(name as Name, size, {
      maxReplicas: before,
      desired: before - surge,
      available: name === broken ? 0 : size,
    }),
  )
  const view: RolloutView = {
    ...{ replicas, maxSurge: surge, maxUnavailable: 0 },
    newSet: sets.find(set => set.name === newest),
    oldSets: sets.filter(set => set.name !== newest),
  }
  return { ...sizes, ...Object.fromEntries(decideScale(view, true)) }
}

describe('a Deployment that is scaled in the midst of a rollout', () => {
  const cases: [string, number, number, number, Name | undefined, Sizes, Sizes, Name?][] = [
    ['one set grows: 10 to 12', 12, 0, 10, 'v1', { v1: 10 }, { v1: 12 }],
    ['one set shrinks: 10 to 5', 5, 0, 10, 'v1', { v1: 10 }, { v1: 5 }],
    ['proportions are kept: 5 to 10', 10, 0, 5, 'v2', { v1: 3, v2: 2 }, { v1: 6, v2: 4 }],
    ['proportions are kept: 5 to 3', 3, 0, 5, 'v2', { v1: 3, v2: 2 }, { v1: 2, v2: 1 }],
    ['the smallest may vanish: 9 to 4', 4, 0, 9, 'v2', { v1: 1, v2: 8 }, { v1: 0, v2: 4 }],
    ['three sets: 7 to 10', 10, 0, 7, 'v3', { v1: 2, v2: 3, v3: 2 }, { v1: 3, v2: 4, v3: 3 }],
    ['three sets: 13 to 8', 8, 0, 13, 'v3', { v1: 3, v2: 8, v3: 2 }, { v1: 2, v2: 5, v3: 1 }],
    ['the rest goes to the newest: 3 to 4', 4, 0, 3, 'v3', { v1: 1, v2: 1, v3: 1 }, { v1: 1, v2: 1, v3: 2 }],
    ['an empty new set stays empty: 3 to 4', 4, 0, 3, 'v3', { v1: 1, v2: 2, v3: 0 }, { v1: 1, v2: 3, v3: 0 }],
    ['no new set yet: 4 to 5', 5, 0, 4, undefined, { v1: 2, v2: 2 }, { v1: 2, v2: 3 }],
    ['with surge: 10 to 20', 20, 2, 12, 'v2', { v1: 6, v2: 6 }, { v1: 11, v2: 11 }],
    ['to nothing', 0, 2, 12, 'v2', { v1: 5, v2: 6 }, { v1: 0, v2: 0 }],
    ['all sets empty: the new one gets all', 6, 0, 0, 'v2', { v1: 0, v2: 0 }, { v1: 0, v2: 6 }],
    ['all sets empty and none new: the latest', 6, 0, 0, undefined, { v1: 0, v2: 0 }, { v1: 0, v2: 6 }],
    ['only an old one has pods: it is scaled', 6, 0, 3, 'v2', { v1: 3, v2: 0 }, { v1: 6, v2: 0 }],
    ['as it is', 5, 0, 5, 'v2', { v1: 3, v2: 2 }, { v1: 3, v2: 2 }],
    ['a full new set ends the old ones', 2, 1, 3, 'v2', { v1: 1, v2: 2 }, { v1: 0, v2: 2 }],
    ['a full new set that does not work ends nothing', 2, 1, 3, 'v2', { v1: 1, v2: 2 }, { v1: 1, v2: 2 }, 'v2'],
  ]
  for (const [name, replicas, surge, before, newest, sizes, expected, broken] of cases) {
    it(name, () => assert.deepEqual(scaled(replicas, surge, before, newest, sizes, broken), expected))
  }

  it('changes nothing between steps of a recreation', () => {
    const view = { replicas: 6, maxSurge: 0, maxUnavailable: 0, newSet: sized('v2', 2), oldSets: [sized('v1', 2)] }
    assert.deepEqual(decideScale({ ...view, replicas: 6 }, false), new Map())
  })

  it('grows by size and surge at once', () => {
    const old = { maxReplicas: 13, desired: 10 }
    const sets = { newSet: sized('v2', 5, old), oldSets: [sized('v1', 8, old)] }
    const scaling = decideScale({ replicas: 50, maxSurge: 6, maxUnavailable: 0, ...sets }, true)
    assert.deepEqual(Object.fromEntries(scaling), { v1: 34, v2: 22 })
  })

  it('shares out between old sets when size and template change at once', () => {
    const old = { maxReplicas: 10, desired: 10 }
    const oldSets = [sized('v2', 7, old), sized('v1', 3, old)]
    const scaling = decideScale({ replicas: 14, maxSurge: 0, maxUnavailable: 0, newSet: undefined, oldSets }, true)
    assert.deepEqual(Object.fromEntries(scaling), { v2: 10, v1: 4 })
  })
})

describe('the new set of a rolling update', () => {
  /** Deployment size, surge, size of the new set, pods of all old sets, expected size of the new set. */
  const cases: [string, number, number, number, number, number][] = [
    ['no room at all', 10, 0, 0, 10, 0],
    ['room for the surge', 10, 2, 0, 10, 2],
    ['as much as the old ones left', 10, 2, 0, 5, 7],
    ['never more than wanted', 10, 2, 10, 2, 10],
    ['too many already: back to what is wanted', 10, 2, 12, 0, 10],
    ['all the room at once', 10, 10, 0, 10, 10],
    ['no room while both are there', 10, 0, 5, 5, 5],
    ['one by one', 3, 1, 1, 3, 1],
  ]
  for (const [name, replicas, maxSurge, now, old, expected] of cases) {
    it(name, () => {
      const newSet = sized('v2', now, { available: 0 })
      const view = { replicas, maxSurge, maxUnavailable: 0, newSet, oldSets: [sized('v1', old)] }
      assert.equal(decideRollingUpdate(view).get('v2') ?? now, expected)
    })
  }
})

describe('the old sets of a rolling update', () => {
  /** maxUnavailable, old and new sizes, how many of each work, expected size of the old set; the Deployment wants 10. */
  const cases: [string, number, number, number, number, number, number][] = [
    ['nothing may be missing', 0, 10, 0, 10, 0, 10],
    ['two may be missing', 2, 10, 0, 10, 0, 8],
    ['two that do not work go first', 2, 10, 0, 8, 0, 8],
    ['one that does not work, and one more', 2, 10, 0, 9, 0, 8],
    ['new ones that do not work let no old one go', 2, 8, 2, 8, 0, 8],
    ['new ones that work do', 2, 8, 2, 8, 2, 6],
    ['as many as have come up', 0, 10, 3, 10, 2, 8],
    ['all broken: all may go as far as new ones come', 10, 10, 0, 0, 0, 0],
    ['nothing left to shrink', 2, 0, 10, 0, 10, 0],
  ]
  for (const [name, maxUnavailable, old, now, oldWork, newWork, expected] of cases) {
    it(name, () => {
      const newSet = sized('v2', now, { available: newWork })
      const oldSets = [sized('v1', old, { available: oldWork })]
      // As much surge as there is: the new set has no more room to grow, so the old one's turn has come.
      const maxSurge = Math.max(0, old + now - 10)
      const view: RolloutView = { replicas: 10, maxSurge, maxUnavailable, newSet, oldSets }
      const scaling = decideRollingUpdate(view)
      assert.equal(scaling.get('v1') ?? old, expected)
    })
  }
  const several: [string, SetView[], Sizes][] = [
    ['the oldest goes first', [sized('v1', 3), sized('v2', 3)], { v1: 1 }],
    [
      'a younger one that does not work before an older one that does',
      [sized('v1', 3), sized('v2', 3, { available: 1 })],
      { v2: 1 },
    ],
    [
      'those that do not work of all sets',
      [sized('v1', 3, { available: 2 }), sized('v2', 3, { available: 2 })],
      { v1: 2, v2: 2 },
    ],
    ['empty sets do not matter', [sized('v1', 0), sized('v2', 6)], { v2: 4 }],
  ]
  for (const [name, oldSets, expected] of several) {
    it(name, () => {
      const view = { replicas: 6, maxSurge: 0, maxUnavailable: 2, newSet: sized('v3', 0), oldSets }
      assert.deepEqual(Object.fromEntries(decideRollingUpdate(view)), expected)
    })
  }
})

describe('percentages', () => {
  const cases: [number | string | undefined, number, number, number][] = [
    ['0%', 10, 0, 0],
    ['1%', 10, 0, 1],
    ['25%', 3, 0, 1],
    ['25%', 4, 1, 1],
    ['30%', 10, 3, 3],
    ['33%', 100, 33, 33],
    ['99%', 1, 0, 1],
    ['100%', 7, 7, 7],
    ['150%', 10, 15, 15],
    [5, 10, 5, 5],
    ['5', 10, 5, 5],
    [0, 10, 0, 0],
    [undefined, 10, 0, 0],
  ]
  for (const [value, total, down, up] of cases) {
    it(`${value} of ${total}`, () => {
      assert.deepEqual([resolvePercentage(value, total, false), resolvePercentage(value, total, true)], [down, up])
    })
  }

  const limits: [number, number | string, number | string, [number, number]][] = [
    [1, 1, 0, [1, 0]],
    [3, '50%', '50%', [2, 1]],
    [5, '20%', '0%', [1, 0]],
    [7, '10%', '10%', [1, 0]],
    [9, 0, '10%', [0, 1]],
    [10, '100%', '100%', [10, 10]],
    [10, 15, 15, [15, 10]],
  ]
  for (const [replicas, surge, unavailable, [maxSurge, maxUnavailable]] of limits) {
    it(`${replicas} pods, surge ${surge}, unavailable ${unavailable}`, () =>
      assert.deepEqual(resolveLimits(replicas, surge, unavailable), { maxSurge, maxUnavailable }))
  }
})

describe('recreation', () => {
  const cases: [string, SetView | undefined, SetView[], number, Sizes][] = [
    ['all old sets at once', sized('v3', 0), [sized('v1', 2), sized('v2', 1)], 3, { v1: 0, v2: 0 }],
    ['waits until the last old pod is gone', sized('v3', 0), [sized('v1', 0)], 1, {}],
    ['then all new ones at once', sized('v3', 0), [sized('v1', 0)], 0, { v3: 3 }],
    ['there is no new set yet', undefined, [sized('v1', 0)], 0, {}],
    ['it is there already', sized('v3', 3), [], 0, {}],
    ['smaller now', sized('v3', 5), [], 0, { v3: 3 }],
    ['old pods come before the new size', sized('v3', 5), [sized('v1', 1)], 1, { v1: 0 }],
  ]
  for (const [name, newSet, oldSets, oldPods, expected] of cases) {
    it(name, () => {
      const view = { replicas: 3, maxSurge: 0, maxUnavailable: 0, newSet, oldSets }
      assert.deepEqual(Object.fromEntries(decideRecreate(view, oldPods)), expected)
    })
  }
})
