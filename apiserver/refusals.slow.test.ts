import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Identity } from '../api/exchange.ts'
import { createSigningRequest } from '../pki/csr.ts'
import { generateKey } from '../pki/keys.ts'
import { type RequestParts, startTestServer, type TestServer } from './testing.ts'

/** Whoever is refused leaves a line in the log: who he is, what he wanted and where, and nothing of what he sent. */

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const DEFAULT = '/api/v1/namespaces/default'
const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const HUSH = 'hunter2'
const MERGE = { 'content-type': 'application/merge-patch+json' }
const APPLY = { 'content-type': 'application/apply-patch+yaml' }

const person = (name: string, ...groups: string[]): Identity => ({ name, groups: [...groups, 'system:authenticated'] })
const node = person('system:node:n1', 'system:nodes')
const [bob, maker] = [person('bob'), person('maker')]
const joining = person('system:bootstrap:abcdef', 'system:bootstrappers')

const rules = (resources: string[], verbs: string[], group = '') => [{ apiGroups: [group], resources, verbs }]
const subject = (name: string) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name })
const roleRef = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name })
const secrets = rules(['secrets'], ['get'])

async function withFixtures(): Promise<TestServer> {
  const server = await startTestServer({ admission: { enable: ['NodeRestriction'] } })
  const make = async (path: string, body: object) => {
    const answer = await server.call('POST', path, { body })
    assert.equal(answer.status, 201, answer.text)
  }
  const own = rules(['pods'], ['get'])
  // Not `escalate` nor `bind`: who has those may give what he has not.
  const edit = ['create', 'update', 'patch']
  const ofRights = rules(['roles', 'rolebindings', 'clusterrolebindings'], edit, 'rbac.authorization.k8s.io')
  for (const name of ['n1', 'n2']) await make('/api/v1/nodes', { metadata: { name } })
  await make(`${DEFAULT}/serviceaccounts`, { metadata: { name: 'robot' } })
  await make(`${DEFAULT}/secrets`, { metadata: { name: 'other' }, stringData: { a: HUSH } })
  await make(`${RBAC}/clusterroles`, { metadata: { name: 'maker' }, rules: [...own, ...ofRights] })
  const bindings = `${RBAC}/clusterrolebindings`
  await make(bindings, {
    metadata: { name: 'maker' },
    roleRef: roleRef('ClusterRole', 'maker'),
    subjects: [subject('maker')],
  })
  await make(`${RBAC}/namespaces/default/roles`, { metadata: { name: 'own' }, rules: own })
  await make(`${RBAC}/namespaces/default/roles`, { metadata: { name: 'foreign' }, rules: secrets })
  const foreign = { metadata: { name: 'foreign' }, roleRef: roleRef('Role', 'foreign'), subjects: [subject('ann')] }
  await make(`${RBAC}/namespaces/default/rolebindings`, foreign)
  await make(bindings, {
    ...{ metadata: { name: 'joining' }, roleRef: roleRef('ClusterRole', 'system:node-bootstrapper') },
    subjects: [{ ...subject('system:bootstrappers'), kind: 'Group' }],
  })
  return server
}

describe('a refusal', () => {
  let server: TestServer
  before(async () => {
    server = await withFixtures()
  })
  after(() => server.server.close())

  const role = `${RBAC}/namespaces/default/roles/own`
  const labels = { 'node-restriction.kubernetes.io/x': HUSH }
  const request = createSigningRequest(generateKey(), { commonName: HUSH, organizations: ['system:masters'] })
  const csr = {
    metadata: { name: 'x' },
    spec: {
      ...{ signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
      request: Buffer.from(request).toString('base64'),
    },
  }
  const rows: [string, string, string, RequestParts, string][] = [
    ['a node that reads a secret of none of its pods', 'GET', `${DEFAULT}/secrets/other`, { as: node }, 'get'],
    [
      'a node that reports for another',
      'PATCH',
      '/api/v1/nodes/n2/status',
      { as: node, body: { status: { phase: HUSH } }, headers: MERGE },
      'patch',
    ],
    [
      'a node that takes a reserved label',
      'PATCH',
      '/api/v1/nodes/n1',
      { as: node, body: { metadata: { labels } }, headers: MERGE },
      'patch',
    ],
    [
      'a role that is replaced',
      'PUT',
      role,
      { as: maker, body: { metadata: { name: 'own' }, rules: secrets } },
      'update',
    ],
    ['a role that is patched', 'PATCH', role, { as: maker, body: { rules: secrets }, headers: MERGE }, 'patch'],
    [
      'a role that is applied',
      'PATCH',
      `${role}?fieldManager=f&force=true`,
      { as: maker, body: { metadata: { name: 'own' }, rules: [...secrets, ...rules([HUSH], ['*'])] }, headers: APPLY },
      'patch',
    ],
    [
      'a role that nobody had',
      'POST',
      `${RBAC}/namespaces/default/roles`,
      { as: maker, body: { metadata: { name: HUSH }, rules: rules(['*'], ['*'], '*') } },
      'create',
    ],
    [
      'a binding to everything',
      'POST',
      `${RBAC}/clusterrolebindings`,
      {
        as: maker,
        body: {
          metadata: { name: HUSH },
          roleRef: roleRef('ClusterRole', 'cluster-admin'),
          subjects: [subject('maker')],
        },
      },
      'create',
    ],
    [
      'a binding that gets one more subject',
      'PATCH',
      `${RBAC}/namespaces/default/rolebindings/foreign`,
      { as: maker, body: { subjects: [subject('maker')] }, headers: MERGE },
      'patch',
    ],
    [
      'a caller who would be another',
      'GET',
      `${DEFAULT}/secrets/other`,
      { as: bob, headers: { 'impersonate-user': 'kubernetes-admin', 'impersonate-extra-note': HUSH } },
      'get',
    ],
    [
      'a caller who would be in another group',
      'GET',
      `${DEFAULT}/secrets/other`,
      { as: bob, headers: { 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' } },
      'get',
    ],
    ['a certificate of a superuser', 'POST', CSRS, { as: joining, body: csr }, 'create'],
    ['an approval of his own', 'PUT', `${CSRS}/x/approval`, { as: joining, body: csr }, 'update'],
    ['nobody who reads a secret', 'GET', `${DEFAULT}/secrets/other`, { as: null }, 'get'],
    [
      'nobody who calls himself somebody',
      'GET',
      `${DEFAULT}/secrets/other`,
      { as: null, headers: { 'x-remote-user': HUSH, 'x-remote-group': 'system:masters' } },
      'get',
    ],
    ['the log of a pod', 'GET', '/api/v1/namespaces/kube-system/pods/x/log', { as: bob }, 'get'],
    ['a file of a node', 'GET', '/api/v1/nodes/n1/proxy/logs/..%2f..%2fetc/shadow', { as: bob }, 'get'],
  ]
  for (const [what, method, target, parts, verb] of rows) {
    it(`of ${what} is told, and nothing else is`, async () => {
      const before = server.log.entries.length
      const headers = { 'x-note': HUSH, ...parts.headers }
      const noted = `${target}${target.includes('?') ? '&' : '?'}note=${HUSH}`
      const answer = await server.call(method, noted, { ...parts, headers })
      assert.equal(answer.status, 403, answer.text)
      const [{ message, fields }, ...more] = server.log.entries.slice(before) as [(typeof server.log.entries)[0]]
      const user = parts.as?.name ?? 'system:anonymous'
      assert.deepEqual([message, more], ['A caller was refused', []])
      assert.deepEqual(fields, { user, verb, path: target.split('?')[0], from: undefined })
      assert.ok(!JSON.stringify(fields).includes(HUSH))
    })
  }

  it('of a path that leads elsewhere is told before anybody is known', async () => {
    const path = '/api/v1/namespaces/%2e%2e/secrets/x'
    const { status } = await server.call('GET', `${path}?note=${HUSH}`, {
      headers: { authorization: `Bearer ${HUSH}` },
    })
    const { message, fields } = server.log.entries.at(-1)!
    assert.deepEqual([status, message], [400, 'A caller was refused'])
    assert.deepEqual(fields, { user: undefined, verb: undefined, path, from: undefined })
  })

  it('meets the token of an account once it is deleted, and once it is made again', async () => {
    const asked = await server.call('POST', `${DEFAULT}/serviceaccounts/robot/token`, { body: { spec: {} } })
    const { token } = asked.json.status
    const get = () => server.call('GET', '/api', { as: null, headers: { authorization: `Bearer ${token}` } })
    assert.equal((await get()).status, 200)
    await server.call('DELETE', `${DEFAULT}/serviceaccounts/robot`)
    assert.equal((await get()).status, 401)
    const { message, fields } = server.log.entries.at(-1)!
    assert.equal(message, 'A caller was not recognised')
    assert.ok(!JSON.stringify(fields).includes(token))
    await server.call('POST', `${DEFAULT}/serviceaccounts`, { body: { metadata: { name: 'robot' } } })
    assert.equal((await get()).status, 401, 'another account of the same name')
  })

  it('meets whoever shows nothing where nobody may be anonymous', async () => {
    const closed = await startTestServer({ authentication: { anonymous: false } })
    for (const path of ['/healthz', '/version', `${DEFAULT}/secrets`]) {
      const { status, json } = await closed.call('GET', path, { as: null })
      assert.deepEqual([status, json.reason], [401, 'Unauthorized'], path)
    }
    assert.equal(closed.log.entries.at(-1)!.message, 'A caller was not recognised')
    await closed.server.close()
  })
})
