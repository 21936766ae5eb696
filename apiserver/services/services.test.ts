import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { addressAt, contains, parseRange } from '../../api/addresses.ts'
import { seededRandom } from '../../platform/random.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import { candidates, reservedBand } from './pool.ts'

describe('ranges of addresses', () => {
  const table: [string, string, string][] = [
    ['10.96.0.0/12', '10.96.0.1', '10.111.255.255'],
    ['10.96.5.7/24', '10.96.5.1', '10.96.5.255'],
    ['192.168.0.0/30', '192.168.0.1', '192.168.0.3'],
    ['fd00::/120', 'fd00::1', 'fd00::ff'],
    ['2001:db8:0:1::/112', '2001:db8:0:1::1', '2001:db8:0:1::ffff'],
  ]
  for (const [text, first, last] of table) {
    it(`${text} goes from ${first} to ${last}`, () => {
      const range = parseRange(text)!
      assert.deepEqual([addressAt(range, 1n), addressAt(range, range.size - 1n)], [first, last])
      assert.ok(contains(range, first) && contains(range, last))
      assert.ok(!contains(range, addressAt(range, range.size)), 'it ends there')
    })
  }
  for (const text of ['', '10.96.0.0', '10.96.0.0/33', 'x/8', '10.96.0.0/-1', 'fd00::/129', '10.96.0.0/']) {
    it(`${JSON.stringify(text)} is none`, () => assert.equal(parseRange(text), undefined))
  }
})

describe('the order in which a pool is searched', () => {
  for (const size of [1, 14, 32, 254, 2768]) {
    it(`tries all ${size} once, the lower band last`, () => {
      const tried = [...candidates(size, seededRandom(1))]
      assert.equal(new Set(tried).size, size)
      assert.equal(tried.length, size)
      const band = size <= 32 ? 0 : reservedBand(size)
      assert.deepEqual(
        tried.slice(size - band),
        Array.from({ length: band }, (_, index) => index),
      )
    })
  }
})

describe('services', () => {
  let server: TestServer
  const SERVICES = '/api/v1/namespaces/default/services'
  const MERGE = { 'content-type': 'application/merge-patch+json' }
  const create = (name: string, spec: object) =>
    server.call('POST', SERVICES, { body: { metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } } })
  const addresses = async () =>
    (await server.call('GET', '/apis/networking.k8s.io/v1/ipaddresses')).json.items.map(
      (one: { metadata: { name: string } }) => one.metadata.name,
    )
  before(async () => {
    server = await startTestServer({
      serviceClusterIPRange: '10.96.0.0/28,fd00::/120',
      serviceNodePortRange: { first: 30000, last: 30003 },
    })
  })
  after(() => server.server.close())

  it('get an address of the first family, and give it back', async () => {
    const { json } = await create('plain', {})
    const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } = json.spec
    assert.match(clusterIP, /^10\.96\.0\.\d+$/)
    assert.deepEqual(
      { clusterIPs, ipFamilies, ipFamilyPolicy },
      { clusterIPs: [clusterIP], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
    )
    assert.ok((await addresses()).includes(clusterIP))
    await server.call('DELETE', `${SERVICES}/plain`)
    assert.ok(!(await addresses()).includes(clusterIP))
  })

  it('get one of each family when they ask for both', async () => {
    const { json } = await create('dual', { ipFamilyPolicy: 'RequireDualStack' })
    assert.deepEqual(json.spec.ipFamilies, ['IPv4', 'IPv6'])
    assert.match(json.spec.clusterIPs[1], /^fd00::/)
    await server.call('DELETE', `${SERVICES}/dual`)
  })

  it('without an address have none: headless ones and names of others', async () => {
    assert.equal((await create('headless', { clusterIP: 'None' })).json.spec.clusterIP, 'None')
    assert.equal(
      (await create('name', { type: 'ExternalName', externalName: 'x.y', ports: undefined })).json.spec.clusterIP,
      undefined,
    )
  })

  it('a dry run takes nothing', async () => {
    const before = await addresses()
    const body = { metadata: { name: 'dry' }, spec: { ports: [{ port: 80 }] } }
    assert.equal((await server.call('POST', `${SERVICES}?dryRun=All`, { body })).status, 201)
    assert.deepEqual(await addresses(), before)
  })

  it('get what was reserved for them in an attempt that was cut off, and nobody else does', async () => {
    const [clusterIP, parent] = ['10.96.0.9', { group: '', resource: 'services', namespace: 'default', name: 'cut' }]
    const body = { metadata: { name: clusterIP }, spec: { parentRef: parent } }
    await server.call('POST', '/apis/networking.k8s.io/v1/ipaddresses', { body })
    assert.match((await create('other', { clusterIP })).text, /provided IP is already allocated/)
    assert.equal((await create('cut', { clusterIP })).status, 201)
    assert.match((await create('cut', { clusterIP })).text, /provided IP is already allocated/)
    assert.ok((await addresses()).includes(clusterIP))
    await server.call('DELETE', `${SERVICES}/cut`)
    assert.ok(!(await addresses()).includes(clusterIP))
  })

  it('refused for another reason give back what they took', async () => {
    const before = await addresses()
    await create('taken', {})
    const taken = await addresses()
    assert.equal((await create('taken', {})).status, 409)
    assert.deepEqual(await addresses(), taken)
    await server.call('DELETE', `${SERVICES}/taken`)
    assert.deepEqual(await addresses(), before)
  })

  it('get node ports while there are some, and keep them', async () => {
    const { json } = await create('np', {
      type: 'NodePort',
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 81 },
      ],
    })
    const ports = json.spec.ports.map((port: { nodePort: number }) => port.nodePort)
    assert.equal(new Set(ports).size, 2)
    const kept = await server.call('PATCH', `${SERVICES}/np`, {
      body: { metadata: { labels: { x: 'y' } } },
      headers: MERGE,
    })
    assert.deepEqual(
      kept.json.spec.ports.map((port: { nodePort: number }) => port.nodePort),
      ports,
    )
    const many = [80, 81, 82].map(port => ({ name: `p${port}`, port }))
    const full = await create('full', { type: 'NodePort', ports: many })
    assert.equal(full.status, 422)
    assert.match(
      full.json.message,
      /spec.ports\[2\].nodePort: Invalid value: 0: failed to allocate a nodePort: range is full/,
    )
    await server.call('PATCH', `${SERVICES}/np`, {
      body: { spec: { type: 'ClusterIP', ports: many.slice(0, 2) } },
      headers: MERGE,
    })
    const retried = await create('full', { type: 'NodePort', ports: many })
    assert.equal(retried.status, 201, retried.text)
  })

  const wishes: [string, object, RegExp][] = [
    ['an address outside', { clusterIP: '10.0.0.1' }, /the provided IP is not in the valid range/],
    ['the address of another', { clusterIP: '10.96.0.1' }, /provided IP is already allocated/],
    [
      'a port outside',
      { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] },
      /The range of valid ports is 30000-30003/,
    ],
  ]
  for (const [what, spec, message] of wishes) {
    it(`may not have ${what}`, async () => {
      const answer = await create('wish', spec)
      assert.equal(answer.status, 422, answer.text)
      assert.match(answer.json.message, message)
    })
  }
})
