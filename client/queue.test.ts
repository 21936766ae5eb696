import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ApiError } from '../api/errors.ts'
import { FakeClock } from '../platform/clock.ts'
import { MemoryLog } from '../platform/log.ts'
import { WorkQueue } from './queue.ts'

function harness(options: { workers?: number; work?: (key: string) => Promise<void> } = {}) {
  const clock = new FakeClock()
  const log = new MemoryLog()
  const done: string[] = []
  const queue = new WorkQueue({
    name: 'test',
    clock,
    log,
    workers: options.workers ?? 1,
    work: async key => {
      done.push(key)
      await options.work?.(key)
    },
  })
  return { clock, log, queue, done }
}

const settle = () => new Promise(resolve => setImmediate(resolve))

describe('WorkQueue', () => {
  it('waits for start, then works in order and once for a key', async () => {
    const { queue, done } = harness()
    for (const key of ['b', 'a', 'b']) queue.add(key)
    await settle()
    assert.deepEqual(done, [])
    queue.start()
    await queue.idle()
    assert.deepEqual(done, ['b', 'a'])
  })

  it('works again on a key that was added meanwhile, once', async () => {
    const gate = Promise.withResolvers<void>()
    const { queue, done } = harness({ workers: 3, work: () => gate.promise })
    queue.start()
    for (let i = 0; i < 3; i++) queue.add('a')
    await settle()
    assert.deepEqual(done, ['a'])
    gate.resolve()
    await queue.idle()
    assert.deepEqual(done, ['a', 'a'])
  })

  it('tries again later and later, from the start after a success', async () => {
    let failing = true
    const { clock, queue, done } = harness({
      work: async () => {
        if (failing) throw new Error('no')
      },
    })
    queue.start()
    queue.add('a')
    const attemptsAt = async (ms: number) => {
      clock.advance(ms)
      await settle()
      return done.length
    }
    assert.equal(await attemptsAt(0), 1)
    assert.equal(await attemptsAt(9), 1)
    assert.equal(await attemptsAt(1), 2)
    assert.equal(await attemptsAt(19), 2)
    assert.equal(await attemptsAt(1), 3)
    failing = false
    assert.equal(await attemptsAt(40), 4)
    failing = true
    queue.add('a')
    assert.equal(await attemptsAt(0), 5)
    assert.equal(await attemptsAt(10), 6)
  })

  it('of several later times the soonest counts', async () => {
    const { clock, queue, done } = harness()
    queue.start()
    queue.addAfter('a', 100)
    queue.addAfter('a', 10)
    queue.addAfter('a', 50)
    clock.advance(10)
    await settle()
    assert.deepEqual(done, ['a'])
    clock.advance(1000)
    await settle()
    assert.deepEqual(done, ['a'])
  })

  it('complains of stubborn failures, not of conflicts', async () => {
    for (const [error, warnings] of [
      [new Error('no'), 3],
      [new ApiError('Conflict', 'changed'), 0],
    ] as const) {
      const { clock, log, queue } = harness({ work: () => Promise.reject(error) })
      queue.start()
      queue.add('a')
      for (let i = 0; i < 6; i++) {
        await settle()
        clock.advance(1000)
      }
      assert.equal(log.entries.filter(entry => entry.level === 'warn').length, warnings)
    }
  })

  it('stops when its workers are done, and drops the rest', async () => {
    const gate = Promise.withResolvers<void>()
    const { queue, done } = harness({ work: () => gate.promise })
    queue.start()
    queue.add('a')
    queue.add('b')
    const stopped = queue.stop()
    gate.resolve()
    await stopped
    assert.deepEqual(done, ['a'])
  })

  it('never works on one key twice at once, and always after its last addition', async () => {
    const actions = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), wait: fc.boolean() }), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(actions, fc.integer({ min: 1, max: 3 }), async (plan, workers) => {
        const active = new Set<string>()
        const version = new Map<string, number>()
        const seen = new Map<string, number>()
        const { queue } = harness({
          workers,
          work: async key => {
            assert.ok(!active.has(key), `${key} is worked on twice at once`)
            active.add(key)
            seen.set(key, version.get(key)!)
            await settle()
            active.delete(key)
          },
        })
        queue.start()
        for (const { key, wait } of plan) {
          version.set(key, (version.get(key) ?? 0) + 1)
          queue.add(key)
          if (wait) await settle()
        }
        await queue.idle()
        assert.deepEqual(seen, version)
      }),
      { numRuns: 100 },
    )
  })
})
