import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../platform/clock.ts'
import { facts } from '../test/support/scheduling.ts'
import { type Happening, SchedulingQueue } from './queue.ts'

function harness() {
  const clock = new FakeClock()
  const queue = new SchedulingQueue(clock)
  const add = (name: string, priority = 0) => {
    const made = facts(name, {}, { priority })
    queue.set(made.pod)
    return made
  }
  return { clock, queue, add, pop: () => queue.pop()?.name }
}

describe('SchedulingQueue', () => {
  it('gives the most important first, then the oldest', () => {
    const { add, pop } = harness()
    for (const [name, priority] of [
      ['a', 0],
      ['b', 5],
      ['c', 0],
      ['d', 5],
    ] as const)
      add(name, priority)
    assert.deepEqual([pop(), pop(), pop(), pop(), pop()], ['b', 'd', 'a', 'c', undefined])
  })

  const wakings: [string, Happening, boolean][] = [
    ['NodeResourcesFit', 'node-added', true],
    ['NodeResourcesFit', 'pod-gone', true],
    ['NodeResourcesFit', 'pod-placed', false],
    ['NodeAffinity', 'pod-gone', false],
    ['TaintToleration', 'node-changed', true],
    ['InterPodAffinity', 'pod-placed', true],
    ['VolumeBinding', 'storage-changed', true],
    ['VolumeBinding', 'pod-gone', false],
    ['SomethingElse', 'pod-gone', true],
  ]
  for (const [filter, happening, wakes] of wakings) {
    it(`${happening} ${wakes ? 'wakes' : 'does not wake'} what ${filter} refused`, () => {
      const { clock, queue, add, pop } = harness()
      const { uid } = add('a')
      pop()
      queue.park(uid, [filter])
      clock.advance(1000)
      queue.happened(happening)
      assert.equal(pop(), wakes ? 'a' : undefined)
    })
  }

  it('backs off, longer and longer, ten seconds at most', () => {
    const { clock, queue, add, pop } = harness()
    const { uid } = add('a')
    assert.equal(pop(), 'a')
    for (const pause of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
      queue.retry(uid)
      clock.advance(pause - 1)
      assert.equal(pop(), undefined, `before ${pause} ms`)
      clock.advance(1)
      assert.equal(pop(), 'a', `after ${pause} ms`)
    }
  })

  it('misses nothing that happens while a decision is made', () => {
    const { clock, queue, add, pop } = harness()
    const { uid } = add('a')
    pop()
    queue.happened('node-added')
    queue.park(uid, ['NodeResourcesFit'])
    clock.advance(1000)
    assert.equal(pop(), 'a')
  })

  it('looks at parked pods again after five minutes whatever happens', () => {
    const { clock, queue, add, pop } = harness()
    const { uid } = add('a')
    pop()
    queue.park(uid, ['NodeAffinity'])
    clock.advance(299_999)
    assert.equal(pop(), undefined)
    clock.advance(1)
    assert.equal(pop(), 'a')
  })

  it('keeps gated pods until their gates are gone', () => {
    const { clock, queue, pop } = harness()
    const gated = facts('a', {}, { schedulingGates: [{ name: 'x' }] })
    queue.set(gated.pod)
    clock.advance(1_000_000)
    queue.happened('node-added')
    assert.equal(pop(), undefined)
    queue.set({ ...gated.pod, spec: { ...gated.pod.spec!, schedulingGates: [] } })
    assert.equal(pop(), 'a')
  })

  it('forgets what was removed', () => {
    const { queue, add, pop } = harness()
    queue.remove(add('a').uid)
    add('b')
    assert.deepEqual([pop(), pop()], ['b', undefined])
  })
})
