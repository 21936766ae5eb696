import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Identity } from '../api/exchange.ts'
import { createSigningRequest } from '../pki/csr.ts'
import { signToken } from '../pki/jwt.ts'
import { generateKey } from '../pki/keys.ts'
import { type Answer, type RequestParts, startTestServer, type TestServer } from './testing.ts'

/** Each row of the security table: who tries what, and is kept from it. */

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const DEFAULT = '/api/v1/namespaces/default'
const MERGE = { 'content-type': 'application/merge-patch+json' }
const signingKey = generateKey()
const ISSUER = 'https://kubernetes.default.svc'

const person = (name: string, ...groups: string[]): Identity => ({ name, groups: [...groups, 'system:authenticated'] })
const node = (name: string): Identity => person(`system:node:${name}`, 'system:nodes')

async function withFixtures(): Promise<TestServer> {
  const server = await startTestServer({
    serviceAccounts: { issuer: ISSUER, signingKey },
    admission: { enable: ['NodeRestriction'] },
  })
  const make = async (path: string, body: object) => {
    const answer = await server.call('POST', path, { body })
    assert.equal(answer.status, 201, answer.text)
  }
  await make(`${DEFAULT}/serviceaccounts`, { metadata: { name: 'default' } })
  for (const name of ['own', 'other']) await make(`${DEFAULT}/secrets`, { metadata: { name }, stringData: { a: 'b' } })
  for (const [name, secret] of [
    ['mine', 'own'],
    ['theirs', 'other'],
  ] as const) {
    const volumes = [{ name: 'v', secret: { secretName: secret } }]
    await make(`${DEFAULT}/pods`, { metadata: { name }, spec: { containers: [{ name: 'c', image: 'x' }], volumes } })
    const target = { kind: 'Node', name: name === 'mine' ? 'n1' : 'n2' }
    await make(`${DEFAULT}/pods/${name}/binding`, { metadata: { name }, target })
  }
  for (const name of ['n1', 'n2']) await make('/api/v1/nodes', { metadata: { name } })
  await make(`${RBAC}/namespaces/default/roles`, {
    metadata: { name: 'reader' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  })
  await make(`${RBAC}/clusterroles`, {
    metadata: { name: 'role-maker' },
    rules: [
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['roles', 'rolebindings', 'clusterrolebindings'],
        verbs: ['create', 'update'],
      },
    ],
  })
  await make(`${RBAC}/clusterrolebindings`, {
    metadata: { name: 'maker' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'role-maker' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'maker' }],
  })
  return server
}

describe('who is kept from what', () => {
  let server: TestServer
  const call = (method: string, target: string, parts: RequestParts): Promise<Answer> =>
    server.call(method, target, parts)
  before(async () => {
    server = await withFixtures()
  })
  after(() => server.server.close())

  const bearer = (token: string): RequestParts => ({ as: null, headers: { authorization: `Bearer ${token}` } })
  const seconds = () => Math.floor(server.clock.now() / 1000)
  const token = (claims: object) =>
    signToken(signingKey, {
      iss: ISSUER,
      aud: [ISSUER],
      exp: seconds() + 600,
      sub: 'system:serviceaccount:default:default',
      ...claims,
    })
  const account = async () => (await call('GET', `${DEFAULT}/serviceaccounts/default`, {})).json.metadata.uid as string
  const bound = (uid: string, more: object = {}) => ({
    'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'default', uid }, ...more },
  })

  it('a good token is taken', async () => {
    const parts = bearer(token(bound(await account())))
    const review = await call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      ...parts,
      body: {},
      headers: { ...parts.headers, 'content-type': 'application/json' },
    })
    assert.equal(review.json?.status?.userInfo?.username, 'system:serviceaccount:default:default', review.text)
  })

  const tokens: [string, () => Promise<string> | string][] = [
    ['an expired token', async () => token({ ...bound(await account()), exp: seconds() - 1 })],
    ['a token for another audience', async () => token({ ...bound(await account()), aud: ['vault'] })],
    ['a token of another issuer', async () => token({ ...bound(await account()), iss: 'https://elsewhere' })],
    ['a token of an account that is gone', () => token(bound('00000000-0000-4000-8000-000000000000'))],
    ['a token of a pod that is gone', async () => token(bound(await account(), { pod: { name: 'none', uid: 'x' } }))],
    [
      'a token that we did not sign',
      async () => signToken(generateKey(), { iss: ISSUER, aud: [ISSUER], ...bound(await account()) }),
    ],
    ['a token that is none', () => 'abc'],
    ['a bootstrap token that nobody made', () => 'abcdef.0123456789abcdef'],
  ]
  for (const [what, make] of tokens) {
    it(`${what}: 401`, async () => {
      const text = await make()
      const answer = await call('GET', '/api', bearer(text))
      assert.deepEqual([answer.status, answer.json.reason], [401, 'Unauthorized'])
      const entry = server.log.entries.at(-1)!
      assert.equal(entry.message, 'A caller was not recognised')
      assert.ok(!JSON.stringify(entry).includes(text), 'the log holds the token')
    })
  }

  it('other credentials: 401', async () => {
    assert.equal((await call('GET', '/api', { as: null, headers: { authorization: 'Basic YTpi' } })).status, 401)
  })

  const anonymous: [string, number][] = [
    ['/healthz', 200],
    ['/readyz', 200],
    ['/version', 200],
    ['/api', 403],
    ['/metrics', 403],
    ['/api/v1/namespaces', 403],
    [`${DEFAULT}/secrets/own`, 403],
    ['/apis/apps/v1', 403],
    ['/nonsense', 403],
  ]
  for (const [path, code] of anonymous) {
    it(`anonymous on ${path}: ${code}`, async () => assert.equal((await call('GET', path, { as: null })).status, code))
  }

  const nodes: [string, string, string, RequestParts, number][] = [
    ['reads the secret of its pod', 'GET', `${DEFAULT}/secrets/own`, {}, 200],
    ['reads the secret of another', 'GET', `${DEFAULT}/secrets/other`, {}, 403],
    ['lists secrets', 'GET', `${DEFAULT}/secrets`, {}, 403],
    [
      'watches the secret of its pod',
      'GET',
      `${DEFAULT}/secrets?fieldSelector=metadata.name%3Dother&watch=true`,
      {},
      403,
    ],
    ['writes a secret', 'PATCH', `${DEFAULT}/secrets/own`, { body: { data: {} }, headers: MERGE }, 403],
    [
      'reports the status of its pod',
      'PATCH',
      `${DEFAULT}/pods/mine/status`,
      { body: { status: { phase: 'Running' } }, headers: MERGE },
      200,
    ],
    [
      'reports the status of another pod',
      'PATCH',
      `${DEFAULT}/pods/theirs/status`,
      { body: { status: { phase: 'Failed' } }, headers: MERGE },
      403,
    ],
    [
      'changes its pod',
      'PATCH',
      `${DEFAULT}/pods/mine`,
      { body: { metadata: { labels: { a: 'b' } } }, headers: MERGE },
      403,
    ],
    ['deletes another pod', 'DELETE', `${DEFAULT}/pods/theirs`, {}, 403],
    [
      'makes a pod that is no mirror',
      'POST',
      `${DEFAULT}/pods`,
      { body: { metadata: { name: 'p' }, spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'x' }] } } },
      403,
    ],
    [
      'labels its node',
      'PATCH',
      '/api/v1/nodes/n1',
      { body: { metadata: { labels: { 'example.com/a': 'b' } } }, headers: MERGE },
      200,
    ],
    [
      'gives its node a reserved label',
      'PATCH',
      '/api/v1/nodes/n1',
      { body: { metadata: { labels: { 'node-restriction.kubernetes.io/a': 'b' } } }, headers: MERGE },
      403,
    ],
    [
      'takes the taints off its node',
      'PATCH',
      '/api/v1/nodes/n1',
      { body: { spec: { taints: null } }, headers: MERGE },
      403,
    ],
    [
      'changes another node',
      'PATCH',
      '/api/v1/nodes/n2/status',
      { body: { status: { phase: 'x' } }, headers: MERGE },
      403,
    ],
    ['deletes its node', 'DELETE', '/api/v1/nodes/n1', {}, 403],
    [
      'makes a lease elsewhere',
      'POST',
      '/apis/coordination.k8s.io/v1/namespaces/default/leases',
      { body: { metadata: { name: 'n1' } } },
      403,
    ],
    [
      'takes the lease of another',
      'PUT',
      '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n2',
      { body: { metadata: { name: 'n2' } } },
      403,
    ],
    ['asks for a token of no pod', 'POST', `${DEFAULT}/serviceaccounts/default/token`, { body: { spec: {} } }, 403],
  ]
  for (const [what, method, target, parts, code] of nodes) {
    it(`a node ${what}: ${code}`, async () => {
      const answer = await call(method, target, { ...parts, as: node('n1') })
      assert.equal(answer.status, code, answer.text)
    })
  }

  it('a node gets a token for the account of its own pod, and not of another', async () => {
    const uidOf = async (name: string) => (await call('GET', `${DEFAULT}/pods/${name}`, {})).json.metadata.uid
    const ask = async (name: string) => {
      const spec = { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid: await uidOf(name) } }
      return call('POST', `${DEFAULT}/serviceaccounts/default/token`, { as: node('n1'), body: { spec } })
    }
    const own = await ask('mine')
    assert.equal(own.status, 201, own.text)
    const used = await call('GET', '/api', bearer(own.json.status.token))
    assert.equal(used.status, 200)
    assert.equal((await ask('theirs')).status, 403)
    await call('DELETE', `${DEFAULT}/pods/mine`, { body: { gracePeriodSeconds: 0 } })
    assert.equal((await call('GET', '/api', bearer(own.json.status.token))).status, 401, 'the pod is gone')
  })

  const role = (rules: object[]) => ({ metadata: { name: `r${Math.abs(JSON.stringify(rules).length)}` }, rules })
  const binding = (name: string, kind: string, target: string) => ({
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: target },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'maker' }],
  })
  const escalations: [string, string, object, number][] = [
    [
      'makes a role of rights that he has',
      `${RBAC}/namespaces/default/roles`,
      role([{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['create'] }]),
      201,
    ],
    [
      'makes a role of rights that he lacks',
      `${RBAC}/namespaces/default/roles`,
      role([{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]),
      403,
    ],
    [
      'makes a role of all rights',
      `${RBAC}/namespaces/default/roles`,
      role([{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]),
      403,
    ],
    [
      'binds himself to cluster-admin',
      `${RBAC}/clusterrolebindings`,
      binding('x', 'ClusterRole', 'cluster-admin'),
      403,
    ],
    [
      'binds himself to a role he does not hold',
      `${RBAC}/namespaces/default/rolebindings`,
      binding('y', 'Role', 'reader'),
      403,
    ],
    ['binds himself to what he holds', `${RBAC}/clusterrolebindings`, binding('z', 'ClusterRole', 'role-maker'), 201],
  ]
  for (const [what, path, body, code] of escalations) {
    it(`a maker of roles ${what}: ${code}`, async () => {
      const answer = await call('POST', path, { as: person('maker'), body })
      assert.equal(answer.status, code, answer.text)
      if (code === 403) assert.match(answer.json.message, /attempting to grant RBAC permissions not currently held/)
    })
  }

  const impersonations: [string, Record<string, string>, number][] = [
    ['a user', { 'impersonate-user': 'kubernetes-admin' }, 403],
    ['a group', { 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' }, 403],
    ['a service account', { 'impersonate-user': 'system:serviceaccount:kube-system:default' }, 403],
    ['only a group', { 'impersonate-group': 'system:masters' }, 400],
  ]
  for (const [what, headers, code] of impersonations) {
    it(`impersonating ${what}: ${code}`, async () => {
      assert.equal((await call('GET', `${DEFAULT}/secrets/own`, { as: person('bob'), headers })).status, code)
    })
  }

  it('an admin who impersonates has only the rights of the other', async () => {
    const headers = { 'impersonate-user': 'bob' }
    assert.equal((await call('GET', `${DEFAULT}/secrets/own`, { headers })).status, 403)
  })

  it('front-proxy headers are nothing without the certificate of a front proxy', async () => {
    const headers = { 'x-remote-user': 'kubernetes-admin', 'x-remote-group': 'system:masters' }
    assert.equal((await call('GET', `${DEFAULT}/secrets/own`, { as: null, headers })).status, 403)
  })

  it('a signing request tells who asked, whatever it says, and makes no superuser', async () => {
    const csr = (organizations: string[], signerName: string) => ({
      metadata: { name: `csr-${organizations.length}-${signerName.length}` },
      spec: {
        ...{ signerName, usages: ['client auth'], username: 'kubernetes-admin', groups: ['system:masters'] },
        request: Buffer.from(createSigningRequest(generateKey(), { commonName: 'x', organizations })).toString(
          'base64',
        ),
      },
    })
    const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
    const joining = person('system:bootstrap:abcdef', 'system:bootstrappers')
    await call('POST', `${RBAC}/clusterrolebindings`, {
      body: {
        metadata: { name: 'joining' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node-bootstrapper' },
        subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:bootstrappers' }],
      },
    })
    const made = await call('POST', path, { as: joining, body: csr([], 'kubernetes.io/kube-apiserver-client') })
    assert.deepEqual([made.status, made.json.spec?.username], [201, 'system:bootstrap:abcdef'], made.text)
    const refused = await call('POST', path, {
      as: joining,
      body: csr(['system:masters'], 'kubernetes.io/kube-apiserver-client'),
    })
    assert.equal(refused.status, 403)
    const approved = await call('PUT', `${path}/${made.json.metadata.name}/approval`, { as: joining, body: made.json })
    assert.equal(approved.status, 403)
  })

  it('whoever may not do something is written down: who, what and where, and nothing that he sent', async () => {
    const secret = 'hunter2'
    const headers = { authorization: `Bearer ${token(bound(await account()))}`, 'x-note': secret }
    const body = { metadata: { name: 'x' }, stringData: { password: secret } }
    const answer = await call('POST', `${DEFAULT}/secrets?note=${secret}`, {
      ...{ as: null, body },
      headers: { ...headers, 'content-type': 'application/json' },
    })
    assert.equal(answer.status, 403)
    const { message, fields } = server.log.entries.at(-1)!
    assert.equal(message, 'A caller was refused')
    const user = 'system:serviceaccount:default:default'
    assert.deepEqual(fields, { user, verb: 'create', path: `${DEFAULT}/secrets`, from: undefined })
    assert.ok(!JSON.stringify(server.log.entries).includes(secret))
    assert.ok(!JSON.stringify(server.log.entries).includes(headers.authorization.slice(7)))
  })
})

describe('a bootstrap token', () => {
  const secret = (more: object = {}) => ({
    metadata: { name: 'bootstrap-token-abcdef' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      ...{ 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' },
      'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
      ...more,
    },
  })
  const cases: [string, object, string, number][] = [
    ['is taken', {}, 'abcdef.0123456789abcdef', 200],
    ['with another secret is refused', {}, 'abcdef.0000000000000000', 401],
    ['that has expired is refused', { expiration: '2025-01-01T00:00:00Z' }, 'abcdef.0123456789abcdef', 401],
    [
      'that is for signing only is refused',
      { 'usage-bootstrap-authentication': 'false' },
      'abcdef.0123456789abcdef',
      401,
    ],
  ]
  for (const [what, more, text, code] of cases) {
    it(what, async () => {
      const server = await startTestServer()
      await server.call('POST', '/api/v1/namespaces/kube-system/secrets', { body: secret(more) })
      const headers = { authorization: `Bearer ${text}` }
      const answer = await server.call('GET', '/api', { as: null, headers })
      assert.equal(answer.status, code)
      await server.server.close()
    })
  }
})
