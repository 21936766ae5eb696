import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileJsonPath, JsonPathError } from './jsonpath.ts'

const object = {
  metadata: { name: 'a', labels: { 'example.com/x': 'y' } },
  spec: {
    replicas: 0,
    ports: [
      { port: 80, name: 'http' },
      { port: 443, name: 'https' },
    ],
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Live', status: 'False' },
    ],
  },
}

describe('a JSONPath', () => {
  const cases: [string, unknown[]][] = [
    ['.metadata.name', ['a']],
    ['{.metadata.name}', ['a']],
    ['$.metadata.name', ['a']],
    ['metadata.name', ['a']],
    ['.spec.replicas', [0]],
    ['.spec.ports[0].port', [80]],
    ['.spec.ports[-1].port', [443]],
    ['.spec.ports[*].name', ['http', 'https']],
    ['.spec.ports[0:1].name', ['http']],
    ['.spec.ports[?(@.port>100)].name', ['https']],
    ['.spec.ports[?(@.port==80)].name', ['http']],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type=='Ready')].status", ['True']],
    ['.status.conditions[?(@.type != "Ready")].type', ['Live']],
    [".metadata.labels['example.com/x']", ['y']],
    ['.metadata.labels.example\\.com/x', ['y']],
    ['.metadata.labels.*', ['y']],
    ['..port', [80, 443]],
    ['.nothing.here', []],
    ['.metadata.name.more', []],
    ['.metadata.toString', []],
    ['.metadata.name[0]', []],
  ]
  for (const [path, expected] of cases) {
    it(`${path} is ${JSON.stringify(expected)}`, () => assert.deepEqual(compileJsonPath(path)(object), expected))
  }

  for (const path of ['.a[', '.a[b]', '.a]', '.a[?(', '.a b']) {
    it(`${path} is none`, () => assert.throws(() => compileJsonPath(path), JsonPathError))
  }

  it('finds a list or is none, whatever it is given', () => {
    const part = fc.constantFrom(
      ...[
        '.spec',
        '.ports',
        '.metadata',
        '.labels',
        '..',
        '.*',
        '$',
        '@',
        '{',
        '}',
        '[0]',
        '[-1]',
        '[1:',
        ':2]',
        '[*]',
      ],
      ...['[?(@.port', '>', '==', '!=', '80', '"http"', "'x", ')]', '[', ']', '\\', ' ', '__proto__', '\u0000'],
    )
    const odd = fc.array(part, { maxLength: 8 }).map(parts => parts.join(''))
    let found = 0
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: odd }, fc.string()), path => {
        try {
          assert.ok(Array.isArray(compileJsonPath(path)(object)))
          found++
        } catch (error) {
          assert.ok(error instanceof JsonPathError, `${JSON.stringify(path)}: ${error}`)
        }
      }),
      { seed: 13, numRuns: 1000 },
    )
    assert.ok(found > 20, `only ${found} were paths`)
  })
})
