import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseDuration } from './duration.ts'

describe('a duration', () => {
  const cases: [string, number | undefined][] = [
    ['0', 0],
    ['1h30m', 5_400_000],
    ['90s', 90_000],
    ['300ms', 300],
    ['1.5s', 1500],
    ['-2m', -120_000],
    ['.5h', 1_800_000],
    ['', undefined],
    ['5', undefined],
    ['1d', undefined],
    ['1h 2m', undefined],
    ['s', undefined],
  ]
  for (const [text, value] of cases) {
    it(`${JSON.stringify(text)} is ${value}`, () => assert.equal(parseDuration(text), value))
  }

  it('is a number or none, whatever it is given', () => {
    const part = fc.constantFrom('1', '90', '.', '-', '+', 'h', 'm', 's', 'ms', 'µs', 'ns', ' ', 'e5', '\u0000')
    const odd = fc.array(part, { maxLength: 8 }).map(parts => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(odd, fc.string()), text => {
        const value = parseDuration(text)
        assert.ok(value === undefined || Number.isFinite(value), `${JSON.stringify(text)} is ${value}`)
      }),
      { seed: 12, numRuns: 600 },
    )
  })
})
