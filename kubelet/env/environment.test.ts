import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConfigMap, Container, PodSpec, Secret, Service } from '../../api/types/core-v1.ts'
import { podWith } from '../testing/pictures.ts'
import { type EnvironmentSource, environment } from './environment.ts'
import { expand } from './expand.ts'
import { referencesOf } from './references-of.ts'
import { serviceVariables } from './services.ts'

const MAPS: Record<string, ConfigMap> = {
  settings: { data: { COLOUR: 'red', SIZE: '5' }, binaryData: { RAW: 'aGk=' } },
}
const SECRETS: Record<string, Secret> = { login: { data: { user: Buffer.from('root').toString('base64') } } }

function source(spec: Partial<PodSpec> = {}, services: Service[] = []): EnvironmentSource {
  const pod = podWith(
    { nodeName: 'node1', serviceAccountName: 'builder', ...spec },
    { metadata: { labels: { app: 'web', tier: 'front' }, annotations: { note: 'a "b"' } } },
  )
  return {
    references: { configMap: async (_, name) => MAPS[name], secret: async (_, name) => SECRETS[name] },
    services,
    downward: { pod, podIp: '10.1.0.2', nodeIp: '192.168.0.5', allocatable: { cpu: 2, memory: 2 ** 30 } },
  }
}

const field = (fieldPath: string) => [{ name: 'X', valueFrom: { fieldRef: { fieldPath } } }]
const resource = (resource: string, divisor?: string) => [
  { name: 'X', valueFrom: { resourceFieldRef: { resource, divisor } } },
]

const CASES: { title: string; container: Partial<Container>; expect: Record<string, string> }[] = [
  { title: 'plain values', container: { env: [{ name: 'A', value: '1' }, { name: 'B' }] }, expect: { A: '1', B: '' } },
  {
    title: 'values made of earlier ones',
    container: {
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '$(A)$(C)' },
        { name: 'C', value: '$(B)' },
      ],
    },
    expect: { A: '1', B: '1$(C)', C: '1$(C)' },
  },
  {
    title: 'a whole map',
    container: { envFrom: [{ configMapRef: { name: 'settings' } }] },
    expect: { RAW: 'hi', COLOUR: 'red', SIZE: '5' },
  },
  {
    title: 'with a prefix',
    container: { envFrom: [{ prefix: 'P_', secretRef: { name: 'login' } }] },
    expect: { P_user: 'root' },
  },
  {
    title: 'single variables win over maps',
    container: { envFrom: [{ configMapRef: { name: 'settings' } }], env: [{ name: 'SIZE', value: '9' }] },
    expect: { RAW: 'hi', COLOUR: 'red', SIZE: '9' },
  },
  {
    title: 'a key',
    container: { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'settings', key: 'SIZE' } } }] },
    expect: { X: '5' },
  },
  {
    title: 'an optional key that is not there',
    container: { env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'login', key: 'none', optional: true } } }] },
    expect: {},
  },
  {
    title: 'an optional map that is not there',
    container: { envFrom: [{ configMapRef: { name: 'none', optional: true } }] },
    expect: {},
  },
  { title: 'its name', container: { env: field('metadata.name') }, expect: { X: 'web' } },
  { title: 'its address', container: { env: field('status.podIP') }, expect: { X: '10.1.0.2' } },
  { title: 'its node', container: { env: field('spec.nodeName') }, expect: { X: 'node1' } },
  { title: 'its account', container: { env: field('spec.serviceAccountName') }, expect: { X: 'builder' } },
  { title: 'one label', container: { env: field("metadata.labels['tier']") }, expect: { X: 'front' } },
  { title: 'all labels', container: { env: field('metadata.labels') }, expect: { X: 'app="web"\ntier="front"' } },
  { title: 'all annotations', container: { env: field('metadata.annotations') }, expect: { X: 'note="a \\"b\\""' } },
  {
    title: 'a limit',
    container: { env: resource('limits.cpu'), resources: { limits: { cpu: '1500m' } } },
    expect: { X: '2' },
  },
  {
    title: 'a limit by a divisor',
    container: { env: resource('limits.cpu', '1m'), resources: { limits: { cpu: '1500m' } } },
    expect: { X: '1500' },
  },
  { title: 'no limit: what the node has', container: { env: resource('limits.memory', '1Mi') }, expect: { X: '1024' } },
  { title: 'no request', container: { env: resource('requests.memory') }, expect: { X: '0' } },
]

const FAILURES: { title: string; container: Partial<Container>; says: string }[] = [
  {
    title: 'a map that is not there',
    container: { envFrom: [{ configMapRef: { name: 'none' } }] },
    says: 'configmap "none" not found',
  },
  {
    title: 'a secret that is not there',
    container: { envFrom: [{ secretRef: { name: 'none' } }] },
    says: 'secret "none" not found',
  },
  {
    title: 'a key that is not there',
    container: { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'settings', key: 'none' } } }] },
    says: "couldn't find key none in ConfigMap default/settings",
  },
  {
    title: 'a field that is not there',
    container: { env: field('spec.nothing') },
    says: 'unsupported fieldPath: spec.nothing',
  },
]

describe('the variables of a container', () => {
  for (const { title, container, expect } of CASES) {
    it(title, async () => {
      const found = await environment({ name: 'main', ...container }, source())
      assert.deepEqual(Object.fromEntries(found), expect)
    })
  }

  for (const { title, container, says } of FAILURES) {
    it(title, () =>
      assert.rejects(environment({ name: 'main', ...container }, source()), {
        message: says,
        reason: 'CreateContainerConfigError',
      }),
    )
  }
})

const service = (name: string, namespace: string, clusterIP: string): Service => ({
  metadata: { name, namespace },
  spec: { clusterIP, ports: [{ port: 443, name: 'https' }] },
})
const SERVICES = [
  service('kubernetes', 'default', '10.96.0.1'),
  service('my-db', 'shop', '10.96.0.7'),
  service('none', 'shop', 'None'),
]

describe('variables of services', () => {
  it('are those of the namespace, and the API server', () => {
    const names = serviceVariables(SERVICES, 'shop', true).map(([name]) => name)
    assert.ok(names.includes('KUBERNETES_SERVICE_HOST') && names.includes('MY_DB_SERVICE_PORT_HTTPS'))
    assert.ok(!names.some(name => name.startsWith('NONE_')))
  })

  it('are only the API server without links', () => {
    const names = serviceVariables(SERVICES, 'shop', false).map(([name]) => name)
    assert.ok(names.every(name => name.startsWith('KUBERNETES_')))
  })

  it('have the names of old links', () => {
    const found = new Map(serviceVariables(SERVICES, 'default', true))
    assert.equal(found.get('KUBERNETES_PORT'), 'tcp://10.96.0.1:443')
    assert.equal(found.get('KUBERNETES_PORT_443_TCP_ADDR'), '10.96.0.1')
  })
})

const EXPANSIONS: [string, string][] = [
  ['$(A)', '1'],
  ['x$(A)y$(A)', 'x1y1'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$1'],
  ['$(B)', '$(B)'],
  ['$A', '$A'],
  ['$(A', '$(A'],
]

describe('expanding variables', () => {
  for (const [text, expect] of EXPANSIONS) it(text, () => assert.equal(expand(text, new Map([['A', '1']])), expect))
})

describe('what a pod refers to', () => {
  it('is found wherever it stands', () => {
    const pod = podWith({
      imagePullSecrets: [{ name: 'pull' }],
      initContainers: [{ name: 'i', envFrom: [{ configMapRef: { name: 'a' } }] }],
      containers: [{ name: 'c', env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'b', key: 'k' } } }] }],
      volumes: [
        { name: 'v', secret: { secretName: 'c' } },
        { name: 'w', projected: { sources: [{ configMap: { name: 'd' } }, { serviceAccountToken: { path: 't' } }] } },
      ],
    })
    assert.deepEqual([...referencesOf(pod)].sort(), [
      'configmap/a',
      'configmap/d',
      'secret/b',
      'secret/c',
      'secret/pull',
    ])
  })
})
