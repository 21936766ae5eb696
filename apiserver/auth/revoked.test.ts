import assert from 'node:assert/strict'
import * as http from 'node:http'
import { after, before, describe, it } from 'node:test'
import { createHttpListener, type HttpListener } from '../http.ts'
import { startTestServer, type TestServer } from '../testing.ts'

const CORE = '/api/v1/namespaces/default'
const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const MAPS = `${CORE}/configmaps`
const POD = { metadata: { name: 'home' }, spec: { containers: [{ name: 'a', image: 'a' }] } }

/** One kept connection each: nothing that a connection has learnt may outlive what it was learnt from. */
describe('what was taken away is gone with the next request', () => {
  let server: TestServer
  let listener: HttpListener
  let port: number
  const agents = [0, 1].map(() => new http.Agent({ keepAlive: true, maxSockets: 1 }))

  before(async () => {
    server = await startTestServer({ authentication: { staticTokens: 'root,admin,1,"system:masters"' } })
    listener = createHttpListener({ server: server.server, log: server.log })
    port = await listener.listen(0, '127.0.0.1')
  })
  after(async () => {
    for (const agent of agents) agent.destroy()
    await listener.close()
    await server.server.close()
  })

  function send(agent: http.Agent, token: string, method: string, path: string, body?: object) {
    const text = body === undefined ? '' : JSON.stringify(body)
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const headers = {
      authorization: `Bearer ${token}`,
      ...(text === '' ? {} : { 'content-type': type, 'content-length': text.length }),
    }
    return new Promise<{ status: number; text: string }>((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port, agent, method, path, headers }, response => {
        let said = ''
        response.on('data', chunk => {
          said += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode!, text: said }))
      })
      request.on('error', reject)
      request.end(text)
    })
  }

  async function admin(method: string, path: string, body?: object): Promise<string> {
    const { status, text } = await send(agents[0]!, 'root', method, path, body)
    assert.ok(status < 300, `${method} ${path}: ${status} ${text}`)
    return text
  }

  const seen = async (token: string) => (await send(agents[1]!, token, 'GET', MAPS)).status

  /** A service account with a pod and a token that is bound to both, which may read ConfigMaps. */
  async function withRights(): Promise<string> {
    await admin('POST', `${CORE}/serviceaccounts`, { metadata: { name: 'worker' } })
    await admin('POST', `${CORE}/pods`, { ...POD, spec: { ...POD.spec, serviceAccountName: 'worker' } })
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }]
    await admin('POST', `${RBAC}/namespaces/default/roles`, { metadata: { name: 'reader' }, rules })
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' }
    const subjects = [{ kind: 'ServiceAccount', name: 'worker', namespace: 'default' }]
    await admin('POST', `${RBAC}/namespaces/default/rolebindings`, { metadata: { name: 'reader' }, roleRef, subjects })
    const { uid } = JSON.parse(await admin('GET', `${CORE}/pods/home`)).metadata
    const spec = { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'home', uid } }
    return JSON.parse(await admin('POST', `${CORE}/serviceaccounts/worker/token`, { spec })).status.token
  }

  async function takeAll(): Promise<void> {
    for (const path of [`${CORE}/pods/home`, `${CORE}/serviceaccounts/worker`]) {
      await send(agents[0]!, 'root', 'DELETE', `${path}?gracePeriodSeconds=0`)
    }
    for (const plural of ['rolebindings', 'roles'])
      await send(agents[0]!, 'root', 'DELETE', `${RBAC}/namespaces/default/${plural}/reader`)
  }

  const remade = async () => {
    await admin('DELETE', `${CORE}/serviceaccounts/worker`)
    await admin('POST', `${CORE}/serviceaccounts`, { metadata: { name: 'worker' } })
  }
  const rows: [string, () => Promise<unknown>, number][] = [
    ['a binding', () => admin('DELETE', `${RBAC}/namespaces/default/rolebindings/reader`), 403],
    ['a role', () => admin('DELETE', `${RBAC}/namespaces/default/roles/reader`), 403],
    ['the rules of a role', () => admin('PATCH', `${RBAC}/namespaces/default/roles/reader`, { rules: [] }), 403],
    [
      'a subject of a binding',
      () => admin('PATCH', `${RBAC}/namespaces/default/rolebindings/reader`, { subjects: [] }),
      403,
    ],
    ['a service account', () => admin('DELETE', `${CORE}/serviceaccounts/worker`), 401],
    ['a service account that came back under its name', remade, 401],
    ['the pod of a token', () => admin('DELETE', `${CORE}/pods/home?gracePeriodSeconds=0`), 401],
  ]
  for (const [what, take, code] of rows) {
    it(`${what}: ${code}`, async () => {
      const token = await withRights()
      try {
        assert.equal(await seen(token), 200)
        await take()
        assert.equal(await seen(token), code)
      } finally {
        await takeAll()
      }
    })
  }

  it('the time of a token: 401', async () => {
    const token = await withRights()
    assert.equal(await seen(token), 200)
    server.clock.advance(3601_000)
    assert.equal(await seen(token), 401)
    await takeAll()
  })

  it('and what was given is there', async () => {
    const token = await withRights()
    await admin('DELETE', `${RBAC}/namespaces/default/rolebindings/reader`)
    assert.equal(await seen(token), 403)
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }
    const subjects = [{ kind: 'ServiceAccount', name: 'worker', namespace: 'default' }]
    await admin('POST', `${RBAC}/namespaces/default/rolebindings`, { metadata: { name: 'reader' }, roleRef, subjects })
    assert.equal(await seen(token), 200)
    await takeAll()
  })
})
