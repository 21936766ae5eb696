import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
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
})
