import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge, type Row } from './report.ts'

describe('judge', () => {
  const row = { measure: 'puts', unit: '/s' }
  const cases: [string, Omit<Row, 'measure' | 'unit'>, number | undefined, boolean][] = [
    ['twice the peer, 1.5 wanted', { value: 200, peer: 100, budget: { atLeast: 1.5 } }, 2, true],
    ['as fast as the peer, 1.5 wanted', { value: 100, peer: 100, budget: { atLeast: 1.5 } }, 1, false],
    ['half the memory', { value: 50, peer: 100, budget: { atMost: 0.5 } }, 0.5, true],
    ['more than half', { value: 51, peer: 100, budget: { atMost: 0.5 } }, 0.51, false],
    ['no peer, below the limit', { value: 1.9, budget: { atMost: 2 } }, undefined, true],
    ['the median of three', { value: [90, 400, 150], peer: [100, 10, 300], budget: { atLeast: 1.5 } }, 1.5, true],
    ['the middle of two', { value: [100, 200], peer: 100, budget: { atLeast: 1.5 } }, 1.5, true],
    ['no peer, above it', { value: 2.1, budget: { atMost: 2 } }, undefined, false],
  ]
  for (const [what, rest, ratio, met] of cases) {
    it(`${what}: ${met ? 'met' : 'not met'}`, () => {
      const judged = judge({ ...row, ...rest })
      assert.deepEqual([judged.ratio, judged.met], [ratio, met])
    })
  }

  it('how far the runs lie apart, where there are several', () => {
    const spread = (value: number | number[]) => judge({ ...row, value, budget: { atLeast: 0 } }).spread
    assert.deepEqual([spread([90, 100, 120]), spread([5]), spread(5)], [0.15, undefined, undefined])
  })
})
