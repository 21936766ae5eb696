import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
  SelectorError,
  selects,
} from './selectors.ts'

const labels = { app: 'web', tier: 'front', size: '7', 'example.com/x': '' }

describe('a label selector', () => {
  const cases: [string, boolean][] = [
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web', true],
    ['app!=web', false],
    ['nope!=web', true],
    ['app in (web, db)', true],
    ['app in(web)', true],
    ['app notin (db),tier', true],
    ['nope notin (db)', true],
    ['!nope', true],
    ['! app', false],
    ['app,tier=back', false],
    ['example.com/x=', true],
    ['example.com/x', true],
    ['app in (a,,web)', true],
    ['nope in ()', false],
    ['example.com/x in ()', true],
    ['size>6', true],
    ['size > 7', false],
    ['size<10', true],
    ['app>1', false],
    ['toString', false],
    ['app=in', false],
  ]
  for (const [text, expected] of cases) {
    it(`${JSON.stringify(text)} is ${expected}`, () => {
      assert.equal(matchesLabels(parseLabelSelector(text), labels), expected)
    })
  }

  const bad: [string, string][] = [
    ['app=web=x', "unable to parse requirement: found '=', expected: ',' or 'end of string'"],
    [',app', "unable to parse requirement: found ',', expected: !, identifier, or 'end of string'"],
    ['app,', "unable to parse requirement: found '', expected: identifier after ','"],
    ['app in web', "unable to parse requirement: found 'web', expected: '('"],
    ['app in (web', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['app web', "unable to parse requirement: found 'web', expected: in, notin, =, ==, !=, gt, lt"],
    [
      'app>x',
      "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ]
  for (const [text, message] of bad) {
    it(`${text} is refused`, () => assert.throws(() => parseLabelSelector(text), new SelectorError(message)))
  }

  it('never fails in another way, whatever it is given', () => {
    const part = fc.constantFrom('a', 'in', 'notin', '(', ')', ',', '=', '!', '!=', '<', ' ', '-', '/', '\u0000')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), parts => {
        try {
          matchesLabels(parseLabelSelector(parts.join('')), labels)
        } catch (error) {
          assert.ok(error instanceof SelectorError)
        }
      }),
      { seed: 11, numRuns: 600 },
    )
  })

  it('as an object: none selects nothing, an empty one everything', () => {
    assert.equal(selects(undefined, labels), false)
    assert.equal(selects({}, labels), true)
    assert.equal(selects({ matchLabels: { app: 'web' } }, labels), true)
    assert.equal(selects({ matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, labels), false)
    assert.throws(() => selects({ matchExpressions: [{ key: 'app', operator: 'Like' }] }, labels), SelectorError)
  })
})

describe('a field selector', () => {
  it('never fails in another way than it says, whatever it is given', () => {
    const part = fc.constantFrom('a', 'metadata.name', '=', '==', '!=', ',', '\\', '\\=', '\\,', ' ', '!', '\u0000')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), parts => {
        try {
          matchesFields(parseFieldSelector(parts.join('')), () => 'a')
        } catch (error) {
          assert.ok(error instanceof SelectorError, String(error))
        }
      }),
      { seed: 15, numRuns: 600 },
    )
  })

  const fields: Record<string, string> = { 'metadata.name': 'a', 'status.phase': 'Running', note: 'a,b=c\\' }
  const cases: [string, boolean][] = [
    ['', true],
    ['metadata.name=a', true],
    ['metadata.name==a,status.phase!=Failed', true],
    ['metadata.name!=a', false],
    ['note=a\\,b\\=c\\\\', true],
    ['status.phase=', false],
  ]
  for (const [text, expected] of cases) {
    it(`${JSON.stringify(text)} is ${expected}`, () => {
      assert.equal(
        matchesFields(parseFieldSelector(text), field => fields[field] ?? ''),
        expected,
      )
    })
  }

  const bad: [string, string][] = [
    ['nothing', "invalid selector: 'nothing'; can't understand 'nothing'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: ='],
    ['a=\\x', 'invalid field selector: invalid escape sequence: \\x'],
  ]
  for (const [text, message] of bad) {
    it(`${text} is refused`, () => assert.throws(() => parseFieldSelector(text), new SelectorError(message)))
  }
})
