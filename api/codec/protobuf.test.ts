import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { ApiError } from '../errors.ts'
import { builtinKinds, findKind } from '../kinds/registry.ts'
import type { KubeObject } from '../objects.ts'
import { jsonFields, messageFacts, messageOf } from '../schema.ts'
import { decodeProtobuf, encodeMessage, encodeProtobuf, encodeProtobufList, protobufWatchFrame } from './protobuf.ts'

/** Written by hand, and read by another library: what a Go client sends when it creates a pod. */
const root = protobuf.parse(`
  syntax = "proto2";
  message Unknown { optional TypeMeta typeMeta = 1; optional bytes raw = 2; optional string contentEncoding = 3; optional string contentType = 4; }
  message TypeMeta { optional string apiVersion = 1; optional string kind = 2; }
  message Time { optional int64 seconds = 1; optional int32 nanos = 2; }
  message Quantity { optional string string = 1; }
  message IntOrString { optional int64 type = 1; optional int32 intVal = 2; optional string strVal = 3; }
  message ObjectMeta { optional string name = 1; optional string generateName = 2; optional string namespace = 3; optional int64 generation = 7; optional Time creationTimestamp = 8; map<string, string> labels = 11; }
  message Pod { optional ObjectMeta metadata = 1; optional PodSpec spec = 2; optional PodStatus status = 3; }
  message PodStatus { optional string phase = 1; }
  message PodSpec { repeated Volume volumes = 1; repeated Container containers = 2; optional string restartPolicy = 3; optional int64 terminationGracePeriodSeconds = 4; optional bool hostNetwork = 11; optional bool automountServiceAccountToken = 21; }
  message Volume { optional string name = 1; optional VolumeSource volumeSource = 2; }
  message VolumeSource { optional EmptyDir emptyDir = 2; }
  message EmptyDir { optional string medium = 1; }
  message Container { optional string name = 1; optional string image = 2; repeated string command = 3; repeated Port ports = 6; optional Resources resources = 8; optional Probe livenessProbe = 10; }
  message Port { optional string name = 1; optional int32 hostPort = 2; optional int32 containerPort = 3; }
  message Resources { map<string, Quantity> limits = 1; }
  message Probe { optional Handler handler = 1; optional int32 periodSeconds = 4; }
  message Handler { optional HttpGet httpGet = 2; }
  message HttpGet { optional string path = 1; optional IntOrString port = 2; }
`).root

const wirePod = {
  metadata: {
    name: 'web',
    generateName: '',
    namespace: 'default',
    generation: 0,
    creationTimestamp: {},
    labels: { a: 'b' },
  },
  spec: {
    volumes: [{ name: 'data', volumeSource: { emptyDir: { medium: '' } } }],
    containers: [
      {
        name: 'main',
        image: 'nginx',
        command: ['a', ''],
        ports: [{ name: '', hostPort: 0, containerPort: 80 }],
        resources: { limits: { cpu: { string: '1500m' } } },
        livenessProbe: {
          handler: { httpGet: { path: '/', port: { type: 1, intVal: 0, strVal: 'http' } } },
          periodSeconds: 0,
        },
      },
    ],
    restartPolicy: '',
    terminationGracePeriodSeconds: 0,
    hostNetwork: false,
    automountServiceAccountToken: false,
  },
  status: { phase: '' },
}

const jsonPod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', labels: { a: 'b' } },
  spec: {
    volumes: [{ name: 'data', emptyDir: {} }],
    containers: [
      {
        name: 'main',
        image: 'nginx',
        command: ['a', ''],
        ports: [{ containerPort: 80 }],
        resources: { limits: { cpu: '1500m' } },
        livenessProbe: { httpGet: { path: '/', port: 'http' } },
      },
    ],
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
  },
  status: {},
}

function encodeWith(name: string, value: object): Uint8Array {
  const type = root.lookupType(name)
  return type.encode(type.fromObject(value)).finish()
}

function envelope(apiVersion: string, kind: string, raw: Uint8Array): Buffer {
  const unknown = encodeWith('Unknown', { typeMeta: { apiVersion, kind }, raw, contentEncoding: '', contentType: '' })
  return Buffer.concat([Buffer.from('k8s\0'), unknown])
}

describe('an object in protobuf', () => {
  it('is read: zeros that were never set are dropped, those of pointers kept', () => {
    assert.deepEqual(decodeProtobuf(envelope('v1', 'Pod', encodeWith('Pod', wirePod))), jsonPod)
  })

  it('is written so that another library reads it', () => {
    const bytes = encodeProtobuf(jsonPod as KubeObject)
    assert.equal(bytes.subarray(0, 4).toString(), 'k8s\0')
    const unknown = root.lookupType('Unknown').decode(bytes.subarray(4)).toJSON()
    assert.deepEqual(unknown.typeMeta, { apiVersion: 'v1', kind: 'Pod' })
    const raw = Buffer.from(unknown.raw, 'base64')
    const pod = root.lookupType('Pod').decode(raw).toJSON()
    assert.deepEqual(pod.spec.containers[0].resources, { limits: { cpu: { string: '1500m' } } })
    assert.deepEqual(pod.spec.containers[0].livenessProbe.handler.httpGet.port, {
      type: '1',
      intVal: 0,
      strVal: 'http',
    })
    assert.deepEqual(
      pod.spec.volumes,
      wirePod.spec.volumes.map(volume => ({ ...volume, volumeSource: { emptyDir: {} } })),
    )
    assert.equal(pod.spec.terminationGracePeriodSeconds, '0')
  })

  const values: [string, object][] = [
    [
      'negative and large integers',
      { priority: -5, activeDeadlineSeconds: 2 ** 40 + 3, terminationGracePeriodSeconds: 127 },
    ],
    ['integers of two bytes', { priority: 128, activeDeadlineSeconds: 16384 }],
  ]
  for (const [what, spec] of values) {
    it(`keeps ${what}`, () => {
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { ...spec, containers: [{ name: 'é世' }] } }
      assert.deepEqual(decodeProtobuf(encodeProtobuf(pod)), pod)
    })
  }

  const round: [string, KubeObject][] = [
    [
      'a secret',
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, data: { k: 'aGk=', empty: '' } } as KubeObject,
    ],
    [
      'a lease with microseconds',
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {},
        spec: { renewTime: '2024-02-03T04:05:06.070809Z' },
      } as KubeObject,
    ],
    [
      'managed fields',
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          creationTimestamp: '2024-02-03T04:05:06Z',
          managedFields: [{ manager: 'm', fieldsV1: { 'f:data': {} } }],
        },
      },
    ],
    [
      'extra values of a user',
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        metadata: {},
        spec: { extra: { scopes: ['a', 'b'] } },
        status: { allowed: false },
      } as KubeObject,
    ],
    [
      'schemas of custom resources',
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: {},
        spec: {
          conversion: { strategy: 'None' },
          group: 'g',
          names: { kind: 'K', plural: 'ks' },
          scope: 'Cluster',
          versions: [
            {
              name: 'v1',
              served: true,
              storage: false,
              schema: {
                openAPIV3Schema: {
                  type: 'object',
                  properties: {
                    a: { type: 'array', items: { type: 'string', enum: ['x', 1, null] }, default: ['x'] },
                    b: { additionalProperties: true, 'x-kubernetes-int-or-string': true },
                    c: { additionalProperties: { minimum: 0 }, 'x-kubernetes-preserve-unknown-fields': false },
                    d: { items: [{ type: 'string' }, { type: 'number' }], dependencies: { q: ['r'] } },
                  },
                },
              },
            },
          ],
        },
      } as KubeObject,
    ],
  ]
  for (const [what, object] of round) {
    it(`keeps ${what}`, () => assert.deepEqual(decodeProtobuf(encodeProtobuf(object)), object))
  }

  it('may be a body that every group has', () => {
    const options = { apiVersion: 'apps/v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, propagationPolicy: 'Orphan' }
    assert.deepEqual(decodeProtobuf(encodeProtobuf(options as KubeObject)), options)
  })

  it('in a list is the message of its items', () => {
    const pods = findKind('', 'v1', 'Pod')!
    const items = ['a', 'b'].map(name => encodeMessage({ metadata: { name } }, { apiVersion: 'v1', kind: 'Pod' }))
    const list = decodeProtobuf(encodeProtobufList(pods, { resourceVersion: '7' }, items))
    assert.deepEqual(list, {
      apiVersion: 'v1',
      kind: 'PodList',
      metadata: { resourceVersion: '7' },
      items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
    })
  })

  it('in a watch stands behind its length', () => {
    const frame = protobufWatchFrame('ADDED', Buffer.from('xyz'))
    assert.equal(frame.readUInt32BE(), frame.length - 4)
    assert.deepEqual([...frame.subarray(4)], [10, 5, ...Buffer.from('ADDED'), 18, 5, 10, 3, ...Buffer.from('xyz')])
  })
})

/** Some object of a message: every field filled, a few levels deep. */
function sample(type: string, depth: number): unknown {
  if (type.startsWith('[')) return depth > 6 ? undefined : [sample(type.slice(1, -1), depth + 1)]
  if (type.startsWith('{')) return { key: sample(type.slice(1, -1), depth + 1) }
  const scalars: Record<string, unknown> = {
    ...{ string: 'text', bytes: 'aGk=', bool: true, int32: 7, int64: -8, double: 1.5, object: {}, any: {} },
    ...{ Quantity: '3', IntOrString: 4, RawExtension: { x: 1 } },
    ...{ Time: '2024-02-03T04:05:06Z', MicroTime: '2024-02-03T04:05:06.000007Z' },
    ...{ 'meta.v1.FieldsV1': { 'f:x': {} }, 'apiextensions.v1.JSON': [1, 'a'] },
    'apiextensions.v1.JSONSchemaPropsOrBool': true,
    'apiextensions.v1.JSONSchemaPropsOrArray': [{ type: 'string' }],
    'apiextensions.v1.JSONSchemaPropsOrStringArray': ['a'],
  }
  if (type in scalars) return scalars[type]
  if (messageFacts(type)?.leaf || depth > 6) return {}
  const wired = jsonFields(type).filter(field => field.number > 0)
  const entries = wired.map(field => [field.name, sample(field.type, depth + 1)] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

describe('every built-in kind', () => {
  for (const kind of builtinKinds()) {
    it(`${kind.group}/${kind.version} ${kind.kind} comes back as it went`, () => {
      const apiVersion = kind.group ? `${kind.group}/${kind.version}` : kind.version
      const object = { apiVersion, kind: kind.kind, ...(sample(messageOf(kind), 0) as object) }
      assert.deepEqual(decodeProtobuf(encodeProtobuf(object)), object)
    })
  }
})

describe('bytes that are no object', () => {
  const cases: [string, Buffer][] = [
    ['another format', Buffer.from('{"kind":"Pod"}')],
    ['nothing behind the prefix', Buffer.from('k8s\0')],
    ['a kind that is not known', envelope('v1', 'Nothing', Buffer.alloc(0))],
    ['a message that ends early', envelope('v1', 'Pod', Buffer.from([10, 99, 1]))],
    ['a field of another type', envelope('v1', 'Pod', Buffer.from([8, 1]))],
    [
      'a quantity that is none',
      envelope(
        'v1',
        'Pod',
        encodeWith('Pod', {
          spec: { containers: [{ resources: { limits: { cpu: { string: 'x' } } } }] },
        }),
      ),
    ],
  ]
  for (const [what, bytes] of cases) {
    it(`${what}: are refused with 400`, () => {
      assert.throws(
        () => decodeProtobuf(bytes),
        (error: unknown) => error instanceof ApiError && error.code === 400,
      )
    })
  }

  it('never fail in another way', () => {
    const good = envelope('v1', 'Pod', encodeWith('Pod', wirePod))
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), changes => {
        const bytes = Buffer.from(good)
        for (const [at, value] of changes) bytes[at] = value
        try {
          decodeProtobuf(bytes)
        } catch (error) {
          assert.ok(error instanceof ApiError, String(error))
        }
      }),
      { seed: 3, numRuns: 800 },
    )
  })
})
