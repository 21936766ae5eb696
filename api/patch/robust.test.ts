import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ApiError } from '../errors.ts'
import { findKind } from '../kinds/registry.ts'
import type { KubeObject } from '../objects.ts'
import { deepCopy } from '../values.ts'
import { applyObject } from './apply.ts'
import { applyJsonPatch } from './json.ts'
import { trackUpdate } from './managers.ts'
import { applyMergePatch } from './merge.ts'
import { applyStrategicPatch } from './strategic.ts'

const deployments = findKind('apps', 'v1', 'Deployment')!

const live = {
  metadata: { name: 'web', labels: { app: 'web' }, finalizers: ['a'] },
  spec: {
    replicas: 2,
    template: {
      spec: {
        containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: '1' }] }],
        tolerations: [{ key: 'k' }],
      },
    },
  },
} as KubeObject

/** JSON with the words that patches are made of. */
const word = fc.constantFrom(
  ...[
    'metadata',
    'spec',
    'template',
    'containers',
    'name',
    'image',
    'ports',
    'env',
    'finalizers',
    'labels',
    'c',
    'a',
    'A',
  ],
  ...[
    '$patch',
    'replace',
    'merge',
    'delete',
    '$retainKeys',
    '$setElementOrder/containers',
    '$deleteFromPrimitiveList/finalizers',
  ],
  ...['__proto__', 'constructor', 'managedFields'],
)
const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(null, true, 0, 80, '', 'c', 'delete', 'replace'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(word, tie('value'), { maxKeys: 4 }),
  ),
}))
const pointer = fc
  .array(fc.oneof(word, fc.constantFrom('0', '-', '9', '~0', '')), { maxLength: 5 })
  .map(parts => parts.map(one => `/${one}`).join(''))
const operation = fc.record({
  op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
  path: pointer,
  from: pointer,
  value,
})

function takenOrRefused(work: () => unknown): void {
  const before = deepCopy(live)
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof ApiError && error.code < 500, String(error instanceof Error ? error.stack : error))
  }
  assert.deepEqual(live, before, 'the live object is left as it was')
  assert.equal(({} as Record<string, unknown>).polluted, undefined)
}

describe('whatever a patch says', () => {
  it('as a JSON patch', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 4 }), patch => takenOrRefused(() => applyJsonPatch(live, patch))),
      { seed: 21, numRuns: 400 },
    )
  })

  it('as a merge patch', () => {
    fc.assert(
      fc.property(value, patch => takenOrRefused(() => applyMergePatch(live, patch))),
      { seed: 22, numRuns: 400 },
    )
  })

  it('as a strategic merge patch', () => {
    fc.assert(
      fc.property(value, patch => takenOrRefused(() => applyStrategicPatch(live, patch, deployments.schema))),
      { seed: 23, numRuns: 400 },
    )
  })

  it('as what is applied, and as what is updated', () => {
    const by = { manager: 'm', apiVersion: 'apps/v1', now: '2024-01-01T00:00:00Z' }
    fc.assert(
      fc.property(value, spec => {
        const applied = { metadata: { name: 'web' }, spec } as KubeObject
        takenOrRefused(() => applyObject({ live, applied, kind: deployments, by, force: true }))
        takenOrRefused(() => trackUpdate(live, deepCopy(applied), deployments.schema, by))
      }),
      { seed: 24, numRuns: 300 },
    )
  })
})

describe('a new object', () => {
  const port = fc.record(
    { containerPort: fc.nat(3), protocol: fc.constantFrom('TCP', 'UDP') },
    { requiredKeys: ['containerPort'] },
  )
  const container = fc.record(
    { name: fc.constantFrom('c', 'd'), ports: fc.array(port), args: fc.array(word), env: fc.constant([]), x: value },
    { requiredKeys: ['name'] },
  )
  const template = fc.record({ metadata: value, spec: fc.record({ containers: fc.array(container), volumes: value }) })
  const labels = fc.dictionary(word, word, { maxKeys: 3 })
  const metadata = fc.record({ name: word, labels, finalizers: fc.uniqueArray(word) }, { requiredKeys: [] })

  it("is its creator's as if it were compared with nothing", () => {
    const by = { manager: 'm', apiVersion: 'apps/v1', now: '2024-01-01T00:00:00Z' }
    const fieldsBeside = (before: KubeObject | undefined, object: KubeObject) => {
      const tracked = deepCopy(object)
      try {
        trackUpdate(before, tracked, deployments.schema, by)
      } catch (error) {
        return String(error)
      }
      return JSON.stringify(tracked.metadata?.managedFields)
    }
    fc.assert(
      fc.property(metadata, fc.oneof(value, fc.record({ template, selector: value })), (given, spec) => {
        const object = { metadata: given, spec } as KubeObject
        assert.equal(fieldsBeside(undefined, object), fieldsBeside({} as KubeObject, object))
      }),
      { seed: 25, numRuns: 500 },
    )
  })
})
