import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isRecord } from '../../api/values.ts'
import { startTestServer } from '../testing.ts'

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** A definition that uses everything, to be broken in places. */
function definition(): Record<string, unknown> {
  const spec = {
    type: 'object',
    required: ['a'],
    'x-kubernetes-validations': [{ rule: 'self.a > 0', message: 'a must be positive', fieldPath: '.a' }],
    properties: {
      a: { type: 'integer', minimum: 0, default: 1, enum: [1, 2] },
      b: { type: 'string', pattern: '^x+$', format: 'date', nullable: true },
      c: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
      d: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', required: ['k'], properties: { k: { type: 'string' } } },
      },
      e: { type: 'object', additionalProperties: { type: 'number', multipleOf: 2 } },
      f: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, 'x-kubernetes-embedded-resource': true },
    },
  }
  const version = {
    ...{ name: 'v1', served: true, storage: true },
    schema: { openAPIV3Schema: { type: 'object', properties: { spec, status: { type: 'object' } } } },
    subresources: { status: {}, scale: { specReplicasPath: '.spec.a', statusReplicasPath: '.status.a' } },
    additionalPrinterColumns: [{ name: 'A', type: 'integer', jsonPath: '.spec.a' }],
    selectableFields: [{ jsonPath: '.spec.b' }],
  }
  const names = { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList', shortNames: ['th'] }
  return {
    ...{
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.com' },
    },
    spec: { group: 'example.com', scope: 'Cluster', names, versions: [version], conversion: { strategy: 'None' } },
  }
}

const nonsense = fc.constantFrom<unknown>(
  null,
  '',
  'x',
  '(',
  -1,
  1.5,
  true,
  [],
  {},
  [null],
  { a: null },
  'é\u0000',
  '.a[',
)

/** Puts nonsense where a path leads, or takes away what is there. */
function broken(tree: unknown, path: readonly number[], value: unknown): unknown {
  const [step = 0, ...rest] = path
  const keys = isRecord(tree) || Array.isArray(tree) ? Object.keys(tree) : []
  if (path.length === 0 || keys.length === 0) return value
  const key = keys[step % keys.length]!
  const copy = (Array.isArray(tree) ? [...tree] : { ...(tree as object) }) as Record<string, unknown>
  if (value === undefined && rest.length === 0) delete copy[key]
  else copy[key] = broken(copy[key], rest, value)
  return copy
}

const change = fc.record({
  path: fc.array(fc.nat(20), { minLength: 1, maxLength: 11 }),
  value: fc.oneof(nonsense, fc.constant(undefined)),
})

describe('broken definitions', () => {
  it('are refused or served, and never break the server', async () => {
    const server = await startTestServer()
    const codes = new Set<number>()
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async changes => {
        const body = changes.reduce<unknown>((tree, { path, value }) => broken(tree, path, value), definition())
        const answer = await server.call('POST', DEFINITIONS, { body })
        assert.ok(answer.status < 500, `${JSON.stringify(body)}\n${answer.text}`)
        codes.add(answer.status)
        for (const path of ['/apis', '/openapi/v3', '/openapi/v3/apis/example.com/v1']) {
          const other = await server.call('GET', path)
          assert.ok(other.status < 500, `${path} after ${JSON.stringify(body)}\n${other.text}`)
        }
        const object = {
          apiVersion: 'example.com/v1',
          kind: 'Thing',
          metadata: { name: 'x' },
          spec: { a: 2, c: 'y', d: [{}] },
        }
        const made = await server.call('POST', '/apis/example.com/v1/things', { body: object })
        assert.ok(made.status < 500, `${JSON.stringify(body)}\n${made.text}`)
        await server.call('DELETE', `${DEFINITIONS}/things.example.com`)
      }),
      { numRuns: 80, seed: 7 },
    )
    for (const code of [201, 400, 422]) assert.ok(codes.has(code), `never answered ${code}: ${[...codes]}`)
    await server.server.close()
  })

  it('are refused with nonsense for objects as well', async () => {
    const server = await startTestServer()
    assert.equal((await server.call('POST', DEFINITIONS, { body: definition() })).status, 201)
    const path = '/apis/example.com/v1/things'
    for (let turn = 0; (await server.call('GET', path)).status !== 200; turn++) {
      assert.ok(turn < 500, 'the definition was never established')
      await new Promise(setImmediate)
    }
    const spec = {
      a: 1,
      b: null,
      c: 1,
      d: [{ k: 'x' }],
      e: { x: 2 },
      f: { apiVersion: 'v1', kind: 'Pod', metadata: {} },
    }
    const good = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { generateName: 'x-' }, spec }
    const answer = await server.call('POST', path, { body: good })
    assert.equal(answer.status, 201, answer.text)
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async changes => {
        const body = changes.reduce<unknown>((tree, one) => broken(tree, one.path, one.value), good)
        const made = await server.call('POST', path, { body })
        assert.ok(made.status < 500, `${JSON.stringify(body)}\n${made.text}`)
        if (made.status === 201)
          assert.equal((await server.call('GET', `${path}/${made.json.metadata.name}`)).status, 200)
      }),
      { numRuns: 300, seed: 8 },
    )
    await server.server.close()
  })
})
