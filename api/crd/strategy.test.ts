import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FieldError } from '../kind.ts'
import type { KubeObject } from '../objects.ts'
import { validateApproval } from './approval.ts'
import { printerColumns, selectableFields } from './columns.ts'
import { newFaults } from './ratchet.ts'
import { customStrategy } from './strategy.ts'

type Tree = KubeObject & Record<string, unknown>

const object = (spec: unknown, status?: unknown, metadata: object = {}): Tree => ({
  apiVersion: 'a/v1',
  kind: 'A',
  metadata: { name: 'x', generation: 3, ...metadata },
  spec,
  ...(status === undefined ? {} : { status }),
})

describe('a custom resource is changed', () => {
  const cases: [string, boolean, Tree, Tree, number, unknown][] = [
    ['nothing is no new generation', true, object(1), object(1), 3, undefined],
    ['its spec is one', true, object(2), object(1), 4, undefined],
    ['labels are none', true, object(1, undefined, { labels: { a: 'b' } }), object(1), 3, undefined],
    ['its status stays where it has its own door', true, object(1, 'new'), object(1, 'old'), 3, 'old'],
    ['a status that is new is dropped there', true, object(1, 'new'), object(1), 3, undefined],
    ['its status is a field like others else', false, object(1, 'new'), object(1, 'old'), 4, 'new'],
    [
      'a deletion that begins counts',
      true,
      object(1, undefined, { deletionTimestamp: 'now' }),
      object(1),
      4,
      undefined,
    ],
  ]
  for (const [what, hasStatus, changed, old, generation, status] of cases) {
    it(what, () => {
      customStrategy(hasStatus).prepareForUpdate(changed, old)
      assert.deepEqual([changed.metadata?.generation, changed.status], [generation, status])
    })
  }

  it('through its status: only that, and who owns it', () => {
    const changed = object(9, 'new', { labels: { a: 'b' }, managedFields: [{ manager: 'm' }] })
    changed.more = 1
    customStrategy(true).prepareForStatusUpdate(changed, object(1, 'old'))
    const metadata = { name: 'x', generation: 3, managedFields: [{ manager: 'm' }], resourceVersion: undefined }
    assert.deepEqual(changed, { ...object(1, 'new'), metadata })
  })

  it('begins with the first generation and without status', () => {
    const made = object(1, 'set')
    customStrategy(true).prepareForCreate(made)
    assert.deepEqual([made.metadata?.generation, 'status' in made], [1, false])
  })
})

describe('the cells of a column', () => {
  const now = Date.parse('2026-01-01T00:10:00Z')
  const cases: [string, unknown, unknown][] = [
    ['integer', 5, 5],
    ['integer', 5.7, 5],
    ['integer', 'five', null],
    ['number', 5.5, 5.5],
    ['number', '5', null],
    ['boolean', false, false],
    ['boolean', 'false', null],
    ['string', 'text', 'text'],
    ['string', 5, '5'],
    ['string', { a: 1 }, '{"a":1}'],
    ['date', '2026-01-01T00:00:00Z', '10m'],
    ['date', 'yesterday', '<invalid>'],
    ['date', 5, null],
    ['string', undefined, null],
    ['string', null, null],
  ]
  for (const [type, value, expected] of cases) {
    it(`of type ${type} show ${JSON.stringify(value)} as ${JSON.stringify(expected)}`, () => {
      const additionalPrinterColumns = [{ name: 'C', type, jsonPath: '.spec' }]
      const [column] = printerColumns({ name: 'v1', served: true, storage: true, additionalPrinterColumns })
      assert.deepEqual(column?.cell(object(value), now), expected)
      assert.equal(column?.description, 'Custom resource definition column (in JSONPath format): .spec')
    })
  }

  it('are ages where nothing else is said', () => {
    const columns = printerColumns({ name: 'v1', served: true, storage: true })
    assert.deepEqual(
      columns.map(column => column.name),
      ['Age'],
    )
  })
})

describe('selectable fields', () => {
  it('are texts, empty where nothing stands', () => {
    const selectable = [{ jsonPath: '.spec.on' }, { jsonPath: '.spec.none' }]
    const fields = selectableFields({ name: 'v1', served: true, storage: true, selectableFields: selectable })
    const read = Object.fromEntries(Object.entries(fields).map(([name, of]) => [name, of(object({ on: true }))]))
    assert.deepEqual(read, { 'spec.on': 'true', 'spec.none': '' })
  })
})

describe('faults of a change', () => {
  const fault = (field: string, value: unknown): FieldError => ({ type: 'Invalid value', field, value, detail: 'no' })

  it('that were there before are let pass, others not', () => {
    const before = [fault('spec.a', 1), fault('spec.b', 1)]
    assert.deepEqual(
      newFaults([fault('spec.a', 1), fault('spec.b', 2), fault('spec.c', 1)], () => before),
      [fault('spec.b', 2), fault('spec.c', 1)],
    )
  })

  it('are not compared when there are none', () => {
    assert.deepEqual(
      newFaults([], () => assert.fail('the old object was looked at')),
      [],
    )
  })
})

describe('groups of the community', () => {
  const cases: [string, string | undefined, string | undefined][] = [
    ['example.com', undefined, undefined],
    ['k8s.io.example.com', undefined, undefined],
    ['apps.k8s.io', undefined, 'Required value'],
    ['apps.kubernetes.io', 'yes', 'Invalid value'],
    ['apps.kubernetes.io', 'https://example.com/1', undefined],
    ['apps.k8s.io', 'unapproved', undefined],
  ]
  for (const [group, value, type] of cases) {
    it(`${group} approved by ${value}: ${type}`, () => {
      const annotations: Record<string, string> = value ? { 'api-approved.kubernetes.io': value } : {}
      const spec = { group, scope: 'Cluster', names: { plural: 'as', kind: 'A' }, versions: [] }
      const [fault] = validateApproval({ metadata: { annotations }, spec })
      assert.equal(fault?.type, type)
    })
  }
})
