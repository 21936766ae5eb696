import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CEL_PIECES } from '../testing.ts'
import { celProblem } from './check.ts'
import { withoutTypes } from './literals.ts'
import { compileCel, type Program } from './program.ts'
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

/** Maps that expressions make have no prototype. */
const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : value

const problemOf = (expression: string) => String((evaluate(expression) as { problem?: string }).problem)

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
    ['"abc".charAt(3)', ''],
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
    ['ip("10.0.0.1").family() == 4 && ip("::1").family() == 6', true],
    ['string(ip("2001:DB8:0:0:1:0:0:1"))', '2001:db8::1:0:0:1'],
    ['string(ip("::ffff:0:0")) + " " + string(ip("::"))', '::ffff:0:0 ::'],
    ['ip.isCanonical("2001:db8::1") && !ip.isCanonical("2001:DB8::1")', true],
    ['isIP("::ffff:10.0.0.1") || isIP("fe80::1%eth0") || isIP("1.2.3")', false],
    ['ip("127.0.0.2").isLoopback() && ip("fe80::1").isLinkLocalUnicast() && ip("0.0.0.0").isUnspecified()', true],
    [
      'ip("8.8.8.8").isGlobalUnicast() && !ip("224.0.0.5").isGlobalUnicast() && ip("224.0.0.5").isLinkLocalMulticast()',
      true,
    ],
    ['cidr("10.0.0.0/8").containsIP("10.1.2.3") && !cidr("10.0.0.0/8").containsIP(ip("11.0.0.1"))', true],
    ['cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16") && !cidr("10.1.0.0/16").containsCIDR(cidr("10.0.0.0/8"))', true],
    ['string(cidr("192.168.7.9/24").masked()) + " " + string(cidr("fd00::7/64").ip())', '192.168.7.0/24 fd00::7'],
    ['cidr("fd00::/64").prefixLength()', 64n],
    [
      '[[1, 2], [3]].map(l, l.map(x, x + 1).filter(y, y > 2)).exists(l, l.size() == 1 && l.all(z, z == 3 || z == 4))',
      true,
    ],
    ['["a", "b"].map(x, x + "c").join(",").replace("c", "d")', 'ad,bd'],
    ['"abc 123 4".find("[0-9]+") + "|" + "abc".find("[0-9]")', '123|'],
    ['"a1b22".findAll("[0-9]+")', ['1', '22']],
    ['"a1b22".findAll("[0-9]", 2) + "a1".findAll("[0-9]", -1) + "a1".findAll("[0-9]", 0)', ['1', '2', '1']],
    ['strings.quote("a\\"b")', '"a\\"b"'],
    ['format.dns1123Label().validate("a-b").hasValue()', false],
    ['format.dns1123Label().validate("A").value().size() > 0', true],
    ['format.named("date").value().validate("2024-02-03").hasValue()', false],
    ['format.named("date").value().validate("2024-02-30x").hasValue()', true],
    ['format.named("nothing").hasValue()', false],
    ['format.dns1123LabelPrefix().validate("a-").hasValue() || format.labelValue().validate("").hasValue()', false],
    ['format.dns1123Label().validate("a-").hasValue() && format.uuid().validate("1").hasValue()', true],
    ['isSemver("1.2.3-rc.1+build") && !isSemver("v1.2.3") && !isSemver("1.2") && !isSemver("01.2.3")', true],
    ['isSemver("v1.2", true) && semver("v01.2", true).compareTo(semver("1.2.0")) == 0', true],
    ['semver("1.2.3").major() * 100 + semver("1.2.3").minor() * 10 + semver("1.2.3").patch()', 123n],
    ['semver("1.10.0").isGreaterThan(semver("1.9.9")) && semver("1.0.0-rc.2").isLessThan(semver("1.0.0"))', true],
    ['semver("1.0.0-2").isLessThan(semver("1.0.0-10")) && semver("1.0.0-10").isLessThan(semver("1.0.0-a"))', true],
    ['semver("1.0.0-a").isLessThan(semver("1.0.0-a.1")) && semver("1.0.0+x").compareTo(semver("1.0.0+y")) == 0', true],
    ['{"a": 1, "b": 2}.all(k, v, v > 0 && k < "c")', true],
    ['[5, 6].all(i, v, v - i == 5)', true],
    ['{"a": 1, "b": 2}.exists(k, v, k == "b" && v == 1)', false],
    ['{"a": 1, "b": 2}.existsOne(k, v, v > 1) && ![1, 1].exists_one(i, v, v == 1)', true],
    ['[1, 2, 3].transformList(i, v, i > 0, v * 2 + i)', [5n, 8n]],
    ['{"a": 1, "b": 5}.transformMap(k, v, v > 2, k + "x")', { b: 'bx' }],
    ['["x", "y"].transformMapEntry(i, v, {v: i})', { x: 0n, y: 1n }],
    ['{"a": {"b": 1}}.all(k, v, v.all(k2, w, k2 == "b" && w == 1 && k == "a"))', true],
    ['[[1], [2, 3]].transformList(i, l, l.map(x, x + i)).exists(l, l.all(j, x, x - j == 3))', true],
    ['self.list.transformMap(i, v, v).size()', 3n],
    ['url("https://u:p@a.example.com:443/p%20q/?x=1&y=2&x=3").getQuery()["x"]', ['1', '3']],
    ['url("https://a.example.com:443").getHost() + url("https://[::1]:80/").getHostname()', 'a.example.com:443::1'],
    ['url("https://a.example.com").getEscapedPath() + url("/a b").getEscapedPath()', '/a%20b'],
    ['isURL("/path?x") && !isURL("path") && !isURL("https://a:x/") && !isURL("//host/path")', true],
    ['quantity("1k").isInteger() && !quantity("1500m").isInteger() && quantity("2k").asInteger() == 2000', true],
    ['quantity("1").add(5).sub(2).compareTo(quantity("4"))', 0n],
    ['[{"a": 1}, {"b": 2}].indexOf({"b": 2}) + [[1], [2], [1]].lastIndexOf([1])', 3n],
    ['1 + 2 * (3 + 4) - 5 == 10 && "a" + "b" + "c" in ["abc"] + ["x"]', true],
  ]
  for (const [expression, expected] of cases) {
    it(expression, () => assert.deepEqual(plain(evaluate(expression)), expected))
  }

  it('tells what is wrong with it', () => {
    assert.ok('problem' in compileCel('self.'))
    assert.ok('problem' in (evaluate('self.nothing.more') as object))
    assert.ok('problem' in (evaluate('[].max()') as object))
    assert.ok('problem' in (evaluate('"a".matches("(")') as object))
    assert.match(problemOf('["a", "a"].transformMapEntry(i, v, {v: i})'), /insert failed/)
    assert.match(problemOf('semver("1.2")'), /no semantic version/)
    assert.match(problemOf('quantity("1500m").asInteger()'), /cannot convert/)
    assert.match(problemOf('url("a b")'), /no absolute URL/)
    assert.match(problemOf('"a".find("(")'), /invalid pattern/)
    assert.match(problemOf('"abc".charAt(4)'), /index out of range: 4/)
    assert.match(problemOf('"abc".charAt(-1)'), /index out of range: -1/)
  })

  it('matches in linear time', () => {
    const begun = performance.now()
    assert.equal(evaluate(`"${'a'.repeat(3000)}!".matches("^(a+)+$")`), false)
    assert.ok(performance.now() - begun < 1000)
  })
})

describe('a literal with a type', () => {
  const cases: [string, string][] = [
    ['Object{spec: Object.spec{replicas: 3}}', '{"spec": {"replicas": 3}}'],
    [
      '[JSONPatch{op: "add", path: "/a", value: {"k": x ? y : z}}]',
      '[{"op": "add", "path": "/a", "value": {"k": x ? y : z}}]',
    ],
    ['Object{a: f(x, y), b: [x, y]}', '{"a": f(x, y), "b": [x, y]}'],
    ['"Object{a: 1}" + \'JSONPatch{b: 2}\' // Object{c: 3}', '"Object{a: 1}" + \'JSONPatch{b: 2}\' // Object{c: 3}'],
    ['{"Object": Object{ metadata : x } }', '{"Object": { "metadata" : x } }'],
    ['myObject.size() > 0 ? Object : x', 'myObject.size() > 0 ? Object : x'],
  ]
  for (const [typed, plain] of cases) it(typed, () => assert.equal(withoutTypes(typed), plain))
})

describe('what an expression may cost', () => {
  const many = 'self.list.map(a, self.list)'
  const loops = (depth: number): string => (depth === 0 ? 'true' : `big.all(x${depth}, ${loops(depth - 1)})`)
  const doubled = (depth: number, first: string): string =>
    depth === 0
      ? `x0.size() > 0`
      : `cel.bind(x${depth - 1}, ${first}, ${doubled(depth - 1, `x${depth - 1} + x${depth - 1}`)})`
  const big = Array.from({ length: 1000 }, () => 'x')
  const cases: [string, string][] = [
    ['a loop in a loop in a loop', loops(3)],
    ['a pattern that is tried in a loop', `big.exists(x, "${'a'.repeat(2000)}".matches("a*a*a*a*b"))`],
    ['a sum that is made again and again', 'cel.bind(l, big + big + big, big.all(x, big.all(y, (l + l).size() > 0)))'],
    ['lists looked through in a loop', 'big.all(x, !("y" in big) || sets.contains(big, big))'],
    ['a text that doubles', doubled(40, '"aaaa"')],
    ['a list that doubles', doubled(40, 'big')],
    [
      'texts joined of joined texts',
      'cel.bind(a, big.join("xx"), cel.bind(b, big.map(x, a).join(""), b.matches("y")))',
    ],
  ]
  for (const [what, expression] of cases) {
    it(`${what} is cut off`, () => {
      const program = compileCel(expression)
      assert.ok(!('problem' in program), String((program as { problem: string }).problem))
      const outcome = program({ big })
      assert.match((outcome as { problem: string }).problem, /operation cancelled: actual cost limit exceeded/)
    })
  }

  it('is counted anew for each run', () => {
    const program = compileCel(loops(1)) as Program
    for (let i = 0; i < 2000; i++) assert.deepEqual(program({ big }), { value: true })
    assert.ok(!('problem' in compileCel(many)))
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

describe('nonsense', () => {
  const part = fc.constantFrom(...CEL_PIECES)
  const odd = fc.array(part, { maxLength: 8 }).map(parts => parts.join(''))

  it('is a program, or told what is wrong with it; and no program does more than have a value or a problem', () => {
    let programs = 0
    fc.assert(
      fc.property(fc.oneof({ weight: 6, arbitrary: odd }, fc.string()), text => {
        const problem = celProblem(text, { names: ['self'] })
        assert.ok(problem === undefined || typeof problem === 'string')
        const program = compileCel(text)
        if ('problem' in program) return
        programs++
        const outcome = program({ self })
        assert.ok('value' in outcome || typeof outcome.problem === 'string', text)
      }),
      { seed: 16, numRuns: 2000 },
    )
    assert.ok(programs > 20, `only ${programs} could be run`)
  })
})
