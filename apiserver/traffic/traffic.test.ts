import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startTestServer } from '../testing.ts'
import { type AuditLevel, type AuditPolicy, auditLevel } from './audit.ts'
import { Metrics } from './metrics.ts'

const ask = (over: object = {}, user: object = {}) => ({
  info: {
    ...{ isResource: true, verb: 'get', group: '', version: 'v1', namespace: 'default', plural: 'secrets', name: 'a' },
    ...{ subresource: '', rest: '', path: '/x', ...over },
  },
  user: { name: 'bob', groups: ['g'], ...user },
})

describe('an audit policy', () => {
  const policy: AuditPolicy = {
    rules: [
      { level: 'None', users: ['system:kube-proxy'] },
      { level: 'Metadata', resources: [{ group: '', resources: ['secrets'] }] },
      { level: 'RequestResponse', verbs: ['create'], resources: [{ group: 'apps' }] },
      { level: 'None', nonResourceURLs: ['/healthz*'] },
      { level: 'Request', userGroups: ['auditors'] },
      { level: 'Metadata', resources: [{ group: '', resources: ['pods/log'] }] },
    ],
  }
  const table: [string, object, object, AuditLevel][] = [
    ['a secret', {}, {}, 'Metadata'],
    ['a secret, for one who is left out', {}, { name: 'system:kube-proxy' }, 'None'],
    ['a deployment', { group: 'apps', plural: 'deployments', verb: 'create' }, {}, 'RequestResponse'],
    ['the same, read', { group: 'apps', plural: 'deployments' }, {}, 'None'],
    ['health', { isResource: false, path: '/healthz/ping' }, {}, 'None'],
    ['anything of an auditor', { plural: 'pods' }, { groups: ['auditors'] }, 'Request'],
    ['a subresource that is named', { plural: 'pods', subresource: 'log' }, {}, 'Metadata'],
    ['its resource, which is not', { plural: 'pods' }, {}, 'None'],
  ]
  for (const [what, over, user, level] of table) {
    it(`${what}: ${level}`, () => assert.equal(auditLevel(policy, ask(over, user)), level))
  }

  it('writes a line for each request, with bodies only where it says so', async () => {
    const lines: string[] = []
    const rules = [
      { level: 'Metadata' as const, resources: [{ group: '', resources: ['secrets'] }] },
      { level: 'RequestResponse' as const },
    ]
    const server = await startTestServer({ audit: { policy: { rules }, write: line => lines.push(line) } })
    const path = '/api/v1/namespaces/default'
    await server.call('POST', `${path}/secrets`, { body: { metadata: { name: 's' }, stringData: { a: 'hush' } } })
    await server.call('POST', `${path}/configmaps`, { body: { metadata: { name: 'm' } } })
    const [secret, map] = lines.map(line => JSON.parse(line))
    assert.ok(!lines[0]!.includes('hush'))
    assert.deepEqual(
      [secret.verb, secret.user.username, secret.objectRef.resource, secret.responseStatus.code],
      ['create', 'kubernetes-admin', 'secrets', 201],
    )
    assert.deepEqual([map.requestObject.metadata.name, map.responseObject.kind], ['m', 'ConfigMap'])
    await server.server.close()
  })
})

describe('metrics', () => {
  it('are told in the form of Prometheus', () => {
    const metrics = new Metrics()
    const counter = metrics.counter('c_total', 'Counts.')
    counter.add({ who: 'a"b' })
    counter.add({ who: 'a"b' }, 2)
    const histogram = metrics.histogram('h', 'Times.', [1, 2])
    for (const value of [0.5, 1.5, 9]) histogram.observe({}, value)
    metrics.gauge('g', 'Now.', () => [[{}, 4]])
    const lines = metrics
      .text()
      .split('\n')
      .filter(line => !line.startsWith('#'))
    assert.deepEqual(lines, [
      'c_total{who="a\\"b"} 3',
      'h_bucket{le="1"} 1',
      'h_bucket{le="2"} 2',
      'h_bucket{le="+Inf"} 3',
      'h_sum 11',
      'h_count 3',
      'g 4',
      '',
    ])
  })

  it('count what exists by its name, and everything else together', async () => {
    const server = await startTestServer()
    await server.call('GET', '/api/v1/namespaces/default/configmaps')
    for (let i = 0; i < 5; i++) await server.call('GET', `/apis/invented-${i}/v1/things`)
    const { text } = await server.call('GET', '/metrics')
    assert.match(
      text,
      /apiserver_request_total\{verb="LIST",group="",version="v1",resource="configmaps",subresource="",scope="namespace",code="200"\} 1/,
    )
    assert.ok(!text.includes('invented'))
    assert.match(text, /apiserver_storage_objects\{resource="namespaces"\} 4/)
    await server.server.close()
  })
})
