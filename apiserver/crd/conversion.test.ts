import assert from 'node:assert/strict'
import * as https from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { KubeObject } from '../../api/objects.ts'
import { Authority, createAuthority } from '../../pki/authority.ts'
import { systemClock } from '../../platform/clock.ts'
import { systemRandom } from '../../platform/random.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import { checkAnswer } from './conversion.ts'

const OBJECT = { apiVersion: 'a/v1', kind: 'A', metadata: { name: 'x', namespace: 'n', uid: 'u' } }
const CONVERTED = { ...OBJECT, apiVersion: 'a/v2' }

describe('the answer of a conversion webhook', () => {
  const good = { uid: '1', result: { status: 'Success' }, convertedObjects: [CONVERTED] }
  const cases: [string, unknown, string | undefined][] = [
    ['is taken', { response: good }, undefined],
    ['is nothing', undefined, 'the answer has no response'],
    ['has no response', {}, 'the answer has no response'],
    ['answers somebody else', { response: { ...good, uid: '2' } }, 'expected response.uid="1", got "2"'],
    ['says no', { response: { uid: '1', result: { status: 'Failure', message: 'too old' } } }, 'too old'],
    ['loses objects', { response: { ...good, convertedObjects: [] } }, 'webhook returned 0 objects, expected 1'],
    [
      'is of a wrong version',
      { response: { ...good, convertedObjects: [OBJECT] } },
      'webhook returned invalid converted object at index 0: invalid apiVersion: a/v1, expected a/v2',
    ],
    [
      'is of a wrong kind',
      { response: { ...good, convertedObjects: [{ ...CONVERTED, kind: 'B' }] } },
      'webhook returned invalid converted object at index 0: invalid kind: B, expected A',
    ],
    [
      'renames',
      { response: { ...good, convertedObjects: [{ ...CONVERTED, metadata: { ...OBJECT.metadata, name: 'y' } }] } },
      'webhook returned invalid converted object at index 0: metadata.name may not be changed',
    ],
    [
      'is no object',
      { response: { ...good, convertedObjects: [null] } },
      'webhook returned invalid converted object at index 0: it is no object',
    ],
  ]
  for (const [what, answer, problem] of cases) {
    it(what, () => assert.equal(checkAnswer(answer, '1', 'a/v2', [OBJECT]), problem))
  }
})

interface Review {
  request: { uid: string; desiredAPIVersion: string; objects: (KubeObject & { spec: Record<string, unknown> })[] }
}

/** Version 1 has `host: "a:1"`, version 2 `host: a` and `port: 1`. */
function convert({ request }: Review) {
  const convertedObjects = request.objects.map(object => {
    const { spec } = object
    const [host, port] = String(spec.host).split(':')
    const toV2 = request.desiredAPIVersion.endsWith('/v2')
    const converted = toV2 ? { host, port: Number(port) } : { host: `${spec.host}:${spec.port}` }
    return { ...object, apiVersion: request.desiredAPIVersion, spec: converted }
  })
  return { uid: request.uid, result: { status: 'Success' }, convertedObjects }
}

describe('versions that a webhook converts', () => {
  let webhook: https.Server
  let clientConfig: object
  let server: TestServer
  let asked: number
  let broken = false
  const path = (version: string) => `/apis/example.com/${version}/namespaces/default/routes`

  before(async () => {
    const ca = new Authority(createAuthority('test', systemClock, systemRandom), systemClock, systemRandom)
    const pair = ca.issue({ subject: { commonName: 'webhook' }, usage: 'server', ipAddresses: ['127.0.0.1'] })
    webhook = https.createServer({ cert: pair.certificate, key: pair.key }, async (request, response) => {
      asked++
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      if (broken) return response.writeHead(500).end('out of order')
      const review = JSON.parse(Buffer.concat(chunks).toString()) as Review
      response.end(JSON.stringify({ ...review, response: convert(review) }))
    })
    await new Promise<void>(resolve => webhook.listen(0, '127.0.0.1', resolve))
    const { port } = webhook.address() as AddressInfo
    clientConfig = {
      url: `https://127.0.0.1:${port}/convert`,
      caBundle: Buffer.from(ca.certificatePem).toString('base64'),
    }
    server = await startTestServer()
    assert.equal(
      (
        await server.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
          body: definition(clientConfig),
        })
      ).status,
      201,
    )
    for (let turn = 0; (await server.call('GET', path('v1'))).status !== 200; turn++) {
      assert.ok(turn < 500, 'the definition was never established')
      await new Promise(setImmediate)
    }
  })
  after(async () => {
    await server.server.close()
    webhook.closeAllConnections()
    await new Promise(resolve => webhook.close(resolve))
  })
  beforeEach(() => {
    asked = 0
    broken = false
  })

  const route = (version: string, name: string, spec: object) => ({
    ...{ apiVersion: `example.com/${version}`, kind: 'Route', metadata: { name } },
    spec,
  })

  it('are each what their clients know', async () => {
    const made = await server.call('POST', path('v2'), { body: route('v2', 'a', { host: 'h', port: 8 }) })
    assert.deepEqual(
      [made.status, made.json.apiVersion, made.json.spec],
      [201, 'example.com/v2', { host: 'h', port: 8 }],
    )
    const old = await server.call('GET', `${path('v1')}/a`)
    assert.deepEqual([old.json.apiVersion, old.json.spec], ['example.com/v1', { host: 'h:8' }])
    assert.equal(old.json.metadata.resourceVersion, made.json.metadata.resourceVersion)
  })

  it('are listed with one question, which is asked once', async () => {
    for (const name of ['l1', 'l2', 'l3'])
      await server.call('POST', path('v1'), { body: route('v1', name, { host: 'h:1' }) })
    asked = 0
    const list = await server.call('GET', path('v2'))
    assert.ok(list.json.items.every(({ spec }: { spec: object }) => 'port' in spec))
    await server.call('GET', path('v2'))
    assert.equal(asked, 1)
  })

  it('can be changed through either', async () => {
    await server.call('POST', path('v1'), { body: route('v1', 'c', { host: 'h:1' }) })
    const headers = { 'content-type': 'application/merge-patch+json' }
    const patched = await server.call('PATCH', `${path('v2')}/c`, { body: { spec: { port: 9 } }, headers })
    assert.deepEqual([patched.status, patched.json.spec], [200, { host: 'h', port: 9 }])
    assert.deepEqual((await server.call('GET', `${path('v1')}/c`)).json.spec, { host: 'h:9' })
    const gone = await server.call('DELETE', `${path('v2')}/c`)
    assert.equal(gone.status, 200, gone.text)
  })

  it('are watched in order', async () => {
    const response = await server.send('GET', `${path('v2')}?watch=true&fieldSelector=metadata.name=w`)
    const lines = (response.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    const first = lines.next()
    await server.call('POST', path('v1'), { body: route('v1', 'w', { host: 'h:1' }) })
    await server.call('DELETE', `${path('v1')}/w`)
    let text = Buffer.from((await first).value as Uint8Array).toString()
    while (!text.includes('DELETED')) text += Buffer.from((await lines.next()).value as Uint8Array).toString()
    const events = text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    assert.deepEqual(
      events.map(({ type, object }) => [type, object.apiVersion, object.spec]),
      ['ADDED', 'DELETED'].map(type => [type, 'example.com/v2', { host: 'h', port: 1 }]),
    )
    await lines.return?.()
  })

  it('say so when the webhook is out of order', async () => {
    await server.call('POST', path('v1'), { body: route('v1', 'b', { host: 'h:1' }) })
    broken = true
    const answer = await server.call('GET', `${path('v2')}/b`)
    assert.equal(answer.status, 500)
    assert.match(answer.json.message, /conversion webhook for example\.com\/v2, Kind=Route failed: .*500: out of order/)
    assert.equal((await server.call('GET', `${path('v1')}/b`)).status, 200)
  })
})

function definition(clientConfig: object) {
  const version = (name: string, spec: object) => ({
    ...{ name, served: true, storage: name === 'v1' },
    schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: spec } } } },
  })
  const names = { plural: 'routes', singular: 'route', kind: 'Route', listKind: 'RouteList' }
  const conversion = { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'] } }
  const text = { type: 'string' }
  const versions = [version('v1', { host: text }), version('v2', { host: text, port: { type: 'integer' } })]
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'routes.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names, versions, conversion },
  }
}
