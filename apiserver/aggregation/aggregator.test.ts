import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { Authority, createAuthority } from '../../pki/authority.ts'
import { FakeClock } from '../../platform/clock.ts'
import { seededRandom } from '../../platform/random.ts'
import { startTestServer, type TestServer } from '../testing.ts'

const clock = new FakeClock(Date.now())
const random = seededRandom(3)
const authority = (name: string) => new Authority(createAuthority(name, clock, random), clock, random)
const [ca, frontCa] = [authority('extension-ca'), authority('front-proxy-ca')]
const METRICS = '/apis/metrics.k8s.io/v1beta1'

const V3 = `/openapi/v3${METRICS}`
const NODE_METRICS = 'io.k8s.metrics.v1beta1.NodeMetrics'

/** What the extension says of itself: its own group version, and others that are none of its business. */
const DOCUMENTS: Record<string, object> = {
  '/openapi/v3': {
    paths: {
      'apis/metrics.k8s.io/v1beta1': { serverRelativeURL: `${V3}?hash=ABC` },
      'apis/apps/v1': { serverRelativeURL: '/openapi/v3/apis/apps/v1?hash=EVIL' },
    },
  },
  [`${V3}?hash=ABC`]: { openapi: '3.0.0', paths: {} },
  '/openapi/v2': {
    swagger: '2.0',
    paths: {
      [`${METRICS}/nodes`]: {
        get: { responses: { 200: { description: 'OK', schema: { $ref: `#/definitions/${NODE_METRICS}` } } } },
      },
      '/apis/apps/v1/deployments': { get: { operationId: 'evil', responses: {} } },
    },
    definitions: { [NODE_METRICS]: { type: 'object', description: 'What a node uses.' } },
  },
}

/** The server asks extensions in the background: in its own time, and over real connections. */
async function until(holds: () => unknown): Promise<void> {
  while (!(await holds())) await new Promise(resolve => setImmediate(resolve))
}

describe('API aggregation', { timeout: 120_000 }, () => {
  let server: TestServer
  let extension: Server
  const seen: { path: string; user: unknown; groups: unknown; authorized: boolean }[] = []

  before(async () => {
    const names = {
      subject: { commonName: 'metrics' },
      usage: 'server' as const,
      dnsNames: ['metrics.kube-system.svc'],
    }
    const { certificate, key } = ca.issue(names)
    const tls = { cert: certificate, key, ca: frontCa.certificatePem, requestCert: true, rejectUnauthorized: false }
    extension = createServer(tls, (request, response) => {
      const { headers, socket, url = '' } = request
      const authorized = (socket as unknown as { authorized: boolean }).authorized
      seen.push({ path: url, user: headers['x-remote-user'], groups: headers['x-remote-group'], authorized })
      const nodes = {
        name: 'nodes',
        singularName: 'node',
        kind: 'NodeMetrics',
        namespaced: false,
        verbs: ['get', 'list'],
      }
      const list = { kind: 'APIResourceList', groupVersion: 'metrics.k8s.io/v1beta1', resources: [nodes] }
      response.setHeader('content-type', 'application/json')
      if (url === '/openapi/v2') {
        response.setHeader('etag', '"v2"')
        if (headers['if-none-match'] === '"v2"') response.statusCode = 304
      }
      const answers: Record<string, object> = { [METRICS]: list, ...DOCUMENTS }
      response.end(JSON.stringify(answers[url] ?? { kind: 'NodeMetricsList', items: [] }))
    })
    await new Promise<void>(resolve => extension.listen(0, '127.0.0.1', resolve))
    const { port } = extension.address() as AddressInfo
    server = await startTestServer({
      clock,
      proxyClient: frontCa.issue({ subject: { commonName: 'front-proxy-client' }, usage: 'client' }),
    })
    const metadata = { name: 'metrics', namespace: 'kube-system' }
    await server.call('POST', '/api/v1/namespaces/kube-system/services', {
      body: { metadata, spec: { ports: [{ port: 443 }] } },
    })
    // Written into the store itself: an address on loopback is nothing that validation lets through.
    const slice = {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'metrics' } },
      endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
      ports: [{ name: '', port }],
    }
    await server.store.create('/registry/endpointslices/kube-system/metrics', Buffer.from(JSON.stringify(slice)))
    const spec = { group: 'metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100 }
    const body = {
      metadata: { name: 'v1beta1.metrics.k8s.io' },
      spec: { ...spec, service: metadata, caBundle: Buffer.from(ca.certificatePem).toString('base64') },
    }
    const made = await server.call('POST', '/apis/apiregistration.k8s.io/v1/apiservices', { body })
    assert.equal(made.status, 201, made.text)
  })
  after(async () => {
    await server.server.close()
    extension.close()
    extension.closeAllConnections()
  })

  it('passes requests on in the name of the caller', async () => {
    const answer = await server.call('GET', `${METRICS}/nodes?limit=5`)
    assert.deepEqual([answer.status, answer.json?.kind], [200, 'NodeMetricsList'], answer.text)
    assert.deepEqual(seen.at(-1), {
      ...{ path: `${METRICS}/nodes?limit=5`, user: 'kubernetes-admin', authorized: true },
      groups: 'system:masters, system:authenticated',
    })
  })

  it('asks first whether the caller may', async () => {
    const before = seen.length
    const answer = await server.call('GET', `${METRICS}/nodes`, {
      as: { name: 'bob', groups: ['system:authenticated'] },
    })
    assert.deepEqual([answer.status, seen.length], [403, before])
  })

  it('lets nobody name himself', async () => {
    await server.call('GET', `${METRICS}/nodes`, { headers: { 'x-remote-user': 'somebody-else' } })
    assert.equal(seen.at(-1)?.user, 'kubernetes-admin')
  })

  it('tells in discovery what the extension offers, and in its object that it answers', async () => {
    clock.advance(30_000)
    const available = async () => {
      const { json } = await server.call('GET', '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io')
      return json.status?.conditions?.[0]
    }
    await until(available)
    const { type, status, reason, message } = await available()
    assert.deepEqual(
      { type, status, reason, message },
      { type: 'Available', status: 'True', reason: 'Passed', message: 'all checks passed' },
    )
    const { json } = await server.call('GET', '/apis')
    assert.ok(json.groups.some(({ name }: { name: string }) => name === 'metrics.k8s.io'))
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
    const all = await server.call('GET', '/apis', { headers: { accept } })
    const group = all.json.items.find((item: { metadata: { name: string } }) => item.metadata.name === 'metrics.k8s.io')
    assert.equal(group.versions[0].resources[0].resource, 'nodes')
  })

  it('shows what the extension says of itself in OpenAPI v3, and passes on who asks for it', async () => {
    const { json } = await server.call('GET', '/openapi/v3')
    assert.deepEqual(json.paths['apis/metrics.k8s.io/v1beta1'], { serverRelativeURL: `${V3}?hash=ABC` })
    assert.ok(!json.paths['apis/apps/v1'].serverRelativeURL.includes('EVIL'))
    const document = await server.call('GET', `${V3}?hash=ABC`)
    assert.deepEqual([document.status, document.json], [200, { openapi: '3.0.0', paths: {} }])
    assert.deepEqual(seen.at(-1)!.user, 'kubernetes-admin')
    const own = await server.call('GET', '/openapi/v3/apis/apps/v1')
    assert.ok(own.json.paths['/apis/apps/v1/deployments'], 'ours are ours')
  })

  it('holds it together with everything else in OpenAPI v2', async () => {
    const { json, headers } = await server.call('GET', '/openapi/v2')
    assert.equal(json.definitions[NODE_METRICS].description, 'What a node uses.')
    assert.ok(json.paths[`${METRICS}/nodes`].get)
    assert.notEqual(json.paths['/apis/apps/v1/deployments']?.get.operationId, 'evil')
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
    const protobuf = await server.call('GET', '/openapi/v2', { headers: { accept } })
    assert.ok(protobuf.text.includes('What a node uses.'))
    const asked = () => seen.filter(({ path }) => path === '/openapi/v2').length
    const before = asked()
    clock.advance(30_000)
    await until(() => asked() > before)
    assert.equal((await server.call('GET', '/openapi/v2')).headers.etag, headers.etag, 'nothing is new')
  })

  it('forgets it with the APIService', async () => {
    await server.call('DELETE', '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io')
    const shown = async () => Object.keys((await server.call('GET', '/openapi/v3')).json.paths)
    clock.advance(30_000)
    await until(async () => !(await shown()).includes('apis/metrics.k8s.io/v1beta1'))
    const { json } = await server.call('GET', '/openapi/v2')
    assert.equal(json.definitions[NODE_METRICS], undefined)
  })
})
