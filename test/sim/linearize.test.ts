import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Call, findNonlinearizable } from './linearize.ts'
import type { Operation } from './model.ts'

/**
 * A history as a picture, one line a client: `w1` writes 1, `r1` reads 1, each from its letter to the next blank; `w1?`
 * was never answered; `t12` writes 2 if 1 stands there, and `t12!` was told that it did not (and what stood there).
 */
function history(...lines: string[]): Call[] {
  return lines.flatMap((line, client) =>
    [...line.matchAll(/\S+/g)].map(({ 0: word, index }) =>
      callOf(word, index * 10 + client, (index + word.length) * 10 + client),
    ),
  )
}

function callOf(word: string, invoked: number, end: number): Call {
  const [, type, first, second, mark] = /^([wrt])(\d)(\d?)([?!]?)/.exec(word)!
  const id = `${word}@${invoked}`
  const completed = mark === '?' ? undefined : end
  const value = (digit: string) => (digit === '0' ? '' : digit)
  const operation: Operation =
    type === 'w'
      ? { type: 'put', key: 'x', value: first! }
      : type === 'r'
        ? { type: 'get', keys: ['x'] }
        : { type: 'txn', key: 'x', expected: value(first!), puts: { x: second! } }
  if (completed === undefined) return { id, operation, invoked }
  const seen = type === 'r' ? value(first!) : mark === '!' ? 'other' : value(first!)
  const values: Record<string, string> = type === 'w' ? {} : { x: seen }
  return { id, operation, invoked, completed, outcome: { values, succeeded: mark !== '!' } }
}

describe('the linearizability checker', () => {
  const fine: [string, string[]][] = [
    ['one after the other', ['w1-- r1-- w2-- r2--']],
    ['a read beside a write may see it', ['w1-------', '   r1--']],
    ['a read beside a write may miss it', ['w1-------', '   r0--']],
    ['writes beside each other in either order', ['w1-----  r1--', 'w2-----']],
    ['a write that was never answered may take effect late', ['w1?  w2-- r2-- r1--']],
    ['a write that was never answered may take no effect', ['w1?  w2-- r2-- r2--']],
    ['a condition that held', ['w1-- t12-- r2--']],
    ['reads that agree on the order of two writes', ['w1---------', 'w2---------', '  r1-- r2--', '   r1-- r2--']],
  ]
  for (const [name, lines] of fine)
    it(`accepts: ${name}`, () => assert.equal(findNonlinearizable(history(...lines)), undefined))

  const wrong: [string, string[]][] = [
    ['a stale read', ['w1-- w2-- r1--']],
    ['a lost write', ['w1-- r0--']],
    ['a value from nowhere', ['w1-- r3--']],
    ['a read that goes back in time', ['w1-------------', '  r1-- r0--']],
    ['reads that disagree on the order of two writes', ['w1---------', 'w2---------', '  r1-- r2--', '  r2-- r1--']],
    ['a condition that held twice', ['w1-- t12-- t13--']],
    ['a write that took effect before it was asked for', ['r1-- w1--']],
    ['a write that was never answered, and came and went', ['w1?  r1-- w2-- r1--']],
  ]
  for (const [name, lines] of wrong) it(`refuses: ${name}`, () => assert.ok(findNonlinearizable(history(...lines))))
})
