import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compile } from './match.ts'

const CASES: [pattern: string, text: string, found: string[]][] = [
  ['[0-9]+', 'abc 123 4', ['123', '4']],
  ['a*', 'baac', ['', 'aa', '']],
  ['a*?', 'aa', ['', '', '']],
  ['a+?', 'aaa', ['a', 'a', 'a']],
  ['', 'ab', ['', '', '']],
  ['a|ab', 'ab', ['a']],
  ['ab|a', 'ab', ['ab']],
  ['(a|ab)(c|bcd)', 'abcd', ['abcd']],
  ['(a+)(b+)?', 'aabb ab a', ['aabb', 'ab', 'a']],
  ['x{2,3}', 'xxxxx', ['xxx', 'xx']],
  ['x{2,3}?', 'xxxxx', ['xx', 'xx']],
  ['.*', 'ab\ncd', ['ab', 'cd']],
  ['^a', 'aaa', ['a']],
  ['a$', 'aaa', ['a']],
  ['(?m)^\\w', 'ab\ncd', ['a', 'c']],
  ['\\bx\\b', 'x xx x', ['x', 'x']],
  ['😀+', 'a😀😀b😀', ['😀😀', '😀']],
  ['z', 'abc', []],
  ['"[^"]*"', 'say "a" and "b"', ['"a"', '"b"']],
  ['".*?"', 'say "a" and "b"', ['"a"', '"b"']],
  ['".*"', 'say "a" and "b"', ['"a" and "b"']],
]

describe('what a pattern finds', () => {
  for (const [pattern, text, found] of CASES) {
    it(`/${pattern}/ in ${JSON.stringify(text)}`, () => assert.deepEqual(compile(pattern).find(text, 99), found))
  }

  it('is no more than is wanted', () => assert.deepEqual(compile('a').find('aaaa', 2), ['a', 'a']))

  it('is what JavaScript finds, for patterns that both know', () => {
    const patterns = ['a|b+', '(ab)*c?', 'a*b*', '[^b]+', '(a|ba)*b', 'b?a{1,2}', '(?:a*?b)+', 'a.c|b.']
    const texts = Array.from({ length: 243 }, (_, number) =>
      Array.from({ length: 5 }, (_, place) => 'abc'[Math.floor(number / 3 ** place) % 3]).join(''),
    )
    for (const pattern of patterns) {
      const own = compile(pattern)
      for (const text of texts) {
        // Go finds no empty match right behind another one; JavaScript does.
        let end = -1
        const wanted = [...text.matchAll(new RegExp(pattern, 'g'))].filter(match => {
          const behind = match[0] === '' && match.index === end
          end = match.index + match[0].length
          return !behind
        })
        assert.deepEqual(
          own.find(text, 99),
          wanted.map(([one]) => one),
          `${pattern} in ${text}`,
        )
      }
    }
  })
})
