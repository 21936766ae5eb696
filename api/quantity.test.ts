import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  addQuantity,
  canonicalQuantity,
  compareQuantity,
  isQuantity,
  QuantityError,
  quantityMilli,
  quantityValue,
  subtractQuantity,
} from './quantity.ts'

describe('a quantity', () => {
  const canonical: [string | number, string][] = [
    ['0', '0'],
    ['1000m', '1'],
    ['0.5', '500m'],
    [0.1, '100m'],
    ['1.5Gi', '1536Mi'],
    ['1024', '1024'],
    ['1024Ki', '1Mi'],
    ['0.5Ki', '512'],
    ['100Mi', '100Mi'],
    ['1e3', '1e3'],
    ['1E3', '1e3'],
    ['1E', '1E'],
    ['12e6', '12e6'],
    ['1e-3', '1e-3'],
    ['2000k', '2M'],
    ['-1500m', '-1500m'],
    ['+2', '2'],
    ['.5', '500m'],
    ['1.', '1'],
    ['1n', '1n'],
    ['0.1n', '1n'],
    ['0.0000000001', '1n'],
    ['123456789Ki', '123456789Ki'],
    ['9999999999E', '9223372036854775807'],
  ]
  for (const [text, expected] of canonical) {
    it(`${text} is written ${expected}`, () => assert.equal(canonicalQuantity(text), expected))
  }

  const bad = ['', 'x', '1 Gi', '1gi', '1KI', '--1', '1e', '1e1000', '1Gi2', '.', '1mm', 'NaN', '1'.repeat(200)]
  for (const text of bad)
    it(`${JSON.stringify(text.slice(0, 20))} is none`, () => assert.equal(isQuantity(text), false))

  it('counts whole units and thousandths rounded up', () => {
    assert.equal(quantityValue('1500m'), 2)
    assert.equal(quantityValue('1Ki'), 1024)
    assert.equal(quantityMilli('0.0001'), 1)
    assert.equal(quantityMilli('2'), 2000)
  })

  const amount = fc
    .tuple(fc.bigInt(-(10n ** 12n), 10n ** 12n), fc.constantFrom('', 'm', 'k', 'Ki', 'Mi', 'e2'))
    .map(([digits, suffix]) => `${digits}${suffix}`)

  it('keeps its value when it is written and read again', () => {
    fc.assert(
      fc.property(amount, text => {
        const written = canonicalQuantity(text)
        assert.equal(compareQuantity(written, text), 0)
        assert.equal(canonicalQuantity(written), written)
      }),
      { seed: 7 },
    )
  })

  it('is one or none, whatever it is given', () => {
    const part = fc.constantFrom(
      '1',
      '0',
      '.',
      '-',
      '+',
      'e',
      'E',
      'k',
      'Ki',
      'm',
      'n',
      'Ei',
      ' ',
      '99999999999',
      '\u0000',
    )
    const odd = fc.array(part, { maxLength: 6 }).map(parts => parts.join(''))
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: odd }, fc.string()), text => {
        try {
          assert.equal(compareQuantity(canonicalQuantity(text), text), 0)
        } catch (error) {
          assert.ok(error instanceof QuantityError, `${JSON.stringify(text)}: ${error}`)
        }
      }),
      { seed: 14, numRuns: 1000 },
    )
  })

  it('can be added and taken away again', () => {
    fc.assert(
      fc.property(amount, amount, (a, b) =>
        assert.equal(compareQuantity(subtractQuantity(addQuantity(a, b), b), a), 0),
      ),
      { seed: 7 },
    )
  })
})
