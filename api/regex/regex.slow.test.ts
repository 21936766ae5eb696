import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compile } from './match.ts'
import { PatternError } from './syntax.ts'

describe('a pattern', () => {
  const cases: [pattern: string, yes: string[], no: string[]][] = [
    ['', ['', 'a'], []],
    ['^$', [''], ['a']],
    ['abc', ['abc', 'xabcx'], ['ab', 'acb']],
    ['^a*$', ['', 'aaa'], ['b', 'aab']],
    ['^a+?$', ['a', 'aa'], ['']],
    ['^(ab|cd)?x$', ['x', 'abx', 'cdx'], ['adx', 'abcdx']],
    ['^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', ['a', 'a-b', 'a1'], ['-a', 'a-', 'A', '']],
    ['^[^a-c]$', ['d', 'é', '\n'], ['a', '']],
    ['^[]a]$', [']', 'a'], ['b']],
    ['^[a-]$', ['-', 'a'], ['b']],
    ['^\\d{2,3}$', ['12', '123'], ['1', '1234', 'ab']],
    ['^x{2}$', ['xx'], ['x', 'xxx']],
    ['^x{2,}$', ['xx', 'xxxx'], ['x']],
    ['^.$', ['a', '世', '😀'], ['', 'ab', '\n']],
    ['(?s)^.$', ['\n'], []],
    ['(?i)^HeLLo$', ['hello', 'HELLO'], ['hell']],
    ['^(?i:a)b$', ['Ab', 'ab'], ['aB']],
    ['(?m)^b$', ['a\nb\nc'], ['ab']],
    ['\\bword\\b', ['a word!'], ['words', 'sword']],
    ['^\\w+\\s\\S$', ['ab c'], ['abc']],
    ['^[[:alpha:]]+$', ['abC'], ['a1']],
    ['^\\p{L}+$', ['éß'], ['1']],
    ['^\\x41\\x{1F600}$', ['A😀'], ['A']],
    ['^a\\.b\\/\\-$', ['a.b/-'], ['axb/-']],
    ['^(?P<name>a)(?:b)$', ['ab'], ['a']],
    ['a{', ['a{'], ['a']],
    ['^(a|b|)$', ['a', 'b', ''], ['c']],
    ['\\Aab\\z', ['ab'], ['ab\n', 'xab']],
  ]
  for (const [pattern, yes, no] of cases) {
    it(`/${pattern}/`, () => {
      const { test } = compile(pattern)
      for (const text of yes) assert.equal(test(text), true, `should match ${JSON.stringify(text)}`)
      for (const text of no) assert.equal(test(text), false, `should not match ${JSON.stringify(text)}`)
    })
  }

  const bad = [
    '(',
    ')',
    '[',
    '[a',
    '*',
    'a**b(',
    '\\',
    '\\q',
    'a{2,1}',
    'a{1001}',
    '(?=a)',
    '(?<!a)',
    '\\1',
    '[z-a]',
    '[[:nope:]]',
    '(((a{1000}){1000}){1000})',
    '('.repeat(5000) + ')'.repeat(5000),
  ]
  for (const pattern of bad) {
    it(`${pattern.slice(0, 30)} is none`, () => assert.throws(() => compile(pattern), PatternError))
  }

  it('takes time in proportion to the text, not more', () => {
    const { test } = compile('^(a+)+$')
    const begun = performance.now()
    assert.equal(test(`${'a'.repeat(5000)}!`), false)
    assert.ok(performance.now() - begun < 1000)
  })

  it('gives up on what would take too long', () => {
    const { test } = compile('(a?b?c?){800}x')
    assert.throws(() => test('abc'.repeat(50_000)), PatternError)
  })

  it('finds what JavaScript finds', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '\\w', '(ab)')
    const mark = fc.constantFrom('', '*', '+', '?', '{1,2}')
    const pattern = fc
      .array(
        fc.tuple(atom, mark).map(([one, many]) => one + many),
        { maxLength: 5 },
      )
      .map(parts => parts.join(''))
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 })
    fc.assert(
      fc.property(pattern, text, fc.boolean(), (inner, subject, anchored) => {
        const whole = anchored ? `^${inner}$` : inner
        assert.equal(compile(whole).test(subject), new RegExp(whole).test(subject))
      }),
      { seed: 9, numRuns: 500 },
    )
  })
})
