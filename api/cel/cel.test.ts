import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileCel } from './program.ts'
import { celValue, escapedName } from './value.ts'

const schema = {
  type: 'object',
  properties: { 'a-b': { type: 'integer' }, ratio: { type: 'number' }, when: { type: 'string', format: 'date-time' } },
} as const
const self = celValue(
  { 'a-b': 3, ratio: 2, when: '2024-02-03T00:00:00Z', name: 'web', list: [1, 2, 3], q: '1500m', port: 80 },
  schema,
)

function evaluate(expression: string): unknown {
  const program = compileCel(expression)
  if ('problem' in program) return program
  const outcome = program({ self })
  return 'value' in outcome ? outcome.value : outcome
}

describe('an expression', () => {
  const cases: [string, unknown][] = [
    ['self.a__dash__b == 3', true],
    ['self.ratio + 0.5', 2.5],
    ['self.port + 1', 81n],
    ['self.name.matches("^w.b$")', true],
    ['self.name.matches("^x$") || "matches(" == "y"', false],
    ['(self.name + "s").matches("webs")', true],
    ['["a", "b"].all(x, x.matches("[ab]"))', true],
    ['self.list.sum()', 6n],
    ['self.list.max() == 3 && self.list.min() == 1', true],
    ['self.list.isSorted()', true],
    ['[3, 1].isSorted()', false],
    ['self.list.indexOf(2)', 1n],
    ['"abc".charAt(1)', 'b'],
    ['"a b b".replace("b", "c")', 'a c c'],
    ['quantity(self.q).isGreaterThan(quantity("1"))', true],
    ['quantity("1Gi").add(quantity("1Gi")).compareTo(quantity("2Gi"))', 0n],
    ['isQuantity("x")', false],
    ['"%s has %d, %.2f and %x%%".format([self.name, self.port, 1.5, 255])', 'web has 80, 1.50 and ff%'],
    ['"%s".format([self.list])', '[1, 2, 3]'],
    [
      'sets.contains(self.list, [1, 2]) && !sets.equivalent(self.list, [1]) && sets.intersects(self.list, [9, 3])',
      true,
    ],
    ['self.when < timestamp("2025-01-01T00:00:00Z") && self.when.getFullYear() == 2024', true],
    ['url("https://a.example.com:80/p").getHostname()', 'a.example.com'],
    ['isIP("10.0.0.1") && isCIDR("10.0.0.0/8") && isURL("http://x")', true],
  ]
  for (const [expression, expected] of cases) {
    it(expression, () => assert.deepEqual(evaluate(expression), expected))
  }

  it('tells what is wrong with it', () => {
    assert.ok('problem' in compileCel('self.'))
    assert.ok('problem' in (evaluate('self.nothing.more') as object))
    assert.ok('problem' in (evaluate('[].max()') as object))
    assert.ok('problem' in (evaluate('"a".matches("(")') as object))
  })

  it('matches in linear time', () => {
    const begun = performance.now()
    assert.equal(evaluate(`"${'a'.repeat(3000)}!".matches("^(a+)+$")`), false)
    assert.ok(performance.now() - begun < 1000)
  })
})

describe('the name of a field', () => {
  const cases: [string, string][] = [
    ['plain', 'plain'],
    ['a-b', 'a__dash__b'],
    ['a.b/c', 'a__dot__b__slash__c'],
    ['a__b', 'a__underscores__b'],
    ['namespace', '__namespace__'],
  ]
  for (const [name, escaped] of cases)
    it(`${name} is written ${escaped}`, () => assert.equal(escapedName(name), escaped))
})
