import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isReason } from '../../api/errors.ts'
import { FakeClock } from '../../platform/clock.ts'
import { FairQueue } from './fair-queue.ts'

const limits = { readOnly: 1, mutating: 1, waitingPerUser: 3, longestWaitMs: 1000 }

/** A piece of work that ends when it is told to. */
function job() {
  let finish = () => {}
  const work = () => new Promise<void>(resolve => (finish = resolve))
  return { work, finish: () => finish() }
}

const settle = () => new Promise(resolve => setImmediate(resolve))

describe('the fair queue', () => {
  it('takes users in turn, not requests', async () => {
    const queue = new FairQueue(new FakeClock(), limits)
    const order: string[] = []
    const first = job()
    const running = [queue.run('readOnly', 'flood', first.work)]
    for (const name of ['flood', 'flood', 'flood', 'agent']) {
      running.push(queue.run('readOnly', name, async () => void order.push(name)))
    }
    first.finish()
    await Promise.all(running)
    assert.deepEqual(order, ['flood', 'agent', 'flood', 'flood'])
  })

  it('refuses the user whose queue is full, and nobody else', async () => {
    const queue = new FairQueue(new FakeClock(), limits)
    const first = job()
    const running = [queue.run('readOnly', 'flood', first.work)]
    for (let i = 0; i < 3; i++) running.push(queue.run('readOnly', 'flood', async () => undefined))
    await assert.rejects(
      queue.run('readOnly', 'flood', async () => undefined),
      error => isReason(error, 'TooManyRequests'),
    )
    running.push(queue.run('readOnly', 'agent', async () => undefined))
    first.finish()
    await Promise.all(running)
  })

  it('lets nobody wait for ever', async () => {
    const clock = new FakeClock()
    const queue = new FairQueue(clock, limits)
    const first = job()
    const running = queue.run('mutating', 'a', first.work)
    const late = queue.run('mutating', 'b', async () => undefined)
    clock.advance(1000)
    await assert.rejects(late, error => isReason(error, 'TooManyRequests'))
    assert.equal(queue.waiting, 0)
    first.finish()
    await running
  })

  it('keeps reads and writes apart', async () => {
    const queue = new FairQueue(new FakeClock(), limits)
    const write = job()
    const running = queue.run('mutating', 'a', write.work)
    await queue.run('readOnly', 'a', async () => undefined)
    write.finish()
    await running
    await settle()
    assert.deepEqual(queue.running, { readOnly: 0, mutating: 0 })
  })
})
