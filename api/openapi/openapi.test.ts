import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WireReader } from '../codec/wire.ts'
import type { Schema } from '../kind.ts'
import { builtinKinds, findKind } from '../kinds/registry.ts'
import { gnosticDocument } from './gnostic.ts'
import { operationsOf } from './operations.ts'
import { NO_PROSE, proseFrom } from './prose.ts'
import { Definitions, type Dialect, type Json } from './render.ts'
import { v2Document } from './v2.ts'
import { v3Document } from './v3.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape
type Any = any

const inGroup = (group: string, version: string) =>
  builtinKinds().filter(kind => kind.group === group && kind.version === version)

const CONTAINER = 'io.k8s.api.core.v1.Container'

function embedded(metadata: Json): Json {
  const properties = { spec: { type: 'object' }, apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata }
  return { type: 'object', properties, 'x-kubernetes-embedded-resource': true }
}

describe('a schema is written', () => {
  const cases: [string, Schema, Json, Json][] = [
    [
      'plainly',
      { type: 'integer', format: 'int32' },
      { type: 'integer', format: 'int32' },
      { type: 'integer', format: 'int32' },
    ],
    [
      'with the rules of lists',
      { type: 'array', items: { type: 'string' }, listType: 'set' },
      { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    ],
    [
      'with limits that version 2 does not know',
      { type: 'array', items: { type: 'string' }, maxItems: 3, nullable: true, default: [] },
      {},
      { type: 'array', items: { type: 'string' }, maxItems: 3, nullable: true, default: [] },
    ],
    [
      'as a number or a word',
      { intOrString: true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
      { 'x-kubernetes-int-or-string': true },
      { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
    ],
    [
      'as anything',
      { type: 'object', preserveUnknownFields: true },
      { 'x-kubernetes-preserve-unknown-fields': true },
      { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    ],
    [
      'as an object with more than its fields',
      { type: 'object', preserveUnknownFields: true, properties: { a: { type: 'string' } }, required: ['a'] },
      { 'x-kubernetes-preserve-unknown-fields': true },
      {
        type: 'object',
        required: ['a'],
        properties: { a: { type: 'string' } },
        'x-kubernetes-preserve-unknown-fields': true,
      },
    ],
    [
      'as an object within an object',
      { type: 'object', embeddedResource: true, properties: { spec: { type: 'object' } } },
      embedded({ $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }),
      embedded({ allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }] }),
    ],
    [
      'with its sentence',
      { type: 'string', description: 'Why.' },
      { description: 'Why.', type: 'string' },
      { description: 'Why.', type: 'string' },
    ],
  ]
  for (const [name, schema, v2, v3] of cases) {
    for (const [dialect, expected] of [
      ['v2', v2],
      ['v3', v3],
    ] as [Dialect, Json][]) {
      it(`${name} in ${dialect}`, () => assert.deepEqual(new Definitions(dialect, NO_PROSE).use(schema), expected))
    }
  }
})

describe('OpenAPI v3 of a group version', () => {
  const document = v3Document(inGroup('', 'v1'), 'v1', NO_PROSE) as Record<string, Any>
  const schemas = document.components.schemas

  it('defines every kind by its group, version and kind, and its list', () => {
    for (const kind of inGroup('', 'v1').filter(one => one.verbs.includes('list'))) {
      for (const name of [kind.kind, `${kind.kind}List`]) {
        const found = Object.values<Any>(schemas).filter(schema =>
          schema['x-kubernetes-group-version-kind']?.some((gvk: Json) => gvk.kind === name && gvk.version === 'v1'),
        )
        assert.equal(found.length, 1, name)
      }
    }
  })

  it('refers to definitions that are there, and only to those', () => {
    const wanted = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/([^"]+)/g)].map(match => match[1]!)
    assert.deepEqual(
      [...new Set(wanted)].filter(name => !schemas[name]),
      [],
    )
  })

  it('writes references as allOf, with required fields and merge keys', () => {
    assert.deepEqual(schemas['io.k8s.api.core.v1.Pod'].properties.spec, {
      allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }],
    })
    assert.deepEqual(schemas[CONTAINER].required, ['name'])
    const { ports } = schemas[CONTAINER].properties
    assert.deepEqual(ports['x-kubernetes-list-map-keys'], ['containerPort', 'protocol'])
    assert.equal(ports['x-kubernetes-patch-merge-key'], 'containerPort')
  })

  it('offers fieldValidation for every kind that is patched', () => {
    const patches = Object.values<Any>(document.paths).flatMap(item => item.patch ?? [])
    for (const kind of inGroup('', 'v1').filter(one => one.verbs.includes('patch'))) {
      const patch = patches.find(one => one['x-kubernetes-group-version-kind'].kind === kind.kind)
      assert.ok(
        patch?.parameters.some((parameter: Json) => parameter.name === 'fieldValidation'),
        kind.kind,
      )
    }
  })
})

describe('the operations of a kind', () => {
  const text = (kind: string, group = '', version = 'v1') =>
    operationsOf(findKind(group, version, kind)!).map(one => `${one.action} ${one.path} ${one.id}`)

  it('are those of its verbs, in a namespace and across all', () => {
    const pods = text('Pod')
    assert.ok(pods.includes('list /api/v1/namespaces/{namespace}/pods listCoreV1NamespacedPod'))
    assert.ok(pods.includes('list /api/v1/pods listCoreV1PodForAllNamespaces'))
    assert.ok(pods.includes('deletecollection /api/v1/namespaces/{namespace}/pods deleteCollectionCoreV1NamespacedPod'))
    assert.ok(pods.includes('put /api/v1/namespaces/{namespace}/pods/{name}/status replaceCoreV1NamespacedPodStatus'))
  })

  it('have names that are unique', () => {
    const ids = builtinKinds().flatMap(kind => operationsOf(kind).map(one => one.id))
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      [],
    )
  })

  it('answer a scale with a Scale', () => {
    const scale = operationsOf(findKind('apps', 'v1', 'Deployment')!).find(
      one => one.path.endsWith('/scale') && one.method === 'put',
    )
    assert.equal(scale?.body?.definition, 'io.k8s.api.autoscaling.v1.Scale')
    assert.deepEqual(scale?.of, { group: 'autoscaling', version: 'v1', kind: 'Scale' })
  })
})

describe('definitions of anything', () => {
  const JSON_VALUE = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON'

  it('have no type, so that no client expects one', () => {
    const { definitions } = v2Document(inGroup('apiextensions.k8s.io', 'v1'), 'v1', NO_PROSE)
    assert.equal(definitions[JSON_VALUE]?.type, undefined)
  })
})

describe('prose', () => {
  const prose = proseFrom({ [CONTAINER]: { '': 'A container.', name: 'Its name.' } })

  it('is shown where it is known, and nowhere else', () => {
    const document = v3Document(inGroup('apps', 'v1'), 'v1', prose) as Record<string, Any>
    const container = document.components.schemas[CONTAINER]
    assert.equal(container.description, 'A container.')
    assert.equal(container.properties.name.description, 'Its name.')
    assert.equal(container.properties.image.description, undefined)
  })

  it('is not fooled by names of JavaScript', () => {
    assert.equal(prose.ofDefinition('constructor'), undefined)
    assert.equal(prose.ofField(CONTAINER, 'toString'), undefined)
  })
})

describe('gnostic protobuf', () => {
  const document = v2Document(inGroup('apps', 'v1'), 'v1.2', NO_PROSE)
  const bytes = gnosticDocument(document)

  /** Fields of a message by number, in order. */
  function fieldsOf(message: Buffer): Map<number, Buffer[]> {
    const reader = new WireReader(message)
    const fields = new Map<number, Buffer[]>()
    while (!reader.done) {
      const [number, type] = reader.tag()
      const known = fields.get(number) ?? []
      fields.set(number, known)
      if (type === 2) known.push(Buffer.from(reader.bytes()))
      else if (type === 0) known.push(Buffer.from(String(reader.int())))
      else reader.skip(type)
    }
    return fields
  }
  const one = (message: Buffer, ...path: number[]) =>
    path.reduce((at, number) => fieldsOf(at).get(number)![0]!, message)

  it('holds version, title, every path and every definition', () => {
    assert.equal(one(bytes, 1).toString(), '2.0')
    assert.equal(one(bytes, 2, 2).toString(), 'v1.2')
    const paths = fieldsOf(one(bytes, 8))
      .get(2)!
      .map(path => one(path, 1).toString())
    assert.deepEqual(paths, Object.keys(document.paths))
    const names = fieldsOf(one(bytes, 9))
      .get(1)!
      .map(named => one(named, 1).toString())
    assert.deepEqual(names, Object.keys(document.definitions))
  })

  it('carries types, required fields and extensions as YAML', () => {
    const definitions = fieldsOf(one(bytes, 9)).get(1)!
    const container = one(definitions.find(named => one(named, 1).toString() === CONTAINER)!, 2)
    assert.equal(one(container, 22, 1).toString(), 'object')
    assert.deepEqual(fieldsOf(container).get(19)!.map(String), ['name'])
    const deployment = one(definitions.find(named => one(named, 1).toString() === 'io.k8s.api.apps.v1.Deployment')!, 2)
    const extension = fieldsOf(deployment).get(31)![0]!
    assert.equal(one(extension, 1).toString(), 'x-kubernetes-group-version-kind')
    assert.deepEqual(JSON.parse(one(extension, 2, 2).toString()), [
      { group: 'apps', kind: 'Deployment', version: 'v1' },
    ])
  })

  it('writes letters outside of ASCII as UTF-8', () => {
    const made = gnosticDocument({
      swagger: '2.0',
      info: { title: 'Größe ☃', version: '1' },
      paths: {},
      definitions: {},
    })
    assert.equal(one(made, 2, 1).toString('utf8'), 'Größe ☃')
  })
})
