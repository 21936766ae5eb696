import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatDuration, parseDuration } from './duration.ts'

describe('a duration', () => {
  const cases: [string, number | undefined, string?][] = [
    ['0', 0, '0s'],
    ['1h30m', 5_400_000, '1h30m0s'],
    ['90s', 90_000, '1m30s'],
    ['300ms', 300],
    ['1.5s', 1500],
    ['-2m', -120_000, '-2m0s'],
    ['.5h', 1_800_000, '30m0s'],
    ['', undefined],
    ['5', undefined],
    ['1d', undefined],
    ['1h 2m', undefined],
    ['s', undefined],
  ]
  for (const [text, value, written = text] of cases) {
    it(`${JSON.stringify(text)} is ${value}`, () => {
      assert.equal(parseDuration(text), value)
      if (value !== undefined) assert.equal(formatDuration(value), written)
    })
  }
})
