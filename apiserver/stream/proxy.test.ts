import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Node, Pod, Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import {
  nodeProxyTarget,
  type ProxyName,
  parseProxyName,
  podProxyTarget,
  proxiedLocation,
  serviceProxyTarget,
} from './proxy.ts'

describe('names in the path of a proxy', () => {
  const GOOD: [text: string, name: ProxyName][] = [
    ['web', { scheme: 'http', name: 'web', port: '' }],
    ['web:8080', { scheme: 'http', name: 'web', port: '8080' }],
    ['web:metrics', { scheme: 'http', name: 'web', port: 'metrics' }],
    ['https:web:', { scheme: 'https', name: 'web', port: '' }],
    ['https:web:8443', { scheme: 'https', name: 'web', port: '8443' }],
    [':web:', { scheme: 'http', name: 'web', port: '' }],
  ]
  for (const [text, name] of GOOD) it(text, () => assert.deepEqual(parseProxyName(text, 'pod'), name))
  for (const text of ['', ':', 'web:', 'ftp:web:21', 'a:b:c:d', 'https::8443']) {
    it(`not ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseProxyName(text, 'service'), { message: `invalid service request "${text}"`, code: 400 })
    })
  }
})

const name = (text: string) => parseProxyName(text, 'pod')
const pod = (podIP: string | undefined, ...ports: number[]) =>
  ({ spec: { containers: [{}, { ports: ports.map(containerPort => ({ containerPort })) }] }, status: { podIP } }) as Pod

describe('the target of a pod proxy', () => {
  const CASES: [text: string, pod: Pod, rest: string, target: string][] = [
    ['web', pod('10.32.0.5', 8080, 9090), '/a?b=c', 'http 10.32.0.5 8080 /a?b=c'],
    ['web', pod('10.32.0.5'), '', 'http 10.32.0.5 80 /'],
    ['web', pod('10.32.0.5'), '?b=c', 'http 10.32.0.5 80 /?b=c'],
    ['https:web:', pod('10.32.0.5'), '/', 'https 10.32.0.5 443 /'],
    ['web:9090', pod('fd00::5', 8080), '/', 'http fd00::5 9090 /'],
  ]
  for (const [text, from, rest, expected] of CASES) {
    it(`${text} is ${expected}`, () => {
      const { host, port, path, tls } = podProxyTarget(from, name(text), rest)
      assert.equal(`${tls ? 'https' : 'http'} ${host} ${port} ${path}`, expected)
    })
  }
  for (const address of [
    undefined,
    '127.0.0.1',
    '169.254.169.254',
    '::1',
    '::ffff:127.0.0.1',
    'fe80::1',
    '224.0.0.1',
    '0.0.0.0',
  ]) {
    it(`is never ${address}`, () => {
      assert.throws(() => podProxyTarget(pod(address), name('web'), '/'), { message: 'address not allowed', code: 400 })
    })
  }
  it('needs a port that is one', () => {
    assert.throws(() => podProxyTarget(pod('10.32.0.5'), name('web:99999'), '/'), { code: 400 })
  })
})

describe('the target of a node proxy', () => {
  const node = {
    status: {
      addresses: [
        { type: 'Hostname', address: 'worker1' },
        { type: 'InternalIP', address: '192.168.56.11' },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    },
  } as Node
  const agent = { ca: 'ca', cert: 'cert', key: 'key' }
  it('is the agent by default, shown our certificate', () => {
    const expected = { host: '192.168.56.11', port: 10250, path: '/stats/summary', tls: agent }
    assert.deepEqual(nodeProxyTarget(node, name('worker1'), '/stats/summary', agent), expected)
    assert.deepEqual(nodeProxyTarget(node, name('worker1:10250'), '/stats/summary', agent), expected)
  })
  it('is something else on another port, and sees no certificate of ours', () => {
    const expected = { host: '192.168.56.11', port: 9100, path: '/metrics' }
    assert.deepEqual(nodeProxyTarget(node, name('worker1:9100'), '/metrics', agent), expected)
  })
})

describe('the target of a service proxy', () => {
  const service = {
    spec: {
      ports: [
        { name: 'http', port: 80 },
        { name: 'admin', port: 81 },
      ],
    },
  } as Service
  const slice = (port: { name?: string; port: number }, ...endpoints: [address: string, ready?: boolean][]) =>
    ({
      ports: [port],
      endpoints: endpoints.map(([address, ready]) => ({ addresses: [address], conditions: { ready } })),
    }) as EndpointSlice
  const slices = [
    slice({ name: 'http', port: 8080 }, ['10.32.0.1'], ['10.32.0.2', false], ['10.32.0.3', true]),
    slice({ name: 'admin', port: 9000 }, ['10.32.0.4']),
  ]
  const CASES: [text: string, pick: number, target: string][] = [
    ['web:80', 0, '10.32.0.1:8080'],
    ['web:http', 1, '10.32.0.3:8080'],
    ['web:admin', 0, '10.32.0.4:9000'],
  ]
  for (const [text, pick, expected] of CASES) {
    it(`${text}, number ${pick}, is ${expected}`, () => {
      const { host, port } = serviceProxyTarget(service, slices, name(text), '/', () => pick)
      assert.equal(`${host}:${port}`, expected)
    })
  }
  it('of a single port without a name needs none', () => {
    const only = { spec: { ports: [{ port: 80 }] } } as Service
    const { port } = serviceProxyTarget(only, [slice({ port: 8080 }, ['10.32.0.1'])], name('web'), '/', () => 0)
    assert.equal(port, 8080)
  })
  const MISSING: [text: string, message: string][] = [
    ['web:82', 'no service port 82 found for service "web"'],
    ['web', 'no endpoints available for service "web"'],
    ['web:other', 'no endpoints available for service "web"'],
  ]
  for (const [text, message] of MISSING) {
    it(`${text}: ${message}`, () => {
      assert.throws(() => serviceProxyTarget(service, slices, name(text), '/', () => 0), { message, code: 503 })
    })
  }
})

describe('redirections seen through a proxy', () => {
  const to = { host: '10.32.0.5', port: 8080, path: '/' }
  const CASES: [location: string, seen: string][] = [
    ['/login?next=/', '/prefix/login?next=/'],
    ['http://10.32.0.5:8080/login#top', '/prefix/login#top'],
    ['login', 'login'],
    ['https://example.com/login', 'https://example.com/login'],
    ['http://10.32.0.5:9090/', 'http://10.32.0.5:9090/'],
    ['//example.com/', '//example.com/'],
    ['http://[', 'http://['],
  ]
  for (const [location, seen] of CASES) it(location, () => assert.equal(proxiedLocation(location, to, '/prefix'), seen))
})
