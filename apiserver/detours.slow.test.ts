import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestServer, type TestServer } from './testing.ts'

/** Ways around the door: addresses that lead elsewhere than they say, by path, by proxy and by log. */

const DEFAULT = '/api/v1/namespaces/default'
const MERGE = { 'content-type': 'application/merge-patch+json' }

describe('a detour', () => {
  let server: TestServer
  const call: TestServer['call'] = (...asked) => server.call(...asked)
  before(async () => {
    server = await startTestServer()
    const made = [
      await call('POST', '/api/v1/nodes', { body: { metadata: { name: 'n1' } } }),
      await call('POST', `${DEFAULT}/serviceaccounts`, { body: { metadata: { name: 'default' } } }),
      await call('POST', `${DEFAULT}/pods`, {
        body: { metadata: { name: 'theirs' }, spec: { containers: [{ name: 'c', image: 'x' }] } },
      }),
    ]
    for (const { status, text } of made) assert.equal(status, 201, text)
  })
  after(() => server.server.close())

  it('a name with all of somebody’s groups in it is one group, and not many', async () => {
    const headers = { 'impersonate-user': 'bob', 'impersonate-group': 'g,system:masters' }
    assert.equal(
      (await call('GET', `${DEFAULT}/secrets/any`, { as: { name: 'bob', groups: ['system:authenticated'] }, headers }))
        .status,
      403,
    )
  })

  const detours: [string, string, number][] = [
    ['the log of a container named as a path', `${DEFAULT}/pods/theirs/log?container=..%2F..%2Fetc%2Fpasswd`, 400],
    ['the log of a pod named as a path', `${DEFAULT}/pods/..%2F..%2Fnodes/log`, 400],
    ['a log file of the node by way of a pod', `${DEFAULT}/pods/%2e%2e/log`, 400],
    ['a node by way of a slash', '/api/v1/nodes/n1%2F..%2Fn2/proxy/pods', 400],
    ['a node by way of another host', '/api/v1/nodes/evil.example.com:80/proxy/', 404],
    ['a node with somebody before an @', '/api/v1/nodes/x@n1/proxy/', 404],
    ['a pod on a port that is none', `${DEFAULT}/pods/theirs:70000/proxy/`, 400],
    ['a service in a scheme that is none', `${DEFAULT}/services/file:x:80/proxy/etc/passwd`, 400],
  ]
  for (const [what, target, code] of detours) {
    it(`asking for ${what}: ${code}`, async () => {
      const answer = await call('GET', target, {})
      assert.equal(answer.status, code, answer.text)
    })
  }

  const claimed = ['127.0.0.1', '169.254.169.254', '::1', '::ffff:127.0.0.1', 'fe80::1', '0.0.0.0', '224.0.0.1']
  for (const podIP of claimed) {
    it(`a pod that claims the address ${podIP} is not proxied to`, async () => {
      const status = { podIP, podIPs: [{ ip: podIP }] }
      await call('PATCH', `${DEFAULT}/pods/theirs/status`, { body: { status }, headers: MERGE })
      const answer = await call('GET', `${DEFAULT}/pods/theirs:6443/proxy/`, {})
      assert.deepEqual([answer.status, answer.json.message], [400, 'address not allowed'], answer.text)
    })
  }

  const tricks: [string, string][] = [
    ['a parent', '/api/v1/namespaces/default/../kube-system/secrets'],
    ['an encoded parent', '/api/v1/namespaces/%2e%2e/secrets/x'],
    ['an encoded slash', '/api/v1/namespaces/default%2Fsecrets'],
    ['a NUL', '/api/v1/namespaces/default/pods/a%00b'],
    ['a broken escape', '/api/v1/namespaces/default/pods/%zz'],
    [
      'a continue token that leads out',
      `${DEFAULT}/secrets?limit=1&continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":1,"start":"../x"}').toString('base64url')}`,
    ],
  ]
  for (const [what, target] of tricks) {
    it(`a path with ${what}: 400`, async () => {
      const answer = await call('GET', target, {})
      assert.equal(answer.status, 400, answer.text)
    })
  }
})
