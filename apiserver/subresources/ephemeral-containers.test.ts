import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type RequestParts, startTestServer, type TestServer } from '../testing.ts'

const PODS = '/api/v1/namespaces/default/pods'
const debug = (name: string, more: object = {}) => ({ name, image: 'busybox', ...more })
const patch = (type: string, body: unknown): [string, RequestParts] => [
  'PATCH',
  { body, headers: { 'content-type': `application/${type}` } },
]
/** As a kubectl of 1.20 writes it. */
const earlier = (containers: unknown, more: object = {}): [string, RequestParts] => [
  'PUT',
  {
    body: {
      ...{ kind: 'EphemeralContainers', apiVersion: 'v1', metadata: { creationTimestamp: null } },
      ...{ ephemeralContainers: containers, ...more },
    },
  },
]

describe('containers that a pod gets later', () => {
  let server: TestServer
  let count = 0
  before(async () => {
    server = await startTestServer()
    await server.call('POST', '/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'default' } } })
  })
  after(() => server.server.close())

  /** A pod with one such container, `first`. */
  async function debugged() {
    const name = `p${count++}`
    const path = `${PODS}/${name}`
    await server.call('POST', PODS, { body: { metadata: { name }, spec: { containers: [{ name: 'c', image: 'x' }] } } })
    const [method, parts] = earlier([debug('first')])
    const answer = await server.call(method, `${path}/ephemeralcontainers`, parts)
    assert.deepEqual([answer.status, answer.json?.kind], [200, 'Pod'], answer.text)
    return { name, path, pod: answer.json }
  }

  const strategic = patch('strategic-merge-patch+json', { spec: { ephemeralContainers: [debug('second')] } })
  const json = patch('json-patch+json', [{ op: 'add', path: '/spec/ephemeralContainers/-', value: debug('second') }])
  const merge = patch('merge-patch+json', { spec: { ephemeralContainers: [debug('second')] } })
  const both = ['first', 'second']
  const cases: [string, [string, RequestParts], number, string[], RegExp?][] = [
    ['the list of kubectl up to 1.21', earlier([debug('second')]), 200, both],
    ['that list, with what is there already', earlier([debug('first'), debug('second')]), 200, both],
    ['that list, empty', earlier([]), 200, ['first']],
    ['that list, with two', earlier([debug('second'), debug('third')]), 200, [...both, 'third']],
    ['that list, of another state', earlier([], { metadata: { resourceVersion: '1' } }), 409, ['first']],
    ['that list, of another object', earlier([], { metadata: { name: 'other' } }), 400, ['first']],
    ['that list, of what no list is', earlier('x'), 400, ['first'], /must be a list/],
    ['that list, of what no container is', earlier([5]), 400, ['first'], /cannot unmarshal number/],
    ['that list, naming nothing', earlier([{ image: 'x' }]), 422, ['first'], /ephemeralContainers\[1\].name: Required/],
    [
      'that list, changing one',
      earlier([debug('first', { image: 'other' })]),
      422,
      ['first'],
      /existing ephemeral containers "first" may not be changed/,
    ],
    ['the strategic patch of later ones', strategic, 200, both.toReversed()],
    ['a JSON patch', json, 200, both],
    ['a merge patch that takes one away', merge, 422, ['first'], /"first" may not be removed/],
    ['another kind altogether', ['PUT', { body: { kind: 'Service', apiVersion: 'v1' } }], 400, ['first']],
    ['nothing', ['PUT', {}], 400, ['first']],
    ['no JSON', ['PUT', { raw: '{' }], 400, ['first']],
  ]
  for (const [what, [method, parts], code, names, message] of cases) {
    it(`${what}: ${code}`, async () => {
      const { path } = await debugged()
      const answer = await server.call(method, `${path}/ephemeralcontainers`, parts)
      assert.equal(answer.status, code, answer.text)
      if (message) assert.match(answer.json.message, message)
      const { spec } = (await server.call('GET', `${path}/ephemeralcontainers`)).json
      assert.deepEqual(
        spec.ephemeralContainers.map(({ name }: { name: string }) => name),
        names,
      )
    })
  }

  it('a whole pod: its other fields stay as they are', async () => {
    const { path, pod } = await debugged()
    pod.spec.ephemeralContainers.push(debug('second'))
    pod.spec.nodeName = 'n1'
    pod.metadata.labels = { a: 'b' }
    const { status, json, text } = await server.call('PUT', `${path}/ephemeralcontainers`, { body: pod })
    assert.equal(status, 200, text)
    const { spec, metadata } = json
    assert.deepEqual([spec.ephemeralContainers.length, spec.nodeName, metadata.labels], [2, undefined, undefined])
  })

  it('unknown fields are told of once, or refused', async () => {
    const { path } = await debugged()
    const [method, parts] = earlier([debug('second', { colour: 'red' })])
    const strict = await server.call(method, `${path}/ephemeralcontainers?fieldValidation=Strict`, parts)
    assert.deepEqual([strict.status, /ephemeralContainers\[1\]\.colour/.test(strict.json.message)], [400, true])
    const warned = await server.call(method, `${path}/ephemeralcontainers`, parts)
    assert.equal(warned.status, 200, warned.text)
    assert.match(String(warned.headers.warning), /unknown field \\"spec\.ephemeralContainers\[1\]\.colour/)
  })

  it('of a pod that is not there: 404 with its name', async () => {
    const [method, parts] = earlier([debug('x')])
    const { status, json } = await server.call(method, `${PODS}/none/ephemeralcontainers`, parts)
    assert.deepEqual([status, json.details.name], [404, 'none'])
  })

  it('who may only update pods may not add one', async () => {
    const { path } = await debugged()
    const [method, parts] = earlier([debug('second')])
    const as = { name: 'bob', groups: ['system:authenticated'] }
    assert.equal((await server.call(method, `${path}/ephemeralcontainers`, { ...parts, as })).status, 403)
  })
})
