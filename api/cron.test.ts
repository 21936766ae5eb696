import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cronProblem } from './cron.ts'

describe('a schedule', () => {
  const good = [
    '* * * * *',
    ' 0 0 1 1 0 ',
    '*/15 0-6,18-23 ? jan-MAR mon-Fri',
    '59 23 31 12 6',
    '5/20 * * * *',
    '0 0 1,15 * *',
  ]
  const words = [
    '@yearly',
    '@annually',
    '@monthly',
    '@weekly',
    '@daily',
    '@midnight',
    '@hourly',
    '@every 1h30m',
    '@every 1.5h',
  ]
  for (const text of [...good, ...words]) it(`may be ${text}`, () => assert.equal(cronProblem(text), undefined))

  const bad: [string, string][] = [
    ['', 'expected exactly 5 fields, found 1: []'],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['0 * * * * *', 'expected exactly 5 fields, found 6: [0 * * * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* 24 * * *', 'end of range (24) above maximum (23): 24'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['* * * 13 *', 'end of range (13) above maximum (12): 13'],
    ['* * * * 7', 'end of range (7) above maximum (6): 7'],
    ['9-3 * * * *', 'beginning of range (9) beyond end of range (3): 9-3'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['*/2/3 * * * *', 'too many slashes: */2/3'],
    ['*/0 * * * *', 'failed to parse int from 0'],
    ['*/x * * * *', 'failed to parse int from x'],
    ['x * * * *', 'failed to parse int from x'],
    ['mon * * * *', 'failed to parse int from mon'],
    ['* * * * someday', 'failed to parse int from someday'],
    ['1,,2 * * * *', 'failed to parse int from '],
    ['-5 * * * *', 'failed to parse int from '],
    ['@reboot', 'unrecognized descriptor: @reboot'],
    ['@every', 'unrecognized descriptor: @every'],
    ['@every day', 'unrecognized descriptor: @every day'],
  ]
  for (const [text, problem] of bad)
    it(`may not be ${JSON.stringify(text)}`, () => assert.equal(cronProblem(text), problem))
})
