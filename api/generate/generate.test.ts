import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readDefinitions, readOperations, readProtobuf } from './facts.ts'
import { resourcesModule } from './resources.ts'
import { describeMessages, schemaModule } from './schema.ts'
import { typesModules } from './types.ts'

const ref = (name: string) => ({ $ref: `#/definitions/${name}` })
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const names = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }
const merged = { 'x-kubernetes-patch-strategy': 'merge', 'x-kubernetes-patch-merge-key': 'name' }

const DEFINITIONS = JSON.stringify({
  'io.k8s.api.node.v1.Thing': {
    type: 'object',
    required: ['parts'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: ref(`${meta}.ObjectMeta`),
      parts: { type: 'array', items: ref('io.k8s.api.node.v1.Part'), ...names, ...merged },
      $ref: { type: 'string' },
      limits: { type: 'object', additionalProperties: ref('io.k8s.apimachinery.pkg.api.resource.Quantity') },
      exec: { type: 'string' },
    },
    'x-kubernetes-group-version-kind': [{ group: 'node.k8s.io', version: 'v1', kind: 'Thing' }],
  },
  'io.k8s.api.node.v1.Part': {
    type: 'object',
    'x-kubernetes-map-type': 'atomic',
    properties: { name: { type: 'string' }, data: { type: 'string', format: 'byte' }, at: ref(`${meta}.Time`) },
  },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string' },
  [`${meta}.Time`]: { type: 'string', format: 'date-time' },
  'io.k8s.api.unwanted.v1.Other': { type: 'object' },
})

const PROTOBUF = [
  'package\tmessage\tnumber\tfield\trepeated\ttype',
  `k8s.io.api.node.v1\tThing\t1\tmetadata\t\tk8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta`,
  'k8s.io.api.node.v1\tThing\t4\tparts\trepeated\tPart',
  'k8s.io.api.node.v1\tThing\t3\tref\t\tstring',
  'k8s.io.api.node.v1\tThing\t2\thandler\t\tHandler',
  'k8s.io.api.node.v1\tThing\t5\tlimits\t\tmap<string,.k8s.io.apimachinery.pkg.api.resource.Quantity>',
  'k8s.io.api.node.v1\tHandler\t1\texec\t\tstring',
  'k8s.io.api.node.v1\tPart\t1\tname\t\tstring',
  'k8s.io.api.node.v1\tPart\t2\tdata\t\tbytes',
  'k8s.io.api.node.v1\tPart\t3\tat\t\tk8s.io.apimachinery.pkg.apis.meta.v1.Time',
].join('\n')

/** The table of pointers is about the real facts: here it would miss everything it names. */
const messages = describeMessages(readDefinitions(DEFINITIONS), readProtobuf(PROTOBUF), {})

describe('the schema', () => {
  it('puts definitions and field numbers together, inlined messages apart', () => {
    const blocks = schemaModule(messages).split('`')[1]!.trim().split('\n\n')
    assert.deepEqual(blocks, [
      'Quantity =quantity',
      'Time =date',
      'node.v1.Handler\n1 exec string',
      'node.v1.Part atomic\n1 name string\n2 data bytes\n3 at Time',
      'node.v1.Thing\n0 apiVersion string\n0 kind string\n1 metadata meta.v1.ObjectMeta\n2 ~ node.v1.Handler\n3 $ref string\n4 parts! [node.v1.Part] map:name patch=merge key=name\n5 limits {Quantity}',
    ])
  })

  it('refuses a table of pointers that names what is not there', () => {
    const [definitions, protobuf] = [readDefinitions(DEFINITIONS), readProtobuf(PROTOBUF)]
    assert.throws(
      () => describeMessages(definitions, protobuf, { 'node.v1.Part': ['nothing'] }),
      /node\.v1\.Part has no nothing/,
    )
    const [part] = describeMessages(definitions, protobuf, { 'node.v1.Part': ['name'] }).filter(
      one => one.name === 'node.v1.Part',
    )
    assert.equal(part?.fields[0]?.pointer, true)
  })
})

describe('the types', () => {
  it('are interfaces of the same fields', () => {
    const text = typesModules(messages).get('node-v1')!
    assert.match(
      text,
      /import type \{ KubeObject \} from '\.\.\/objects\.ts'\nimport type \{ Quantity \} from '\.\/scalars\.ts'\n/,
    )
    assert.match(text, /export interface Part \{\n {2}at\?: string\n {2}data\?: string\n {2}name\?: string\n\}\n/)
    assert.match(
      text,
      /export interface Thing extends KubeObject, Handler \{\n {2}\$ref\?: string\n {2}limits\?: Record<string, Quantity>\n {2}parts: Part\[\]\n\}\n/,
    )
  })
})

describe('the resources', () => {
  const operations = [
    'method\tpath\taction\tkind\tquery\tconsumes',
    'GET\t/api/v1/pods\tlist\t/v1/Pod\t\t',
    'GET\t/api/v1/namespaces/{namespace}/pods\tlist\t/v1/Pod\t\t',
    'POST\t/api/v1/namespaces/{namespace}/pods\tpost\t/v1/Pod\t\t',
    'PUT\t/api/v1/namespaces/{namespace}/pods/{name}\tput\t/v1/Pod\t\t',
    'PUT\t/api/v1/namespaces/{namespace}/pods/{name}/status\tput\t/v1/Pod\t\t',
    'POST\t/api/v1/namespaces/{namespace}/pods/{name}/eviction\tpost\tpolicy/v1/Eviction\t\t',
    'GET\t/api/v1/namespaces/{namespace}/pods/{name}/exec\tconnect\t/v1/PodExecOptions\t\t',
    'PUT\t/api/v1/namespaces/{namespace}/pods/{name}/proxy/{path}\tconnect\t/v1/PodProxyOptions\t\t',
    'GET\t/api/v1/watch/pods\twatchlist\t/v1/Pod\t\t',
    'GET\t/apis/storage.k8s.io/v1beta1/things\tlist\tstorage.k8s.io/v1beta1/Thing\t\t',
    'GET\t/version/\t\t\t\t',
  ]

  it('are a line each, with verbs and subresources', () => {
    const text = resourcesModule(readOperations(operations.join('\n')))
      .split('`')[1]!
      .trim()
    assert.equal(
      text,
      'core v1 pods Pod namespaced create,list,update,watch eviction=policy/v1/Eviction:create exec=/v1/PodExecOptions:get status=:update',
    )
  })
})
