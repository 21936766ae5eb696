import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ADMIN, startTestServer } from '../testing.ts'
import { type AuditLevel, type AuditPolicy, auditDecision } from './policy.ts'

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
    it(`${what}: ${level}`, () => assert.equal(auditDecision(policy, ask(over, user)).level, level))
  }

  it('writes a line for each request, with bodies only where it says so', async () => {
    const lines: string[] = []
    const rules = [
      { level: 'Metadata' as const, resources: [{ group: '', resources: ['secrets'] }] },
      { level: 'RequestResponse' as const },
    ]
    const server = await startTestServer({
      audit: { policy: { omitStages: ['RequestReceived'], rules }, log: { write: line => lines.push(line) } },
    })
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

  const NOBODY = { username: '', groups: [] }
  const SECRETS = '/api/v1/namespaces/default/secrets'
  const maker = async (policy: AuditPolicy) => {
    const lines: string[] = []
    const server = await startTestServer({ audit: { policy, log: { write: line => lines.push(line) } } })
    const told = () => lines.map(line => JSON.parse(line))
    return { server, told, close: () => server.server.close() }
  }

  const omissions: [string, AuditPolicy, string[]][] = [
    ['all moments', { rules: [{ level: 'Metadata' }] }, ['RequestReceived', 'ResponseComplete']],
    [
      'not what the policy leaves out',
      { omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] },
      ['ResponseComplete'],
    ],
    [
      'not what a rule leaves out',
      { rules: [{ level: 'Metadata', omitStages: ['ResponseComplete'] }] },
      ['RequestReceived'],
    ],
    ['nothing', { rules: [{ level: 'None' }] }, []],
  ]
  for (const [what, wanted, stages] of omissions) {
    it(`tells ${what}`, async () => {
      const { server, told, close } = await maker(wanted)
      await server.call('GET', SECRETS)
      const events = told()
      assert.deepEqual(
        events.map(({ stage }) => stage),
        stages,
      )
      assert.ok(new Set(events.map(({ auditID }) => auditID)).size <= 1, 'one request has one id')
      await close()
    })
  }

  it('tells when a watch begins, and when it ends', async () => {
    const { server, told, close } = await maker({ rules: [{ level: 'Metadata', verbs: ['watch'] }] })
    const stopping = new AbortController()
    const { body } = await server.send('GET', `${SECRETS}?watch=true`, { signal: stopping.signal })
    const stages = () => told().map(({ stage }) => stage)
    assert.deepEqual(stages(), ['RequestReceived', 'ResponseStarted'])
    stopping.abort()
    for await (const _ of body as AsyncIterable<Uint8Array>);
    assert.deepEqual(stages(), ['RequestReceived', 'ResponseStarted', 'ResponseComplete'])
    await close()
  })

  it('tells the same of a watch whose objects stay in this process', async () => {
    const { server, told, close } = await maker({ rules: [{ level: 'Metadata', verbs: ['watch'] }] })
    const stopping = new AbortController()
    const { events } = await server.server.handle({
      ...{ method: 'GET', path: SECRETS, query: new URLSearchParams('watch=true'), headers: {} },
      ...{ trusted: ADMIN, takesObjects: true, signal: stopping.signal },
    })
    const stages = () => told().map(({ stage }) => stage)
    assert.deepEqual(stages(), ['RequestReceived', 'ResponseStarted'])
    stopping.abort()
    await Array.fromAsync(events!)
    assert.deepEqual(stages(), ['RequestReceived', 'ResponseStarted', 'ResponseComplete'])
    await close()
  })

  it('tells who acts as whom, whoever is refused, and no token', async () => {
    const { server, told, close } = await maker({ rules: [{ level: 'Metadata' }] })
    const headers = { 'impersonate-user': 'ann' }
    assert.equal((await server.call('GET', `${SECRETS}?access_token=hush`, { headers })).status, 403)
    const { user, impersonatedUser, responseStatus, requestURI } = told()[1]
    assert.deepEqual([user.username, impersonatedUser.username, responseStatus.code], ['kubernetes-admin', 'ann', 403])
    assert.ok(!requestURI.includes('hush'))
    await close()
  })

  it('tells of somebody who would act as another and may not, as himself', async () => {
    const { server, told, close } = await maker({ rules: [{ level: 'Metadata', users: ['bob'] }] })
    const as = { name: 'bob', groups: ['system:authenticated'] }
    const headers = { 'impersonate-user': 'kubernetes-admin' }
    assert.equal((await server.call('GET', SECRETS, { as, headers })).status, 403)
    assert.deepEqual(
      told().map(({ stage, user, impersonatedUser, responseStatus }) => [
        ...[stage, user.username, impersonatedUser, responseStatus?.code],
      ]),
      [
        ['RequestReceived', 'bob', undefined, undefined],
        ['ResponseComplete', 'bob', undefined, 403],
      ],
    )
    await close()
  })

  it('tells who was let pass, and by what', async () => {
    const { server, told, close } = await maker({
      omitStages: ['RequestReceived'],
      rules: [{ level: 'Metadata', resources: [{ group: '' }] }],
    })
    await server.call('GET', SECRETS)
    await server.call('GET', SECRETS, { as: { name: 'bob', groups: [] } })
    const annotations = told().map(one => one.annotations)
    assert.deepEqual(
      annotations.map(one => one['authorization.k8s.io/decision']),
      ['allow', 'forbid'],
    )
    await server.call('GET', '/api/v1/nodes/n', { as: { name: 'system:kube-scheduler', groups: [] } })
    assert.match(told().at(-1).annotations['authorization.k8s.io/reason'], /ClusterRoleBinding "system:kube-scheduler"/)
    await close()
  })

  const attempts: [string, Record<string, string>, string, string][] = [
    ['a token', { authorization: 'Bearer hush' }, '', 'Authentication failed, attempted: bearer'],
    ['a password', { authorization: 'Basic aHVzaA==' }, '', 'Authentication failed, attempted: basic'],
    [
      'a token and another in the address',
      { authorization: 'bearer hush' },
      '?access_token=hush',
      'Authentication failed, attempted: bearer, access_token',
    ],
    ['something else', { authorization: 'hush' }, '', 'Authentication failed, no credentials provided'],
  ]
  for (const [what, headers, query, message] of attempts) {
    it(`tells once of a caller who is not known by ${what}, and nothing that he showed`, async () => {
      const { server, told, close } = await maker({ rules: [{ level: 'RequestResponse' }] })
      assert.equal((await server.call('GET', SECRETS + query, { as: null, headers })).status, 401)
      const [{ stage, verb, user, responseStatus, objectRef, annotations }, ...more] = told()
      assert.deepEqual([stage, verb, user, objectRef.resource], ['ResponseStarted', 'list', NOBODY, 'secrets'])
      assert.deepEqual([responseStatus, annotations, more], [{ metadata: {}, message, code: 401 }, undefined, []])
      assert.ok(!/hush|aHVza/.test(JSON.stringify(told())))
      await close()
    })
  }

  it('tells of what nobody foresaw', async () => {
    const { server, told, close } = await maker({ rules: [{ level: 'Metadata' }] })
    server.store.create = () => Promise.reject(new TypeError('broken on purpose'))
    assert.equal((await server.call('POST', SECRETS, { body: { metadata: { name: 's' } } })).status, 500)
    const { stage, responseStatus } = told().at(-1)
    assert.deepEqual([stage, responseStatus.code], ['Panic', 500])
    await close()
  })
})
