import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ApiError } from '../errors.ts'
import type { Kind } from '../kind.ts'
import { findKind } from '../kinds/registry.ts'
import { decodeBody, fitToKind, parseFieldValidation } from './decode.ts'

const pods = findKind('', 'v1', 'Pod')!
const deployments = findKind('apps', 'v1', 'Deployment')!
const leases = findKind('coordination.k8s.io', 'v1', 'Lease')!

function read(text: string, kind: Kind = pods, type = 'application/json') {
  const decoded = decodeBody(Buffer.from(text), type)
  const warnings = fitToKind(decoded, kind, 'Warn')
  return { object: decoded.object as Record<string, unknown>, warnings }
}

function refusal(
  text: string | Uint8Array,
  kind: Kind = pods,
  type = 'application/json',
  validation = 'Strict' as const,
) {
  try {
    fitToKind(decodeBody(Buffer.from(text), type), kind, validation)
  } catch (error) {
    if (error instanceof ApiError) return `${error.code} ${error.message}`
    throw error
  }
  return 'taken'
}

describe('an object in JSON', () => {
  it('is made to fit its kind', () => {
    const { object, warnings } = read(
      '{"metadata":{"name":"a","creationTimestamp":null,"labels":{"x":null}},"spec":{"containers":[{"name":"m","resources":' +
        '{"limits":{"cpu":"1000m","memory":0.5}},"ports":null}],"activeDeadlineSeconds":1e3}}',
    )
    assert.deepEqual(object, {
      metadata: { name: 'a', labels: { x: '' } },
      spec: {
        containers: [{ name: 'm', resources: { limits: { cpu: '1', memory: '500m' } } }],
        activeDeadlineSeconds: 1000,
      },
    })
    assert.deepEqual(warnings, [])
  })

  const times: [string, string, string][] = [
    ['acquireTime', '2024-01-02T03:04:05.123456789Z', '2024-01-02T03:04:05.123456Z'],
    ['acquireTime', '2024-01-02T03:04:05Z', '2024-01-02T03:04:05.000000Z'],
    ['acquireTime', '2024-01-02T03:04:05.5+02:00', '2024-01-02T01:04:05.500000Z'],
  ]
  for (const [field, text, expected] of times) {
    it(`writes the time ${text} as ${expected}`, () => {
      const { object } = read(JSON.stringify({ metadata: {}, spec: { [field]: text } }), leases)
      assert.deepEqual((object.spec as Record<string, string>)[field], expected)
    })
  }

  it('keeps the seconds of a time of an object only', () => {
    const { object } = read('{"metadata":{"deletionTimestamp":"2024-01-02T03:04:05.9Z"}}')
    assert.deepEqual(object.metadata, { deletionTimestamp: '2024-01-02T03:04:05Z' })
  })

  it('warns of unknown and duplicate fields, and drops them', () => {
    const { object, warnings } = read(
      '{"metadata":{"name":"a","name":"b"},"spec":{"containers":[{"name":"c"},{"nam":"d","image":"x","image":"y"}]},"extra":{"a":1}}',
    )
    assert.deepEqual(warnings, [
      'duplicate field "metadata.name"',
      'duplicate field "spec.containers[1].image"',
      'unknown field "spec.containers[1].nam"',
      'unknown field "extra"',
    ])
    assert.deepEqual(object, { metadata: { name: 'b' }, spec: { containers: [{ name: 'c' }, { image: 'y' }] } })
  })

  it('keeps a key called __proto__ what it is: a key', () => {
    const { warnings } = read('{"metadata":{"labels":{"__proto__":"x"}},"__proto__":{"polluted":1}}')
    assert.deepEqual(warnings, ['unknown field "__proto__"'])
    assert.equal(({} as Record<string, unknown>).polluted, undefined)
  })

  const refused: [string, string, string][] = [
    [
      'an unknown field',
      '{"spec":{"foo":1}}',
      '400 Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.foo"',
    ],
    [
      'a text for a list',
      '{"spec":{"containers":"x"}}',
      '400 Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      'a text for a number',
      '{"spec":{"containers":[{"ports":[{"containerPort":"80"}]}]}}',
      '400 Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
    [
      'a fraction for a whole number',
      '{"spec":{"priority":1.5}}',
      '400 Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32',
    ],
    [
      'a number for a label',
      '{"metadata":{"labels":{"a":1}}}',
      '400 Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      'what is no quantity',
      '{"spec":{"overhead":{"cpu":"1x"}}}',
      '400 Pod in version "v1" cannot be handled as a Pod: unable to parse quantity\'s suffix',
    ],
    [
      'a text that ends early',
      '{"spec":',
      "400 couldn't get version/kind; json parse error: unexpected end of JSON input",
    ],
    ['a list', '[]', "400 couldn't get version/kind; json parse error: json: cannot unmarshal into an object"],
    ['nothing', '', '400 EOF'],
    ['too deep a text', `${'['.repeat(100_000)}`, '400 exceeded max depth'],
  ]
  for (const [what, text, message] of refused) {
    it(`is refused: ${what}`, () => assert.equal(refusal(text), message))
  }

  it('of another group names its version only', () => {
    const expected =
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "x"'
    assert.equal(refusal('{"x":1}', deployments), `400 ${expected}`)
  })
})

describe('an object in YAML', () => {
  it('is read as Kubernetes reads it', () => {
    const text = `
metadata: {name: a, annotations: &x {b: "1"}, labels: *x}
spec:
  hostNetwork: yes
  volumes:
  - {name: v, secret: {defaultMode: 0644}}
  containers:
  - name: 'on'
    command: [2024-01-01]
`
    const { object, warnings } = read(text, pods, 'application/yaml')
    assert.deepEqual(warnings, [])
    assert.deepEqual(object, {
      metadata: { name: 'a', annotations: { b: '1' }, labels: { b: '1' } },
      spec: {
        hostNetwork: true,
        volumes: [{ name: 'v', secret: { defaultMode: 420 } }],
        containers: [{ name: 'on', command: ['2024-01-01'] }],
      },
    })
  })

  it('may be JSON', () => {
    const { object, warnings } = read(
      '{"metadata":{"name":"a","name":"b"},"spec":{"hostname":"on"}}',
      pods,
      'application/yaml',
    )
    assert.deepEqual(object, { metadata: { name: 'b' }, spec: { hostname: 'on' } })
    assert.deepEqual(warnings, ['duplicate field "metadata.name"'])
    assert.deepEqual(read('{metadata: {name: a}}', pods, 'application/yaml').object, { metadata: { name: 'a' } })
  })

  it('may not nest without end', () => {
    assert.match(refusal('['.repeat(100_000), pods, 'application/yaml'), /^400 yaml: line 1: nesting exceeded/)
    assert.match(refusal('{a: '.repeat(100_000), pods, 'application/yaml'), /^400 yaml: line 1: nesting exceeded/)
    assert.equal(
      refusal(`${'{"a":'.repeat(600)}1${'}'.repeat(600)}`, pods, 'application/yaml'),
      '400 exceeded max depth',
    )
  })

  it('names keys that stand twice', () => {
    const { warnings, object } = read('metadata:\n  name: a\n  name: b\n', pods, 'application/yaml')
    assert.deepEqual(warnings, ['line 3: key "name" already set in map'])
    assert.deepEqual(object, { metadata: { name: 'b' } })
  })

  it('may not grow without end', () => {
    const lines = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (let i = 98; i < 108; i++) {
      const [previous, next] = [String.fromCharCode(i - 1), String.fromCharCode(i)]
      lines.push(`${next}: &${next} [${Array(9).fill(`*${previous}`).join(',')}]`)
    }
    assert.equal(refusal(lines.join('\n'), pods, 'application/yaml'), '400 yaml: document contains excessive aliasing')
  })

  it('is refused when it is none', () => {
    assert.match(refusal('a: [', pods, 'application/yaml'), /^400 yaml: line \d+: /)
  })
})

describe('a body', () => {
  it('of an unknown type is refused with 415', () => {
    assert.match(refusal('{}', pods, 'text/html'), /^415 the body of the request was in an unknown format/)
  })

  it('without a type is JSON', () => {
    assert.deepEqual(decodeBody(Buffer.from('{"a":1}'), undefined).object, { a: 1 })
  })

  it('of random bytes is taken or refused with a Status, never worse', () => {
    const text = fc.oneof(fc.json(), fc.string(), fc.string({ unit: 'binary' }))
    const type = fc.constantFrom('application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf')
    fc.assert(
      fc.property(text, type, (body, contentType) => {
        assert.match(refusal(body, pods, contentType), /^(taken|400 )/)
      }),
      { seed: 5, numRuns: 300 },
    )
  })
})

describe('fieldValidation', () => {
  it('is Warn where nothing is said', () => assert.equal(parseFieldValidation(null), 'Warn'))
  it('is one of three words', () => {
    assert.throws(
      () => parseFieldValidation('strict'),
      /Unsupported value: "strict": supported values: "Ignore", "Strict", "Warn"/,
    )
  })
})
