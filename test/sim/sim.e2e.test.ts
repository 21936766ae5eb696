import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MUTATIONS } from './mutations.ts'
import { runSeed } from './run.ts'

const SEEDS = 50
const SEEDS_PER_MUTATION = 200

describe('many simulated clusters', () => {
  it(`keep their promises (seeds 100 to ${100 + SEEDS - 1})`, async () => {
    for (let seed = 100; seed < 100 + SEEDS; seed++) {
      const { violation, trace } = await runSeed(seed)
      assert.equal(violation, undefined, `seed ${seed}: ${violation}\n${trace.join('\n')}`)
    }
  })
})

/** A simulator that finds nothing may be blind. This is the test of the test. */
describe('the simulator notices when', () => {
  for (const [mistake, { make, options }] of Object.entries(MUTATIONS)) {
    it(mistake, async () => {
      const undo = make()
      try {
        for (let seed = 1; seed <= SEEDS_PER_MUTATION; seed++) {
          if ((await runSeed(seed, options)).violation) return
        }
      } finally {
        undo()
      }
      assert.fail(`${SEEDS_PER_MUTATION} seeds did not notice`)
    })
  }
})
