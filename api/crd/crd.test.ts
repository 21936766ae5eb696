import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeBody, fitToKind } from '../codec/decode.ts'
import type { Kind, Schema } from '../kind.ts'
import { findKind } from '../kinds/registry.ts'
import type { KubeObject } from '../objects.ts'
import { applyObject } from '../patch/apply.ts'
import type { CustomResourceDefinition, JSONSchemaProps } from '../types/apiextensions-v1.ts'
import { describeFieldError } from '../validate/errors.ts'
import { deepCopy } from '../values.ts'
import { kindsOf } from './kind.ts'
import { checkSchemaRules } from './rules.ts'
import { rootSchema } from './schema.ts'

type Tree = Record<string, unknown>

const SCHEMA: JSONSchemaProps = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['image'],
      'x-kubernetes-validations': [
        { rule: 'self.min <= self.max', message: 'min may not be more than max' },
        {
          rule: '!has(oldSelf.image) || self.image == oldSelf.image',
          message: 'image stays',
          fieldPath: '.image',
          reason: 'FieldValueForbidden',
        },
      ],
      properties: {
        image: { type: 'string', pattern: '^[a-z]+(:[0-9]+)?$', minLength: 2, maxLength: 20 },
        min: { type: 'integer', minimum: 0, default: 1 },
        max: { type: 'integer', maximum: 10, default: 5 },
        size: { type: 'string', enum: ['small', 'large'] },
        port: { 'x-kubernetes-int-or-string': true },
        ratio: { type: 'number', exclusiveMinimum: true, minimum: 0, multipleOf: 0.5 },
        note: { type: 'string', nullable: true },
        when: { type: 'string', format: 'date-time' },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        labels: {
          type: 'object',
          additionalProperties: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self.matches("^[a-z]+$")' }] },
          maxProperties: 2,
        },
        tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' }, maxItems: 3 },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, count: { type: 'integer', default: 7 } },
          },
        },
        either: {
          type: 'object',
          properties: { a: { type: 'string' }, b: { type: 'string' } },
          oneOf: [{ required: ['a'] }, { required: ['b'] }],
        },
      },
    },
    status: {
      type: 'object',
      properties: { phase: { type: 'string' }, since: { type: 'string', format: 'date-time' } },
    },
  },
}

function definition(change: (crd: CustomResourceDefinition) => void = () => {}): CustomResourceDefinition {
  const crd: CustomResourceDefinition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: {
        plural: 'widgets',
        singular: 'widget',
        kind: 'Widget',
        listKind: 'WidgetList',
        shortNames: ['wd'],
        categories: ['all'],
      },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: deepCopy(SCHEMA) },
          subresources: { status: {}, scale: { specReplicasPath: '.spec.min', statusReplicasPath: '.status.count' } },
          additionalPrinterColumns: [
            { name: 'Image', type: 'string', jsonPath: '.spec.image' },
            { name: 'Min', type: 'integer', jsonPath: '.spec.min', priority: 1 },
            { name: 'Since', type: 'date', jsonPath: '.status.since' },
          ],
          selectableFields: [{ jsonPath: '.spec.size' }],
        },
        { name: 'v1beta1', served: true, storage: false, schema: { openAPIV3Schema: deepCopy(SCHEMA) } },
        { name: 'v1alpha1', served: false, storage: false, schema: { openAPIV3Schema: deepCopy(SCHEMA) } },
      ],
    },
  }
  change(crd)
  return crd
}

const [widgets, betaWidgets] = kindsOf(definition()) as [Kind, Kind]

function widget(spec: Tree): KubeObject {
  return {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'w', namespace: 'ns' },
    spec: { image: 'nginx', ...spec },
  } as KubeObject
}

function faults(spec: Tree, old?: Tree): string[] {
  const object = widget(spec)
  widgets.setDefaults(object)
  const errors = old ? widgets.validateUpdate(object, widget({ min: 1, max: 5, ...old })) : widgets.validate(object)
  return errors.map(describeFieldError)
}

describe('the kind of a custom resource', () => {
  it('is made for every served version', () => {
    assert.deepEqual(
      kindsOf(definition()).map(kind => kind.version),
      ['v1', 'v1beta1'],
    )
    assert.deepEqual(
      widgets.subresources.map(one => one.name),
      ['status', 'scale'],
    )
    assert.equal(widgets.storage.prefix, 'example.com/widgets')
    assert.equal(betaWidgets.storage.toStored?.(widget({})).apiVersion, 'example.com/v1')
    assert.equal(betaWidgets.storage.fromStored?.(widget({})).apiVersion, 'example.com/v1beta1')
  })

  it('drops what the schema does not know, and names it', () => {
    const text = JSON.stringify({
      ...widget({ extra: 1, free: { any: { thing: 1 } }, parts: [{ name: 'a', x: 1 }] }),
      more: 2,
    })
    const decoded = decodeBody(Buffer.from(text), 'application/json')
    const warnings = fitToKind(decoded, widgets, 'Warn')
    assert.deepEqual(warnings, [
      'unknown field "spec.extra"',
      'unknown field "spec.parts[0].x"',
      'unknown field "more"',
    ])
    const { spec } = decoded.object as { spec?: Tree }
    assert.deepEqual(spec, { image: 'nginx', free: { any: { thing: 1 } }, parts: [{ name: 'a' }] })
  })

  it('checks metadata as that of every object', () => {
    const decoded = decodeBody(Buffer.from('{"metadata":{"name":5}}'), 'application/json')
    assert.throws(
      () => fitToKind(decoded, widgets, 'Ignore'),
      /Widget in version "v1" cannot be handled as a Widget: json: cannot unmarshal number into Go struct field/,
    )
  })

  it('fills in defaults, also in lists', () => {
    const object = widget({ parts: [{ name: 'a' }] }) as KubeObject & { spec: Tree }
    widgets.setDefaults(object)
    assert.deepEqual(object.spec, { image: 'nginx', min: 1, max: 5, parts: [{ name: 'a', count: 7 }] })
  })

  const cases: [string, Tree, string | undefined][] = [
    [
      'all is well',
      { size: 'small', port: 'http', ratio: 1.5, note: null, tags: ['a', 'b'], when: '2024-01-01T00:00:00Z' },
      undefined,
    ],
    [
      'a wrong type',
      { min: 'x' },
      'spec.min: Invalid value: "string": spec.min in body must be of type integer: "string"',
    ],
    [
      'null where none may be',
      { size: null },
      'spec.size: Invalid value: "null": spec.size in body must be of type string: "null"',
    ],
    ['a missing field', { image: undefined }, 'spec.image: Required value'],
    [
      'a value that is not listed',
      { size: 'huge' },
      'spec.size: Unsupported value: "huge": supported values: "large", "small"',
    ],
    [
      'a number too small',
      { min: -1 },
      'spec.min: Invalid value: -1: spec.min in body should be greater than or equal to 0',
    ],
    [
      'a number too large',
      { max: 11 },
      'spec.max: Invalid value: 11: spec.max in body should be less than or equal to 10',
    ],
    ['the bound itself', { ratio: 0 }, 'spec.ratio: Invalid value: 0: spec.ratio in body should be greater than 0'],
    ['no multiple', { ratio: 0.7 }, 'spec.ratio: Invalid value: 0.7: spec.ratio in body should be a multiple of 0.5'],
    [
      'a text too short',
      { image: 'a' },
      'spec.image: Invalid value: "a": spec.image in body should be at least 2 chars long',
    ],
    ['a text too long', { image: 'a'.repeat(21) }, 'spec.image: Too long: may not be more than 20 bytes'],
    [
      'a text of another form',
      { image: 'A1' },
      'spec.image: Invalid value: "A1": spec.image in body should match \'^[a-z]+(:[0-9]+)?$\'',
    ],
    ['no date', { when: 'now' }, 'spec.when: Invalid value: "now": spec.when in body must be of type date-time: "now"'],
    [
      'neither number nor text',
      { port: 1.5 },
      'spec.port: Invalid value: "number": spec.port in body must be of type integer or string: "number"',
    ],
    ['a value twice in a set', { tags: ['a', 'a'] }, 'spec.tags[1]: Duplicate value: "a"'],
    ['a key twice', { parts: [{ name: 'a' }, { name: 'a' }] }, 'spec.parts[1]: Duplicate value: {"name":"a"}'],
    ['too many items', { tags: ['a', 'b', 'c', 'd'] }, 'spec.tags: Too many: 4: must have at most 3 items'],
    ['too many keys', { labels: { a: 'a', b: 'b', c: 'c' } }, 'spec.labels: Too many: 3: must have at most 2 items'],
    [
      'both of two',
      { either: { a: 'x', b: 'y' } },
      'spec.either: Invalid value: {"a":"x","b":"y"}: "spec.either" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
  ]
  for (const [what, spec, fault] of cases) {
    it(`checks objects: ${what}`, () => {
      const found = faults(spec).filter(one => !one.startsWith('<nil>'))
      assert.deepEqual(found, fault ? [fault] : [])
    })
  }

  it('prints its columns', () => {
    const object = { ...widget({ min: 3 }), status: { since: '2024-01-01T00:00:00Z' } } as KubeObject
    const now = Date.parse('2024-01-01T00:05:00Z')
    assert.deepEqual(
      widgets.columns.map(column => [column.name, column.priority, column.cell(object, now)]),
      [
        ['Name', 0, 'w'],
        ['Image', 0, 'nginx'],
        ['Min', 1, 3],
        ['Since', 0, '5m'],
      ],
    )
    assert.equal(widgets.columns[3]?.cell(widget({}), now), null)
    assert.deepEqual(
      betaWidgets.columns.map(column => column.name),
      ['Name', 'Age'],
    )
  })

  it('is selected by its fields', () => assert.equal(widgets.fields['spec.size']?.(widget({ size: 'small' })), 'small'))

  it('keeps the status apart when it has a door of its own', () => {
    const created = { ...widget({}), status: { phase: 'x' } } as KubeObject & { status?: unknown }
    widgets.strategy.prepareForCreate(created)
    assert.equal(created.status, undefined)
    const changed = {
      ...widget({ min: 9 }),
      metadata: { name: 'w', labels: { a: 'b' } },
      status: { phase: 'new' },
    } as KubeObject
    widgets.strategy.prepareForStatusUpdate(changed, created)
    const { metadata, ...rest } = changed as KubeObject & Tree
    assert.deepEqual(rest, {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      spec: { image: 'nginx' },
      status: { phase: 'new' },
    })
    assert.equal(metadata?.labels, undefined)
    assert.equal(metadata?.generation, 1)
  })

  it('is applied with owners, list by list', () => {
    const by = (manager: string) => ({ manager, apiVersion: 'example.com/v1', now: '2024-01-01T00:00:00Z' })
    const first = applyObject({
      live: undefined,
      applied: widget({ parts: [{ name: 'a' }] }),
      kind: widgets,
      by: by('one'),
      force: false,
    })
    const second = applyObject({
      live: first,
      applied: widget({ parts: [{ name: 'b' }] }),
      kind: widgets,
      by: by('two'),
      force: false,
    })
    assert.deepEqual((second as { spec?: { parts?: Tree[] } }).spec?.parts, [{ name: 'a' }, { name: 'b' }])
  })
})

describe('rules in CEL', () => {
  const schema = rootSchema(SCHEMA)
  const check = (spec: Tree, old?: Tree) =>
    checkSchemaRules(widget({ min: 1, max: 5, ...spec }), old && widget({ min: 1, max: 5, ...old }), schema).map(
      describeFieldError,
    )

  const cases: [string, Tree, Tree | undefined, string | undefined][] = [
    ['hold', {}, undefined, undefined],
    ['are broken', { min: 6 }, undefined, 'spec: Invalid value: "object": min may not be more than max'],
    [
      'are broken by a value of a map',
      { labels: { a: 'A' } },
      undefined,
      'spec.labels.a: Invalid value: "string": failed rule: self.matches("^[a-z]+$")',
    ],
    ['of changes are not asked of new objects', { image: 'other' }, undefined, undefined],
    ['of changes know the old value', { image: 'other' }, {}, 'spec.image: Forbidden: image stays'],
    ['of changes hold', { min: 2 }, {}, undefined],
  ]
  for (const [what, spec, old, fault] of cases) {
    it(what, () => assert.deepEqual(check(spec, old), fault ? [fault] : []))
  }

  it('may ask whether there was a value before', () => {
    const rules = [{ rule: 'oldSelf.hasValue() || self > 3', optionalOldSelf: true }]
    const of = (value: number, old?: number) =>
      checkSchemaRules(value, old, { type: 'integer', rules } as Schema).length
    assert.deepEqual([of(2), of(4), of(2, 1)], [1, 0, 0])
  })

  it('are not asked of what has other types', () => {
    const detail =
      'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
    assert.deepEqual(check({ min: 'x' }), [`<nil>: Invalid value: null: ${detail}`])
  })

  it('may write their own message', () => {
    const rules = [{ rule: 'self > 3', messageExpression: '"it is " + string(self)' }]
    assert.deepEqual(checkSchemaRules(2, undefined, { type: 'integer', rules }).map(describeFieldError), [
      ': Invalid value: "integer": it is 2',
    ])
  })
})

const crds = findKind('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition')!

describe('a definition', () => {
  it('remembers every version that was stored', () => {
    const crd = definition()
    crds.strategy.prepareForCreate(crd)
    assert.deepEqual(crd.status?.storedVersions, ['v1'])
    const next = definition(({ spec }) => {
      spec.versions[0]!.storage = false
      spec.versions[1]!.storage = true
    })
    crds.strategy.prepareForUpdate(next, crd)
    assert.deepEqual(next.status?.storedVersions, ['v1', 'v1beta1'])
    assert.deepEqual(crd.status?.storedVersions, ['v1'])
  })
})
