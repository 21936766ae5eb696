import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../platform/clock.ts'
import { Remembered } from './remembered.ts'

describe('what others answered', () => {
  function asking(goodForMs = 1000) {
    const clock = new FakeClock()
    const memory = new Remembered<number>(clock)
    let asked = 0
    const ask = (question: string) =>
      memory.answer(
        question,
        async () => ++asked,
        () => goodForMs,
      )
    return { clock, memory, ask }
  }

  it('stays good for its time', async () => {
    const { clock, ask } = asking()
    assert.deepEqual([await ask('a'), await ask('a'), await ask('b')], [1, 1, 2])
    clock.advance(999)
    assert.equal(await ask('a'), 1)
    clock.advance(1)
    assert.equal(await ask('a'), 3)
  })

  it('is not kept where it is good for no time', async () => {
    const { ask } = asking(0)
    assert.deepEqual([await ask('a'), await ask('a')], [1, 2])
  })

  it('is asked for once by all who ask together', async () => {
    const { ask } = asking(0)
    assert.deepEqual(await Promise.all([ask('a'), ask('a'), ask('b')]), [1, 1, 2])
  })

  it('is asked for again after a failure, which all get who waited', async () => {
    const { memory, ask } = asking()
    const failing = () =>
      memory.answer(
        'a',
        () => Promise.reject(new Error('away')),
        () => 1000,
      )
    const outcomes = await Promise.allSettled([failing(), failing()])
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    assert.equal(await ask('a'), 1)
  })

  it('is not kept for questions of any length, nor for any number of them', async () => {
    const { ask } = asking()
    const long = 'x'.repeat(10_001)
    assert.deepEqual([await ask(long), await ask(long)], [1, 2])
    for (let i = 0; i < 4096; i++) await ask(`q${i}`)
    assert.equal(await ask('q0'), 3)
    await ask('one more')
    assert.equal(await ask('q1'), 4, 'the newest are kept')
    assert.equal(await ask('q0'), 4100, 'the oldest was forgotten')
  })
})
