import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  decideRecreate,
  decideRollingUpdate,
  decideScale,
  type RolloutView,
  resolveLimits,
  type SetView,
} from './rollout.ts'

function set(name: string, replicas: number, available = replicas, maxReplicas = 0): SetView {
  return { name, replicas, available, created: name, maxReplicas }
}

describe('resolveLimits', () => {
  const cases: [number, number | string | undefined, number | string | undefined, number, number][] = [
    [10, '25%', '25%', 3, 2],
    [10, undefined, undefined, 3, 2],
    [4, '25%', '25%', 1, 1],
    [1, '25%', '25%', 1, 0],
    [10, 0, 0, 0, 1],
    [10, '0%', '5%', 0, 1],
    [10, 5, '100%', 5, 10],
    [3, 0, 7, 0, 3],
  ]
  for (const [replicas, surge, unavailable, maxSurge, maxUnavailable] of cases) {
    it(`${replicas} with ${surge} and ${unavailable}`, () => {
      assert.deepEqual(resolveLimits(replicas, surge, unavailable), { maxSurge, maxUnavailable })
    })
  }
})

describe('decideRollingUpdate', () => {
  const cases: [
    string,
    Omit<RolloutView, 'newSet' | 'oldSets'>,
    SetView | undefined,
    SetView[],
    Record<string, number>,
  ][] = [
    ['first step: as far as the surge goes', at(10, 3, 2), set('new', 0), [set('old', 10)], { new: 3 }],
    ['then the old one as far as it is safe', at(10, 3, 2), set('new', 3, 0), [set('old', 10)], { old: 8 }],
    ['then the new one again', at(10, 3, 2), set('new', 3, 0), [set('old', 8)], { new: 5 }],
    ['not before the old pods have really gone', at(10, 3, 2), set('new', 3, 0), [{ ...set('old', 8), pods: 10 }], {}],
    ['as far as they have', at(10, 3, 2), set('new', 3, 0), [{ ...set('old', 8), pods: 9 }], { new: 4 }],
    ['waits for new pods to come up', at(10, 3, 2), set('new', 5, 0), [set('old', 8)], {}],
    ['goes on when they are', at(10, 3, 2), set('new', 5, 3), [set('old', 8)], { old: 5 }],
    ['broken old pods go first', at(10, 3, 2), set('new', 3, 0), [set('old', 10, 5)], { old: 8 }],
    ['no surge: shrink first', at(3, 0, 1), set('new', 0), [set('old', 3)], { old: 2 }],
    ['no surge: then grow', at(3, 0, 1), set('new', 0), [set('old', 2)], { new: 1 }],
    ['done', at(3, 1, 0), set('new', 3), [set('old', 0)], {}],
    ['last old pod', at(3, 1, 0), set('new', 3), [set('old', 1)], { old: 0 }],
    ['a bad image moves no further', at(3, 1, 0), set('new', 1, 0), [set('old', 3)], {}],
    ['back again: the bad set goes away', at(3, 1, 0), set('old', 3, 3), [set('bad', 1, 0)], { bad: 0 }],
    ['several old sets: the oldest first', at(4, 1, 1), set('new', 2), [set('a', 2), set('b', 1)], { a: 0 }],
    ['to zero', at(0, 0, 0), set('new', 3), [], { new: 0 }],
  ]
  for (const [name, base, newSet, oldSets, expected] of cases) {
    it(name, () => assert.deepEqual(Object.fromEntries(decideRollingUpdate({ ...base, newSet, oldSets })), expected))
  }

  it('never leaves the limits, and comes to its end, whatever pods do meanwhile', () => {
    const plan = fc.record({
      replicas: fc.integer({ min: 1, max: 20 }),
      surge: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom('25%', '100%', '0%')),
      unavailable: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom('25%', '100%', '0%')),
      luck: fc.array(fc.nat(100), { minLength: 200, maxLength: 200 }),
    })
    fc.assert(
      fc.property(plan, ({ replicas, surge, unavailable, luck }) => {
        const limits = resolveLimits(replicas, surge, unavailable)
        let [newSet, old] = [set('new', 0), set('old', replicas)]
        for (const chance of luck) {
          const scaling = decideRollingUpdate({ replicas, ...limits, newSet, oldSets: [old] })
          newSet = resized(newSet, scaling)
          old = resized(old, scaling)
          const total = newSet.replicas + old.replicas
          const available = newSet.available + old.available
          assert.ok(total <= replicas + limits.maxSurge, `${total} pods are too many`)
          assert.ok(available >= replicas - limits.maxUnavailable, `${available} available pods are too few`)
          // New pods come up when they come up.
          newSet = { ...newSet, available: Math.min(newSet.replicas, newSet.available + (chance % 3)) }
        }
        assert.deepEqual([newSet.replicas, old.replicas], [replicas, 0])
      }),
      { numRuns: 300 },
    )
  })
})

function at(replicas: number, maxSurge: number, maxUnavailable: number) {
  return { replicas, maxSurge, maxUnavailable }
}

function resized(view: SetView, scaling: ReadonlyMap<string, number>): SetView {
  const replicas = scaling.get(view.name) ?? view.replicas
  return { ...view, replicas, available: Math.min(view.available, replicas) }
}

describe('decideRecreate', () => {
  const cases: [string, SetView, SetView[], number, Record<string, number>][] = [
    ['old ones to zero', set('new', 0), [set('a', 2), set('b', 1)], 3, { a: 0, b: 0 }],
    ['waits for the last pod', set('new', 0), [set('a', 0)], 1, {}],
    ['then all new ones', set('new', 0), [set('a', 0)], 0, { new: 3 }],
    ['done', set('new', 3), [set('a', 0)], 0, {}],
  ]
  for (const [name, newSet, oldSets, pods, expected] of cases) {
    it(name, () => {
      assert.deepEqual(Object.fromEntries(decideRecreate({ ...at(3, 0, 0), newSet, oldSets }, pods)), expected)
    })
  }
})

describe('decideScale', () => {
  const cases: [string, number, SetView | undefined, SetView[], Record<string, number>][] = [
    ['a single set', 5, set('new', 3), [set('old', 0)], { new: 5 }],
    ['from zero', 5, set('new', 0), [set('old', 0)], { new: 5 }],
    ['from zero while paused: the latest', 5, undefined, [set('a', 0), set('b', 0)], { b: 5 }],
    ['to zero', 0, set('new', 3), [set('old', 0)], { new: 0 }],
    ['a finished rollout: what is left of old ones goes', 3, set('new', 3), [set('old', 1)], { old: 0 }],
    ['in proportion, up', 20, set('new', 5, 5, 10), [set('old', 5, 5, 10)], { new: 10, old: 10 }],
    ['in proportion, down', 5, { ...set('new', 5, 5, 10), desired: 10 }, [set('old', 5, 5, 10)], { new: 2, old: 3 }],
    ['in proportion, three sets', 15, set('c', 5, 5, 10), [set('a', 3, 3, 10), set('b', 2, 2, 10)], { a: 5, c: 8 }],
  ]
  for (const [name, replicas, newSet, oldSets, expected] of cases) {
    it(name, () => {
      const scaling = decideScale({ ...at(replicas, 0, 1), newSet, oldSets }, true)
      assert.deepEqual(Object.fromEntries([...scaling].sort()), expected)
    })
  }

  it('always adds up, and moves no set the wrong way', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 5 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 100 }), fc.nat(5), (before, replicas, maxSurge) => {
        const total = before.reduce((sum, size) => sum + size, 0)
        const sets = before.map((size, i) => set(`s${i}`, size, 0, total))
        const [newSet, ...oldSets] = sets
        const scaling = decideScale({ replicas, maxSurge, maxUnavailable: 1, newSet, oldSets }, true)
        const after = sets.map(view => scaling.get(view.name) ?? view.replicas)
        const allowed = replicas === 0 ? 0 : replicas + maxSurge
        const sum = after.reduce((all, size) => all + size, 0)
        // What rounding leaves is taken from the first set alone, as far as that has any.
        assert.ok(sum === allowed || (sum > allowed && after.includes(0)), `${sum} instead of ${allowed}`)
        assert.ok(after.every(size => size >= 0))
      }),
      { numRuns: 300 },
    )
  })
})
