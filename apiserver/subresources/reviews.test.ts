import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestServer, type TestServer } from '../testing.ts'

const AUTHORIZATION = '/apis/authorization.k8s.io/v1'
const AUTHENTICATION = '/apis/authentication.k8s.io/v1'
const bob = { name: 'bob', groups: ['system:authenticated'] }

describe('reviews', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer()
    await server.call('POST', '/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'default' } } })
  })
  after(() => server.server.close())

  const pods = { verb: 'get', resource: 'pods', namespace: 'default' }
  const questions: [string, string, object, boolean | number][] = [
    [
      'of an admin',
      'subjectaccessreviews',
      { user: 'root', groups: ['system:masters'], resourceAttributes: pods },
      true,
    ],
    ['of somebody else', 'subjectaccessreviews', { user: 'bob', resourceAttributes: pods }, false],
    ['of a group alone', 'subjectaccessreviews', { groups: ['system:masters'], resourceAttributes: pods }, true],
    [
      'about a path',
      'subjectaccessreviews',
      { user: 'bob', groups: ['system:authenticated'], nonResourceAttributes: { verb: 'get', path: '/version' } },
      true,
    ],
    ['of nobody', 'subjectaccessreviews', { resourceAttributes: pods }, 422],
    ['about nothing', 'subjectaccessreviews', { user: 'bob' }, 422],
    [
      'about both',
      'subjectaccessreviews',
      { user: 'bob', resourceAttributes: pods, nonResourceAttributes: { path: '/', verb: 'get' } },
      422,
    ],
    ['about oneself', 'selfsubjectaccessreviews', { resourceAttributes: pods }, true],
    [
      'in a namespace',
      'namespaces/default/localsubjectaccessreviews',
      { user: 'bob', resourceAttributes: pods },
      false,
    ],
    [
      'in another namespace',
      'namespaces/other/localsubjectaccessreviews',
      { user: 'bob', resourceAttributes: pods },
      400,
    ],
  ]
  for (const [what, path, spec, expected] of questions) {
    it(`a question ${what}`, async () => {
      const { status, json, text } = await server.call('POST', `${AUTHORIZATION}/${path}`, { body: { spec } })
      if (typeof expected === 'number') assert.equal(status, expected, text)
      else assert.deepEqual([status, json.status.allowed], [201, expected], text)
    })
  }

  it('tell somebody what he may', async () => {
    const { json } = await server.call('POST', `${AUTHORIZATION}/selfsubjectrulesreviews`, {
      as: bob,
      body: { spec: { namespace: 'default' } },
    })
    const resources = json.status.resourceRules.flatMap((rule: { resources: string[] }) => rule.resources)
    assert.ok(resources.includes('selfsubjectaccessreviews') && !resources.includes('pods'))
    assert.equal(json.status.incomplete, false)
  })

  it('tell whose token it is, and why one is not taken', async () => {
    const made = await server.call('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', {
      body: { spec: { audiences: ['vault'], expirationSeconds: 600 } },
    })
    assert.equal(made.json.status.expirationTimestamp, '2026-01-01T00:10:00Z')
    const { token } = made.json.status
    const ask = async (spec: object) =>
      (await server.call('POST', `${AUTHENTICATION}/tokenreviews`, { body: { spec } })).json
    const known = await ask({ token, audiences: ['vault', 'other'] })
    assert.deepEqual([known.status.authenticated, known.status.audiences], [true, ['vault']])
    assert.equal(known.status.user.username, 'system:serviceaccount:default:default')
    assert.equal(known.spec.token, undefined, 'the token is not handed back')
    const elsewhere = await ask({ token })
    assert.deepEqual(
      [elsewhere.status.authenticated, elsewhere.status.error],
      [undefined, 'the token is for another audience'],
    )
  })

  it('of components are a list with its own columns', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const { json } = await server.call('GET', '/api/v1/componentstatuses', { headers: { accept } })
    assert.deepEqual([json.kind, json.rows[0].cells[0], json.rows[0].cells[1]], ['Table', 'etcd-0', 'Healthy'])
  })
})
