import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ApiError } from '../errors.ts'
import { schemaOf } from '../schema.ts'
import { deepCopy } from '../values.ts'
import { applyJsonPatch } from './json.ts'
import { applyMergePatch } from './merge.ts'
import { applyStrategicPatch } from './strategic.ts'

const refusal = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof ApiError) return `${error.code} ${error.message}`
    throw error
  }
  return 'taken'
}

describe('a JSON patch', () => {
  const object = { a: { b: [1, 2], 'x/y': 3 }, c: 'd' }
  const cases: [string, object[], unknown][] = [
    ['adds', [{ op: 'add', path: '/e', value: 1 }], { ...object, e: 1 }],
    ['appends', [{ op: 'add', path: '/a/b/-', value: 3 }], { ...object, a: { b: [1, 2, 3], 'x/y': 3 } }],
    ['inserts', [{ op: 'add', path: '/a/b/0', value: 0 }], { ...object, a: { b: [0, 1, 2], 'x/y': 3 } }],
    ['removes', [{ op: 'remove', path: '/a/x~1y' }], { ...object, a: { b: [1, 2] } }],
    ['replaces', [{ op: 'replace', path: '/c', value: null }], { ...object, c: null }],
    ['replaces everything', [{ op: 'replace', path: '', value: { z: 1 } }], { z: 1 }],
    ['moves', [{ op: 'move', from: '/c', path: '/a/c' }], { a: { ...object.a, c: 'd' } }],
    ['copies', [{ op: 'copy', from: '/a/b', path: '/b' }], { ...object, b: [1, 2] }],
    [
      'tests and goes on',
      [
        { op: 'test', path: '/c', value: 'd' },
        { op: 'remove', path: '/c' },
      ],
      { a: object.a },
    ],
  ]
  for (const [what, patch, expected] of cases) {
    it(what, () => {
      const before = deepCopy(object)
      assert.deepEqual(applyJsonPatch(object, patch), expected)
      assert.deepEqual(object, before)
    })
  }

  const bad: [string, unknown, number][] = [
    ['no list', { op: 'add' }, 400],
    ['no object in it', [1], 400],
    ['an unknown operation', [{ op: 'drop', path: '/a' }], 422],
    ['a path that is none', [{ op: 'remove', path: 'a' }], 422],
    ['a path that leads nowhere', [{ op: 'remove', path: '/q/r' }], 422],
    ['a test that fails', [{ op: 'test', path: '/c', value: 'x' }], 422],
    ['no value', [{ op: 'add', path: '/x' }], 422],
    ['an index past the end', [{ op: 'add', path: '/a/b/9', value: 1 }], 422],
    ['a move into itself', [{ op: 'move', from: '/a', path: '/a/b' }], 422],
    ['the prototype', [{ op: 'add', path: '/__proto__/polluted', value: 1 }], 422],
    ['a document that is no object', [{ op: 'replace', path: '', value: 1 }], 422],
    ['too many operations', Array(10_001).fill({ op: 'test', path: '/c', value: 'd' }), 413],
  ]
  for (const [what, patch, code] of bad) {
    it(`is refused: ${what}`, () => {
      assert.match(
        refusal(() => applyJsonPatch(object, patch)),
        new RegExp(`^${code} `),
      )
      assert.equal(({} as Record<string, unknown>).polluted, undefined)
    })
  }
})

describe('a merge patch', () => {
  const cases: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [[1], { a: 'b', c: null }, { a: 'b' }],
  ]
  for (const [target, patch, expected] of cases) {
    it(`${JSON.stringify(target)} with ${JSON.stringify(patch)} is ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(applyMergePatch(target, patch), expected)
    })
  }

  it('does not touch the prototype', () => {
    const patched = applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":1}}'))
    assert.equal(({} as Record<string, unknown>).polluted, undefined)
    assert.equal(JSON.stringify(patched), '{"__proto__":{"polluted":1}}')
  })

  it('applied twice is the same as once', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
        const once = applyMergePatch(target, patch)
        assert.deepEqual(applyMergePatch(once, patch), once)
      }),
      { seed: 1 },
    )
  })
})

describe('a strategic merge patch', () => {
  const schema = schemaOf('core.v1.PodSpec')
  const c = (name: string, image?: string) => (image ? { name, image } : { name })
  const cases: [string, object, object, object][] = [
    [
      'merges containers by name',
      { containers: [c('a', '1'), c('b', '1')] },
      { containers: [c('b', '2')] },
      { containers: [c('a', '1'), c('b', '2')] },
    ],
    ['adds what is new', { containers: [c('a')] }, { containers: [c('z')] }, { containers: [c('z'), c('a')] }],
    [
      'deletes one element',
      { containers: [c('a'), c('b')] },
      { containers: [{ name: 'a', $patch: 'delete' }] },
      { containers: [c('b')] },
    ],
    [
      'replaces a whole list',
      { containers: [c('a'), c('b')] },
      { containers: [c('q'), { $patch: 'replace' }] },
      { containers: [c('q')] },
    ],
    [
      'orders as $setElementOrder says',
      { containers: [c('a'), c('b'), c('s')] },
      { '$setElementOrder/containers': [c('b'), c('n'), c('a')], containers: [c('n')] },
      { containers: [c('b'), c('n'), c('a'), c('s')] },
    ],
    [
      'orders without changing',
      { containers: [c('a', '1'), c('b', '2')] },
      { '$setElementOrder/containers': [c('b'), c('a')] },
      { containers: [c('b', '2'), c('a', '1')] },
    ],
    [
      'deletes an element and orders the rest',
      { containers: [c('a'), c('b'), c('d')] },
      {
        '$setElementOrder/containers': [c('a'), c('d')],
        containers: [{ $patch: 'delete', name: 'b' }],
      },
      { containers: [c('a'), c('d')] },
    ],
    [
      'keeps only what $retainKeys names',
      { volumes: [{ name: 'v', emptyDir: {} }] },
      { volumes: [{ $retainKeys: ['name', 'hostPath'], name: 'v', hostPath: { path: '/x' } }] },
      { volumes: [{ name: 'v', hostPath: { path: '/x' } }] },
    ],
    [
      'replaces a map',
      { securityContext: { runAsUser: 1, fsGroup: 2 } },
      { securityContext: { $patch: 'replace', fsGroup: 3 } },
      { securityContext: { fsGroup: 3 } },
    ],
    [
      'empties a map',
      { nodeSelector: { a: 'b' }, hostIPC: true },
      { nodeSelector: { $patch: 'delete' } },
      { hostIPC: true },
    ],
    [
      'replaces lists that have no key',
      { tolerations: [{ key: 'a' }] },
      { tolerations: [{ key: 'b' }] },
      { tolerations: [{ key: 'b' }] },
    ],
    [
      'removes with null',
      { nodeSelector: { a: 'b', c: 'd' } },
      { nodeSelector: { a: null } },
      { nodeSelector: { c: 'd' } },
    ],
    ['does not bring nulls where nothing was', {}, { nodeSelector: { a: null, b: 'c' } }, { nodeSelector: { b: 'c' } }],
    [
      'merges deep inside of an element',
      {
        containers: [
          {
            name: 'a',
            env: [
              { name: 'X', value: '1' },
              { name: 'Y', value: '2' },
            ],
          },
        ],
      },
      {
        containers: [
          {
            name: 'a',
            env: [
              { name: 'Y', value: '3' },
              { name: 'X', $patch: 'delete' },
            ],
          },
        ],
      },
      { containers: [{ name: 'a', env: [{ name: 'Y', value: '3' }] }] },
    ],
    [
      'merges ports by number',
      { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'x' }] }] },
      { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'y' }, { containerPort: 81 }] }] },
      { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'y' }, { containerPort: 81 }] }] },
    ],
  ]
  for (const [what, before, patch, expected] of cases) {
    it(what, () => {
      const copy = deepCopy(before)
      assert.deepEqual(applyStrategicPatch(before, patch, schema), expected)
      assert.deepEqual(before, copy, 'the original is left as it was')
    })
  }

  const meta = schemaOf('meta.v1.ObjectMeta')
  const primitives: [string, object, object, object][] = [
    ['adds to a set', { finalizers: ['a'] }, { finalizers: ['b', 'a'] }, { finalizers: ['b', 'a'] }],
    [
      'takes out of a set',
      { finalizers: ['a', 'b', 'c'] },
      { '$deleteFromPrimitiveList/finalizers': ['b'] },
      { finalizers: ['a', 'c'] },
    ],
    [
      'orders a set',
      { finalizers: ['a', 'b'] },
      { '$setElementOrder/finalizers': ['c', 'b', 'a'], finalizers: ['c'] },
      { finalizers: ['c', 'b', 'a'] },
    ],
    [
      'merges annotations',
      { annotations: { a: '1' } },
      { annotations: { b: '2', a: null } },
      { annotations: { b: '2' } },
    ],
  ]
  for (const [what, before, patch, expected] of primitives) {
    it(what, () => assert.deepEqual(applyStrategicPatch(before, patch, meta), expected))
  }

  const bad: [string, unknown, string][] = [
    ['a list', [], '400 cannot unmarshal the patch into an object'],
    [
      'an element without its key',
      { containers: [{ image: 'x' }] },
      '400 map: {"image":"x"} does not contain declared merge key: name',
    ],
    ['an unknown directive', { $patch: 'burn' }, '400 Unknown patch type found: "burn"'],
    [
      'an unknown directive in a list',
      { containers: [{ name: 'a', $patch: 'burn' }] },
      '400 Unknown patch type found: "burn"',
    ],
    [
      'an order that is no list',
      { '$setElementOrder/containers': 1 },
      '400 the value of $setElementOrder/containers must be a list',
    ],
    [
      'a key that is not retained',
      { $retainKeys: ['a'], b: 1 },
      '400 the key b is in the patch but not in its $retainKeys list',
    ],
  ]
  for (const [what, patch, message] of bad) {
    it(`is refused: ${what}`, () => {
      assert.equal(
        refusal(() => applyStrategicPatch({ containers: [c('a')] }, patch, schema)),
        message,
      )
    })
  }

  const container = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), image: fc.string() })
  const list = fc.uniqueArray(container, { selector: one => one.name })

  it('holds what the patch says, and keeps every other container', () => {
    fc.assert(
      fc.property(list, list, (before, patch) => {
        const { containers } = applyStrategicPatch({ containers: before }, { containers: patch }, schema)
        const images = new Map(containers.map(one => [one.name, one.image]))
        for (const one of patch) assert.equal(images.get(one.name), one.image)
        for (const one of before) assert.ok(images.has(one.name))
        assert.equal(images.size, containers.length)
      }),
      { seed: 2 },
    )
  })
})
