import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  isConfigKey,
  isEnvironmentName,
  isLabel1035Name,
  isLabelName,
  isLabelValue,
  isPathSegmentName,
  isPortName,
  isQualifiedName,
  isSubdomainName,
  isWildcardSubdomain,
  type NameRule,
} from './names.ts'

const RULES: [string, NameRule, good: string[], bad: string[]][] = [
  [
    'a subdomain',
    isSubdomainName,
    ['a', 'a.b', 'a-b.c1', '1'],
    ['', 'A', 'a..b', '-a', 'a-', 'a_b', '.a', 'a'.repeat(254)],
  ],
  ['a label', isLabelName, ['a', '1-a', 'a'.repeat(63)], ['', 'a.b', 'A', '-a', 'a'.repeat(64)]],
  ['a label that begins with a letter', isLabel1035Name, ['a', 'a-1'], ['1', '1a', '', 'a-']],
  ['a segment of a path', isPathSegmentName, ['a', 'system:node', 'A b'], ['.', '..', 'a/b', 'a%b']],
  [
    'a qualified name',
    isQualifiedName,
    ['a', 'A_b.c', 'example.com/a'],
    ['', 'a/', '/a', 'a/b/c', '-a', 'Example.com/a', `a/${'b'.repeat(64)}`],
  ],
  ['the value of a label', isLabelValue, ['', 'a', 'A_b.c-1'], ['-a', 'a b', 'a'.repeat(64)]],
  ['the name of a port', isPortName, ['http', '8a'], ['', '80', 'a--b', '-a', 'A', 'a'.repeat(16)]],
  ['a key of data', isConfigKey, ['a', '.x', 'A_b-c.d'], ['', '.', '..', '..a', 'a/b', 'a b']],
  ['the name of a variable', isEnvironmentName, ['A', 'a.b-c', '1'], ['', 'a=b', 'é', 'a\n']],
  ['a wildcard', isWildcardSubdomain, ['*.a.b'], ['*', 'a.*.b', '*.', '*.A']],
]

for (const [what, rule, good, bad] of RULES) {
  describe(what, () => {
    for (const name of good) it(`may be ${JSON.stringify(name.slice(0, 20))}`, () => assert.deepEqual(rule(name), []))
    for (const name of bad)
      it(`may not be ${JSON.stringify(name.slice(0, 20))}`, () => assert.notEqual(rule(name).length, 0))
  })
}

describe('every rule', () => {
  it('answers at once, whatever it is asked', () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.nat(5000).map(n => `${'a-'.repeat(n)}!`),
      fc.nat(5000).map(n => `${'a.'.repeat(n)}!`),
    )
    fc.assert(
      fc.property(hostile, name => {
        for (const [, rule] of RULES) assert.ok(Array.isArray(rule(name)))
      }),
      { seed: 31, numRuns: 60, interruptAfterTimeLimit: 5000 },
    )
  })
})
