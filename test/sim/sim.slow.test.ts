import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runSeed } from './run.ts'

const FIRST = 1
const SEEDS = 6

describe('a simulated cluster', () => {
  it(`keeps its promises, whatever befalls it (seeds ${FIRST} to ${FIRST + SEEDS - 1})`, async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const { violation, trace, acknowledged } = await runSeed(seed, { chaosMs: 4000 })
      assert.equal(violation, undefined, `seed ${seed}: ${violation}\n${trace.join('\n')}`)
      assert.ok(acknowledged > 0, `seed ${seed}: nothing was answered, so nothing was checked`)
    }
  })

  it('repeats itself to the last happening from the same seed', async () => {
    const [first, second] = [await runSeed(7, { chaosMs: 2000 }), await runSeed(7, { chaosMs: 2000 })]
    assert.deepEqual(second, first)
  })
})
