import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSpec } from '../api/types/core-v1.ts'
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

  /** Where the pod is, what is done with it; whether it is ready at once, and after its back-off. */
  const nudges: [
    string,
    'new' | 'popped' | 'parked' | 'backing off' | 'gated',
    'hurry' | 'retry' | 'park',
    boolean,
    boolean,
  ][] = [
    ['hurry ends parking without a back-off', 'parked', 'hurry', true, false],
    ['hurry ends a back-off', 'backing off', 'hurry', true, false],
    ['hurry leaves one alone that is ready', 'new', 'hurry', true, false],
    ['hurry leaves one alone that is being decided about', 'popped', 'hurry', false, false],
    ['hurry opens no gates', 'gated', 'hurry', false, false],
    ['retry waits for the back-off', 'popped', 'retry', false, true],
    ['retry leaves one alone that is ready', 'new', 'retry', true, false],
    ['retry leaves one alone that is parked', 'parked', 'retry', false, false],
    ['retry does not begin a back-off anew', 'backing off', 'retry', false, true],
    ['park leaves one alone that is ready', 'new', 'park', true, false],
    ['park leaves one alone that backs off', 'backing off', 'park', false, true],
  ]
  for (const [name, place, nudge, atOnce, later] of nudges) {
    it(name, () => {
      const { clock, queue, pop } = harness()
      const made = facts('a', {}, place === 'gated' ? { schedulingGates: [{ name: 'x' }] } : {})
      const { uid } = made
      queue.set(made.pod)
      if (place !== 'new' && place !== 'gated') pop()
      if (place === 'parked') queue.park(uid, ['NodeAffinity'])
      if (place === 'backing off') queue.retry(uid)
      if (nudge === 'park') queue.park(uid, ['NodeAffinity'])
      else queue[nudge](uid)
      const now = pop() === 'a'
      clock.advance(1000)
      assert.deepEqual([now, pop() === 'a'], [atOnce, later])
    })
  }

  it('nudges nobody whom it does not know', () => {
    const { queue, pop } = harness()
    for (const nudge of [
      () => queue.hurry('u'),
      () => queue.retry('u'),
      () => queue.park('u', []),
      () => queue.remove('u'),
    ])
      nudge()
    assert.deepEqual([queue.size, pop()], [0, undefined])
  })

  const changes: [string, Partial<PodSpec>, Record<string, string>, boolean][] = [
    ['of its specification', { priority: 7 }, {}, true],
    ['of its labels', {}, { app: 'x' }, true],
    ['that is none', {}, {}, false],
  ]
  for (const [name, spec, labels, wakes] of changes) {
    it(`a change ${name} ${wakes ? 'wakes' : 'does not wake'} a parked pod`, () => {
      const { clock, queue, add, pop } = harness()
      const { pod, uid } = add('a')
      pop()
      queue.park(uid, ['NodeAffinity'])
      clock.advance(1000)
      const metadata = { ...pod.metadata, labels: { ...pod.metadata?.labels, ...labels } }
      queue.set({ ...pod, metadata, spec: { ...pod.spec!, ...spec }, status: { phase: 'Pending' } })
      assert.equal(pop(), wakes ? 'a' : undefined)
    })
  }

  it('wakes only those whom the happening concerns', () => {
    const { clock, queue, add, pop } = harness()
    const uids = [add('a').uid, add('b').uid]
    for (const uid of uids) {
      pop()
      queue.park(uid, ['NodeResourcesFit'])
    }
    clock.advance(1000)
    queue.happened('pod-gone', pod => pod.name === 'b')
    assert.deepEqual([pop(), pop()], ['b', undefined])
  })

  it('remembers what happened during a decision however much else does, and nothing from before it', () => {
    const { clock, queue, add, pop } = harness()
    const { uid } = add('a')
    for (let i = 0; i < 1200; i++) queue.happened('node-added')
    pop()
    queue.park(uid, ['NodeResourcesFit'])
    clock.advance(1000)
    assert.equal(pop(), undefined, 'all that was before')
    queue.happened('pod-gone')
    assert.equal(pop(), 'a')
    queue.happened('pod-gone')
    for (let i = 0; i < 700; i++) queue.happened('pod-placed')
    queue.park(uid, ['NodeResourcesFit'])
    clock.advance(2000)
    assert.equal(pop(), 'a', 'what came first of many')
  })

  it('tells whoever waits that one is ready', () => {
    const { clock, queue, add } = harness()
    let calls = 0
    queue.onReady = () => calls++
    const { uid } = add('a')
    assert.equal(calls, 1)
    queue.pop()
    queue.retry(uid)
    clock.advance(1000)
    assert.equal(calls, 2)
  })

  it('wakes each at its own time, the first to be planned or the last', () => {
    const { clock, queue, add, pop } = harness()
    const [a, b] = [add('a').uid, add('b').uid]
    for (const uid of [a, b]) {
      pop()
      queue.retry(uid)
    }
    clock.advance(1000)
    assert.deepEqual([pop(), pop()], ['a', 'b'])
    queue.retry(a)
    clock.advance(500)
    queue.park(b, ['NodeAffinity'])
    clock.advance(1500)
    assert.deepEqual([pop(), pop()], ['a', undefined])
    clock.advance(298_499)
    assert.equal(pop(), undefined)
    clock.advance(1)
    assert.equal(pop(), 'b')
  })

  it('gives them in order of importance, however they came', () => {
    const { add, pop } = harness()
    const priorities = Array.from({ length: 200 }, (_, i) => (i * 73) % 41)
    for (const [i, priority] of priorities.entries()) add(`p${i}`, priority)
    const wanted = priorities
      .map((priority, i) => ({ priority, i }))
      .sort((a, b) => b.priority - a.priority || a.i - b.i)
    assert.deepEqual(
      wanted.map(pop),
      wanted.map(({ i }) => `p${i}`),
    )
  })

  it('is silent when it is stopped', () => {
    const { clock, queue, add, pop } = harness()
    const { uid } = add('a')
    pop()
    queue.retry(uid)
    queue.stop()
    clock.advance(1_000_000)
    assert.deepEqual([pop(), queue.size], [undefined, 0])
  })

  it('forgets what was removed', () => {
    const { queue, add, pop } = harness()
    queue.remove(add('a').uid)
    add('b')
    assert.deepEqual([pop(), pop()], ['b', undefined])
  })
})
