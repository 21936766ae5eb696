import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { gnosticDocument } from './gnostic.ts'
import { mergeParts, partOf, type V2Part } from './merge.ts'
import type { V2Document } from './v2.ts'

const ref = (name: string) => ({ $ref: `#/definitions/${name}` })
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const kinds = (...names: string[]) => ({
  'x-kubernetes-group-version-kind': names.map(kind => ({ group: 'g', version: 'v1', kind })),
})
const reading = (name: string, more: object = {}) => ({
  get: { operationId: `read${name}`, responses: { 200: { description: 'OK', schema: ref(name) } }, ...more },
})
const document = (paths: object, definitions: object, more: object = {}) => ({
  ...{ swagger: '2.0', info: { title: 'x', version: '1' }, paths, definitions, ...more },
})

describe('the part of an OpenAPI document that is about one group version', () => {
  const definitions = {
    A: object({ b: { type: 'array', items: ref('B') } }, kinds('A')),
    B: object({ c: object({}, { additionalProperties: ref('C') }) }),
    C: object({ self: ref('C') }),
    D: object({}),
  }
  const chosen: [string, object, string[], string[]][] = [
    [
      'its own paths',
      { '/apis/g/v1/as': reading('A'), '/apis/h/v1/ds': reading('D') },
      ['/apis/g/v1/as'],
      ['A', 'B', 'C'],
    ],
    ['its root', { '/apis/g/v1': reading('C') }, ['/apis/g/v1'], ['C']],
    ['not a version of like name', { '/apis/g/v1beta1/as': reading('A') }, [], []],
    [
      'what its bodies need',
      {
        '/apis/g/v1/as': { post: { parameters: [{ in: 'body', name: 'body', schema: ref('D') }], responses: {} } },
      },
      ['/apis/g/v1/as'],
      ['D'],
    ],
    ['no definition that is missing', { '/apis/g/v1/xs': reading('X') }, ['/apis/g/v1/xs'], []],
  ]
  for (const [what, paths, expected, needed] of chosen) {
    it(`holds ${what}`, () => {
      const part = partOf(document(paths, definitions), '/apis/g/v1')
      assert.deepEqual([Object.keys(part.paths), Object.keys(part.definitions).sort()], [expected, needed])
    })
  }

  it('holds parameters where they belong', () => {
    const parameters = { 'limit-xyz': { name: 'limit', in: 'query', type: 'integer', uniqueItems: true } }
    const paths = {
      '/apis/g/v1': {
        ...reading('C'),
        parameters: [{ $ref: '#/parameters/limit-xyz' }, { $ref: '#/parameters/none' }],
      },
    }
    const part = partOf(document(paths, definitions, { parameters }), '/apis/g/v1')
    assert.deepEqual(part.paths['/apis/g/v1']!.parameters, [parameters['limit-xyz']])
  })

  const cleaned: [string, object, object][] = [
    ['keywords of the wrong type', { type: 5, description: {}, required: 'a', enum: 'b', minimum: 'c' }, {}],
    ['numbers that no message can hold', { minimum: -1, maxLength: Number.NaN }, {}],
    [
      'values that are no schemas',
      { items: true, properties: { a: 1, b: {} }, additionalProperties: false },
      { properties: { b: {} } },
    ],
    ['required names that are none', { required: ['a', 5] }, { required: ['a'] }],
    ['references that lead elsewhere', { $ref: 'file:///etc/passwd', type: 'object' }, { type: 'object' }],
    ['what it does not know', { discriminator: 'x', type: 'string', 'x-kept': [1] }, { 'x-kept': [1], type: 'string' }],
  ]
  for (const [what, schema, expected] of cleaned) {
    it(`leaves out ${what}`, () => {
      const part = partOf(document({ '/apis/g/v1': reading('A') }, { A: schema }), '/apis/g/v1')
      assert.deepEqual(part.definitions.A, expected)
    })
  }

  const refused: [string, unknown, RegExp][] = [
    ['no document', null, /is no OpenAPI v2/],
    ['version 3', { openapi: '3.0.0' }, /is no OpenAPI v2/],
    ['one without a bottom', document({}, { A: JSON.parse('['.repeat(5000) + ']'.repeat(5000)) }), /nested too deeply/],
  ]
  for (const [what, value, why] of refused) {
    it(`is not found in ${what}`, () => assert.throws(() => partOf(value, '/apis/g/v1'), why))
  }
})

describe('documents of several servers in one', () => {
  const own: V2Document = document(
    { '/api/v1/as': reading('A') },
    {
      A: object({ m: ref('Meta') }, kinds('A')),
      Meta: object({ name: { type: 'string' } }),
      Same: object({}, kinds('S')),
    },
  ) as V2Document
  const part = (definitions: object, path = '/apis/g/v1/xs'): V2Part =>
    ({ paths: { [path]: reading('X') }, definitions }) as V2Part

  it('have the paths and definitions of all', () => {
    const merged = mergeParts(own, [part({ X: object({}) })])
    assert.deepEqual(Object.keys(merged.paths), ['/api/v1/as', '/apis/g/v1/xs'])
    assert.deepEqual(Object.keys(merged.definitions), ['A', 'Meta', 'Same', 'X'])
    assert.deepEqual(Object.keys(own.definitions), ['A', 'Meta', 'Same'], 'ours stay as they were')
  })

  it('share a definition that is the same, with the kinds of both', () => {
    const { definitions } = mergeParts(own, [part({ X: object({ s: ref('Same') }), Same: object({}, kinds('T')) })])
    assert.deepEqual(definitions.Same, object({}, kinds('S', 'T')))
    assert.deepEqual(definitions.X, object({ s: ref('Same') }))
  })

  it('call a definition by another name that means something else', () => {
    const other = object({ name: { type: 'integer' } })
    const { definitions, paths } = mergeParts(own, [
      part({ X: object({ m: ref('Meta') }), Meta: other }),
      part({ X: object({ m: ref('Meta') }), Meta: object({}) }, '/apis/h/v1/xs'),
    ])
    assert.deepEqual([definitions.Meta_v2, definitions.Meta_v3], [other, object({})])
    assert.deepEqual([definitions.X, definitions.X_v2], [object({ m: ref('Meta_v2') }), object({ m: ref('Meta_v3') })])
    const { responses } = paths['/apis/h/v1/xs']!.get as { responses: object }
    assert.deepEqual(responses, reading('X_v2').get.responses)
  })

  it('see that a definition means something else by what it refers to', () => {
    const { definitions } = mergeParts(own, [part({ X: ref('A'), A: object({ m: ref('Meta') }), Meta: object({}) })])
    assert.deepEqual([definitions.X, definitions.A_v2], [ref('A_v2'), object({ m: ref('Meta_v2') })])
    assert.deepEqual(definitions.A, own.definitions.A)
  })

  it('keep their own paths', () => {
    assert.deepEqual(mergeParts(own, [part({ X: object({}) }, '/api/v1/as')]).paths['/api/v1/as'], reading('A'))
  })

  it('can be written whatever the others say', () => {
    const key = fc.constantFrom(
      ...['get', 'parameters', 'responses', 'schema', 'items', 'properties', 'additionalProperties', '$ref', 'type'],
      ...['required', 'enum', 'minimum', 'tags', 'in', 'name', 'x-kubernetes-group-version-kind', '__proto__', 'A'],
    )
    const leaf = fc.constantFrom<unknown>(
      null,
      true,
      -1.5,
      '',
      'body',
      'query',
      '#/definitions/A',
      '#/parameters/A',
      [],
    )
    const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
      tree: fc.oneof({ maxDepth: 6 }, leaf, fc.dictionary(key, tie('tree')), fc.array(tie('tree'), { maxLength: 3 })),
    }))
    const said = fc.record({
      swagger: fc.constant('2.0'),
      paths: fc.oneof(tree, fc.dictionary(fc.constantFrom('/apis/g/v1', '/apis/g/v1/as'), tree)),
      definitions: fc.oneof(tree, fc.dictionary(fc.constantFrom('A', 'Meta', '__proto__', 'constructor'), tree)),
      parameters: tree,
    })
    fc.assert(
      fc.property(said, foreign => {
        const merged = mergeParts(own, [partOf(foreign, '/apis/g/v1'), partOf(foreign, '/apis/g/v1')])
        JSON.stringify(merged)
        gnosticDocument(merged)
      }),
      { seed: 20_260_101, numRuns: 300 },
    )
    assert.equal(({} as { A?: unknown }).A, undefined)
  })
})
