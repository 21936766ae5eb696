import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container, EnvVar, PodSpec, Service, ServicePort } from '../../api/types/core-v1.ts'
import { podWith } from '../testing/pictures.ts'
import { type EnvironmentSource, environment } from './environment.ts'
import { expand, expandAll } from './expand.ts'
import { type Downward, fieldValue, resourceValue } from './fields.ts'
import { serviceVariables } from './services.ts'

describe('references in text', () => {
  const VALUES = new Map([
    ['VAR_A', 'A'],
    ['VAR_B', 'B'],
    ['VAR_REF', '$(VAR_A)'],
    ['EMPTY', ''],
    ['a.b-c', 'dots'],
  ])
  const cases: [string, string][] = [
    ['$(VAR_A)', 'A'],
    ['___$(VAR_B)___', '___B___'],
    ['___$(VAR_B)', '___B'],
    ['$(VAR_A)$(VAR_B)', 'AB'],
    ['$(VAR_A)-1', 'A-1'],
    ['$(VAR_DNE)', '$(VAR_DNE)'],
    ['$(VAR_REF)', '$(VAR_A)'],
    ['%%$(VAR_REF)--$(VAR_REF)%%', '%%$(VAR_A)--$(VAR_A)%%'],
    ['$(EMPTY)x', 'x'],
    ['$(a.b-c)', 'dots'],
    ['$$(VAR_A)', '$(VAR_A)'],
    ['$$$(VAR_A)', '$A'],
    ['$$$$(VAR_A)', '$$(VAR_A)'],
    ['$$$$$(VAR_A)', '$$A'],
    ['$VAR_A', '$VAR_A'],
    ['$(VAR_A', '$(VAR_A'],
    ['$(VAR_A$(VAR_B)', '$(VAR_A$(VAR_B)'],
    ['f000-$$VAR_A', 'f000-$VAR_A'],
    ['foo\\$(VAR_A)bar', 'foo\\Abar'],
    ['foo$$(foo)bar', 'foo$(foo)bar'],
    ['foo$()bar', 'foo$()bar'],
    ['cost: 5$', 'cost: 5$'],
    ['$', '$'],
    ['$$', '$'],
    ['$$$', '$$'],
    ['$?', '$?'],
    ['$ (VAR_A)', '$ (VAR_A)'],
    ['', ''],
  ]
  for (const [text, expected] of cases) it(JSON.stringify(text), () => assert.equal(expand(text, VALUES), expected))
  it('in every word of a command', () =>
    assert.deepEqual(expandAll(['sh', '-c', 'echo $(VAR_A)'], VALUES), ['sh', '-c', 'echo A']))
})

const GIBI = 2 ** 30
const downward = (spec: Partial<PodSpec> = {}, metadata: object = {}): Downward => ({
  pod: podWith({ nodeName: 'node1', ...spec }, { metadata }),
  podIp: '10.1.0.2',
  nodeIp: '192.168.0.5',
  allocatable: { cpu: 4, memory: 8 * GIBI, 'ephemeral-storage': 20 * GIBI },
})

describe('what a pod is told of itself', () => {
  const labels = { app: 'web', 'example.com/tier': 'front', empty: '' }
  const annotations = { note: 'two\nlines', quote: 'say "x"', umlaut: 'ä', back: 'a\\b' }
  const cases: [string, string][] = [
    ['metadata.name', 'web'],
    ['metadata.namespace', 'default'],
    ['metadata.uid', 'uid-1'],
    ["metadata.labels['app']", 'web'],
    ["metadata.labels['example.com/tier']", 'front'],
    ["metadata.labels['empty']", ''],
    ["metadata.labels['none']", ''],
    ["metadata.annotations['quote']", 'say "x"'],
    ['metadata.labels', 'app="web"\nempty=""\nexample.com/tier="front"'],
    ['metadata.annotations', 'back="a\\\\b"\nnote="two\\nlines"\nquote="say \\"x\\""\numlaut="ä"'],
    ['spec.nodeName', 'node1'],
    ['spec.serviceAccountName', 'default'],
    ['status.hostIP', '192.168.0.5'],
    ['status.hostIPs', '192.168.0.5'],
    ['status.podIP', '10.1.0.2'],
    ['status.podIPs', '10.1.0.2'],
  ]
  for (const [path, expected] of cases) {
    it(path, () => assert.equal(fieldValue(path, downward({}, { labels, annotations })), expected))
  }
  for (const path of ['metadata', 'status.phase', 'spec.containers', "metadata.labels['']", '']) {
    it(`nothing of ${path || 'no path'}`, () =>
      assert.throws(() => fieldValue(path, downward()), /unsupported fieldPath/))
  }
})

describe('what a container may use, in numbers', () => {
  const resources = {
    limits: { cpu: '2500m', memory: '1Gi', 'hugepages-2Mi': '4Mi' },
    requests: { cpu: '250m', memory: '100M', 'ephemeral-storage': '1500' },
  }
  const cases: [string, string | undefined, string][] = [
    ['limits.cpu', undefined, '3'],
    ['limits.cpu', '1', '3'],
    ['limits.cpu', '1m', '2500'],
    ['limits.cpu', '100m', '25'],
    ['requests.cpu', undefined, '1'],
    ['requests.cpu', '1m', '250'],
    ['limits.memory', undefined, '1073741824'],
    ['limits.memory', '1Mi', '1024'],
    ['limits.memory', '1Gi', '1'],
    ['limits.memory', '1G', '2'],
    ['requests.memory', '1M', '100'],
    ['requests.memory', '1Mi', '96'],
    ['requests.ephemeral-storage', '1k', '2'],
    ['limits.ephemeral-storage', '1Gi', '20'],
    ['limits.hugepages-2Mi', '1Mi', '4'],
    ['requests.hugepages-2Mi', '1Mi', '0'],
    ['limits.cpu', '0', '3'],
  ]
  for (const [resource, divisor, expected] of cases) {
    it(`${resource} by ${divisor}`, () =>
      assert.equal(resourceValue({ resource, divisor }, { name: 'c', resources }, downward()), expected))
  }
  const unlimited: [string, string | undefined, string][] = [
    ['limits.cpu', undefined, '4'],
    ['limits.cpu', '1m', '4000'],
    ['limits.memory', '1Gi', '8'],
    ['requests.cpu', undefined, '0'],
    ['requests.memory', undefined, '0'],
  ]
  for (const [resource, divisor, expected] of unlimited) {
    it(`${resource} where nothing is said: ${expected}`, () =>
      assert.equal(resourceValue({ resource, divisor }, { name: 'c' }, downward()), expected))
  }
  it('nothing else', () =>
    assert.throws(() => resourceValue({ resource: 'usage.cpu' }, { name: 'c' }, downward()), /unsupported resource/))
})

describe('services', () => {
  const service = (
    name: string,
    namespace = 'shop',
    clusterIP = '10.96.0.7',
    ports: ServicePort[] = [{ port: 80 }],
  ): Service => ({
    metadata: { name, namespace },
    spec: { clusterIP, ports },
  })
  const API = service('kubernetes', 'default', '10.96.0.1', [{ name: 'https', port: 443 }])
  const found = (services: Service[], links = true) => Object.fromEntries(serviceVariables(services, 'shop', links))
  const cases: [string, Service[], string, string | undefined][] = [
    ['the address', [service('db')], 'DB_SERVICE_HOST', '10.96.0.7'],
    ['the port', [service('db')], 'DB_SERVICE_PORT', '80'],
    ['dashes are underscores', [service('my-own-db')], 'MY_OWN_DB_SERVICE_HOST', '10.96.0.7'],
    [
      'a port by its name',
      [service('db', 'shop', '10.96.0.7', [{ name: 'my-port', port: 5 }])],
      'DB_SERVICE_PORT_MY_PORT',
      '5',
    ],
    [
      'the first port has no name in it',
      [
        service('db', 'shop', '10.96.0.7', [
          { name: 'a', port: 5 },
          { name: 'b', port: 6 },
        ]),
      ],
      'DB_SERVICE_PORT',
      '5',
    ],
    [
      'the second one by its name',
      [
        service('db', 'shop', '10.96.0.7', [
          { name: 'a', port: 5 },
          { name: 'b', port: 6 },
        ]),
      ],
      'DB_SERVICE_PORT_B',
      '6',
    ],
    ['as links had it', [service('db')], 'DB_PORT', 'tcp://10.96.0.7:80'],
    ['as links had it, by number', [service('db')], 'DB_PORT_80_TCP', 'tcp://10.96.0.7:80'],
    ['the protocol', [service('db')], 'DB_PORT_80_TCP_PROTO', 'tcp'],
    ['the number', [service('db')], 'DB_PORT_80_TCP_PORT', '80'],
    [
      'UDP',
      [service('dns', 'shop', '10.96.0.7', [{ port: 53, protocol: 'UDP' }])],
      'DNS_PORT_53_UDP',
      'udp://10.96.0.7:53',
    ],
    ['an address of the newer family', [service('db', 'shop', 'fd00::7')], 'DB_PORT', 'tcp://[fd00::7]:80'],
    ['that address by itself', [service('db', 'shop', 'fd00::7')], 'DB_PORT_80_TCP_ADDR', 'fd00::7'],
    ['of another namespace', [service('db', 'other')], 'DB_SERVICE_HOST', undefined],
    ['headless', [service('db', 'shop', 'None')], 'DB_SERVICE_HOST', undefined],
    ['without an address', [service('db', 'shop', '')], 'DB_SERVICE_HOST', undefined],
    ['the API server, everywhere', [API], 'KUBERNETES_SERVICE_HOST', '10.96.0.1'],
    ['one of that name at home comes before', [API, service('kubernetes')], 'KUBERNETES_SERVICE_HOST', '10.96.0.7'],
    ['in whatever order', [service('kubernetes'), API], 'KUBERNETES_SERVICE_HOST', '10.96.0.7'],
    [
      'not one without an address',
      [API, service('kubernetes', 'shop', 'None')],
      'KUBERNETES_SERVICE_HOST',
      '10.96.0.1',
    ],
    ['another of default', [service('db', 'default')], 'DB_SERVICE_HOST', undefined],
  ]
  for (const [name, services, variable, expected] of cases)
    it(name, () => assert.equal(found(services)[variable], expected))
  it('without links only the API server', () => {
    assert.deepEqual(
      Object.keys(found([API, service('db')], false)).filter(name => !name.startsWith('KUBERNETES_')),
      [],
    )
    assert.equal(found([API, service('db')], false).KUBERNETES_SERVICE_PORT_HTTPS, '443')
  })
  it('one without ports has no variables', () => assert.deepEqual(found([service('db', 'shop', '10.96.0.7', [])]), {}))
})

describe('the order of variables', () => {
  const source = (services: Service[] = []): EnvironmentSource => ({
    references: {
      configMap: async (_, name) => ({ conf: { data: { A: 'map', 'bad=name': 'x', B: '$(A)' } } })[name],
      secret: async (_, name) =>
        ({
          sec: {
            data: { A: Buffer.from('secret').toString('base64'), BIN: Buffer.from([0xff, 0x41]).toString('base64') },
          },
        })[name],
    },
    services,
    downward: downward(),
  })
  const map = { configMapRef: { name: 'conf' } }
  const secret = { secretRef: { name: 'sec' } }
  const cases: [string, Partial<Container>, Record<string, string | undefined>][] = [
    ['a map', { envFrom: [map] }, { A: 'map' }],
    ['the later one counts', { envFrom: [map, secret] }, { A: 'secret' }],
    ['the other way round', { envFrom: [secret, map] }, { A: 'map' }],
    ['maps are not expanded', { envFrom: [map] }, { B: '$(A)' }],
    ['but may be referred to', { envFrom: [map], env: [{ name: 'X', value: '$(A)!' }] }, { X: 'map!' }],
    ['a single one counts before maps', { envFrom: [map], env: [{ name: 'A', value: 'own' }] }, { A: 'own' }],
    [
      'the later of two of one name',
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
      { A: '2' },
    ],
    [
      'one that builds on itself',
      {
        env: [
          { name: 'PATH', value: '/a' },
          { name: 'PATH', value: '$(PATH):/b' },
        ],
      },
      { PATH: '/a:/b' },
    ],
    [
      'one that comes too late',
      {
        env: [
          { name: 'A', value: '$(B)' },
          { name: 'B', value: '2' },
        ],
      },
      { A: '$(B)' },
    ],
    ['a name that none can have is left out', { envFrom: [map] }, { 'bad=name': undefined }],
    ['a prefix', { envFrom: [{ prefix: 'P_', ...map }] }, { P_A: 'map', A: undefined }],
    ['a service', { env: [{ name: 'X', value: '$(DB_SERVICE_HOST)' }] }, { X: '10.96.0.7' }],
    [
      'an own one counts before a service',
      { env: [{ name: 'DB_SERVICE_HOST', value: 'mine' }] },
      { DB_SERVICE_HOST: 'mine' },
    ],
    [
      'a field',
      {
        env: [
          { name: 'X', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          { name: 'Y', value: 'http://$(X)' },
        ],
      },
      { Y: 'http://10.1.0.2' },
    ],
    [
      'optional and not there',
      { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'none', key: 'k', optional: true } } }] },
      { X: undefined },
    ],
    [
      'optional in a map that is there',
      { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'conf', key: 'k', optional: true } } }] },
      { X: undefined },
    ],
  ]
  const DB: Service = {
    metadata: { name: 'db', namespace: 'default' },
    spec: { clusterIP: '10.96.0.7', ports: [{ port: 1 }] },
  }
  for (const [name, container, expected] of cases) {
    it(name, async () => {
      const values = await environment({ name: 'c', ...container }, source([DB]))
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map(key => [key, values.get(key)])), expected)
    })
  }
  const failures: [string, EnvVar, RegExp][] = [
    ['a secret', { name: 'X', valueFrom: { secretKeyRef: { name: 'none', key: 'k' } } }, /^secret "none" not found$/],
    [
      'its key',
      { name: 'X', valueFrom: { secretKeyRef: { name: 'sec', key: 'k' } } },
      /^couldn't find key k in Secret default\/sec$/,
    ],
    [
      'a map',
      { name: 'X', valueFrom: { configMapKeyRef: { name: 'none', key: 'k' } } },
      /^configmap "none" not found$/,
    ],
    [
      'its key ',
      { name: 'X', valueFrom: { configMapKeyRef: { name: 'conf', key: 'k' } } },
      /^couldn't find key k in ConfigMap default\/conf$/,
    ],
  ]
  for (const [name, variable, message] of failures) {
    it(`${name} that is not there`, () =>
      assert.rejects(environment({ name: 'c', env: [variable] }, source()), {
        message,
        reason: 'CreateContainerConfigError',
      }))
  }
})
