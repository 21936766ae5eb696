import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock, nextTurn } from '../../platform/clock.ts'
import { Batches } from './batches.ts'

const LIMITS = { mode: 'batch' as const, bufferSize: 4, maxSize: 2, maxWaitMs: 1000 }

/** Takes one batch at a time, each for as long as the test likes. */
function receiver() {
  const told: string[] = []
  const taking: (() => void)[] = []
  return {
    told,
    take: (batch: readonly string[]) => {
      told.push(batch.join('+'))
      return new Promise<void>(resolve => taking.push(resolve))
    },
    onFull: () => told.push('full'),
    onDropped: () => told.push('lost'),
    onRoom: (lost: number) => told.push(`room after ${lost}`),
    /** The batch is taken. */
    async taken() {
      taking.shift()?.()
      await nextTurn()
    },
  }
}

const made = () => {
  const clock = new FakeClock()
  const to = receiver()
  return { clock, to, batches: new Batches(LIMITS, clock, to) }
}

/** a letter: comes; a number: so many milliseconds go by; ok: the batch is taken. */
const cases: [string, string, string[]][] = [
  ['waits for more', 'a 999', []],
  ['goes when the first has waited long enough', 'a 600 ok 400', ['a']],
  ['goes when there is enough of it', 'a b', ['a+b']],
  ['is no larger than it may be', 'a b c d ok', ['a+b', 'c+d']],
  ['waits anew when it is not enough', 'a b c ok 999', ['a+b']],
  ['goes when that has waited, too', 'a b c ok 1000', ['a+b', 'c']],
  ['waits for the one before', 'a b c 1000', ['a+b']],
  ['goes at once when the one before is taken and it is time', 'a b c 5000 ok', ['a+b', 'c']],
  ['is lost where there is no room, and that is told', 'a b c d e f g h', ['a+b', 'full', 'lost', 'lost']],
  [
    'is told how much was lost when there is room again',
    'a b c d e f g ok h',
    ['a+b', 'full', 'lost', 'room after 1', 'c+d'],
  ],
  [
    'is told of another loss anew',
    'a b c d e f g ok h i j',
    [...['a+b', 'full', 'lost', 'room after 1', 'c+d', 'full', 'lost']],
  ],
]

describe('a batch', () => {
  for (const [what, steps, expected] of cases) {
    it(what, async () => {
      const { clock, to, batches } = made()
      for (const step of steps.split(' ')) {
        if (step === 'ok') await to.taken()
        else if (/\d/.test(step)) clock.advance(Number(step))
        else batches.take(step)
      }
      assert.deepEqual(to.told, expected)
    })
  }

  it('and all that waits is handed on before the end', async () => {
    const { to, batches } = made()
    for (const letter of 'abcde') batches.take(letter)
    let closed = false
    const closing = batches.close().then(() => {
      closed = true
    })
    await to.taken()
    await to.taken()
    assert.deepEqual([to.told, closed], [['a+b', 'c+d', 'e'], false])
    await to.taken()
    await closing
  })

  it('and the end comes at once where nothing waits', async () => {
    const { to, batches } = made()
    await batches.close()
    assert.deepEqual(to.told, [])
  })
})
