import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Store } from '../../apiserver/storage/store.ts'
import { startTestServer, type TestServer } from '../../apiserver/testing.ts'
import { FakeClock } from '../../platform/clock.ts'
import { seededRandom } from '../../platform/random.ts'
import { eventually } from '../support/eventually.ts'

export type OpenStores = (clock: FakeClock) => Promise<{ stores: [Store, Store]; close(): Promise<void> }>

async function start(open: OpenStores) {
  const clock = new FakeClock()
  const { stores, close } = await open(clock)
  const startOne = (address: string, seed: number, store: Store) =>
    startTestServer({ clock, store, advertiseAddress: `${address}:6443`, random: seededRandom(seed) })
  const servers = await Promise.all([startOne('10.0.0.1', 1, stores[0]), startOne('10.0.0.2', 2, stores[1])])
  return {
    servers,
    clock,
    async close() {
      await Promise.all(servers.map(({ server }) => server.close()))
      await close()
    },
  }
}

/** The events of a watch, as `TYPE name`. */
async function openWatch(server: TestServer, target: string) {
  const stopping = new AbortController()
  const { body } = await server.send('GET', target, { signal: stopping.signal })
  const events = readEvents(body as AsyncIterable<Uint8Array>)
  return {
    stop: () => stopping.abort(),
    async take(count: number): Promise<string[]> {
      const taken: string[] = []
      while (taken.length < count) {
        const { value, done } = await events.next()
        assert.ok(!done, `the watch ended after ${taken}`)
        taken.push(value)
      }
      return taken
    },
  }
}

async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, undefined> {
  let text = ''
  for await (const chunk of chunks) {
    const lines = `${text}${Buffer.from(chunk)}`.split('\n')
    text = lines.pop()!
    for (const line of lines) {
      const { type, object } = JSON.parse(line)
      yield `${type} ${object.metadata.name}`
    }
  }
}

const MAPS = '/api/v1/namespaces/default/configmaps'
const SERVICES = '/api/v1/namespaces/default/services'

/** What must hold whatever the store is: `open` gives each server its own way to one and the same store. */
export function severalServers(name: string, open: OpenStores): void {
  describe(`two API servers on one store: ${name}`, () => {
    const startTwo = () => start(open)

    it('start at the same time, and bring one set of objects', async () => {
      const { servers, close } = await startTwo()
      const [one, two] = servers
      const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles'
      assert.deepEqual((await one.call('GET', roles)).json.items, (await two.call('GET', roles)).json.items)
      await close()
    })

    it('read what the other has just written', async () => {
      const { servers, close } = await startTwo()
      const [one, two] = servers
      for (let i = 0; i < 20; i++) {
        const made = await one.call('POST', MAPS, { body: { metadata: { name: `m${i}` } } })
        const read = await two.call('GET', `${MAPS}/m${i}`)
        assert.deepEqual(read.json, made.json)
      }
      assert.equal((await two.call('GET', MAPS)).json.items.length, 20)
      await close()
    })

    it('tell of each other’s writes: nothing lost, nothing twice, in one order', async () => {
      const { servers, close } = await startTwo()
      const [one, two] = servers
      const { json: list } = await one.call('GET', MAPS)
      const target = `${MAPS}?watch=true&resourceVersion=${list.metadata.resourceVersion}`
      const watches = await Promise.all(servers.map(server => openWatch(server, target)))
      const expected: string[] = []
      for (let i = 0; i < 20; i++) {
        const [writer, other] = i % 2 === 0 ? [one, two] : [two, one]
        await writer.call('POST', MAPS, { body: { metadata: { name: `w${i}` } } })
        await other.call('DELETE', `${MAPS}/w${i}`)
        expected.push(`ADDED w${i}`, `DELETED w${i}`)
      }
      for (const watch of watches) assert.deepEqual(await watch.take(expected.length), expected)
      for (const watch of watches) watch.stop()
      await close()
    })

    it('never both win a race for a name, a revision, an address or a port', async () => {
      const { servers, close } = await startTwo()
      const both = (method: string, path: string, bodies: object[], headers = {}) =>
        Promise.all(servers.map((server, index) => server.call(method, path, { body: bodies[index], headers })))
      const codes = (answers: { status: number }[]) => answers.map(({ status }) => status).sort()

      const map = { metadata: { name: 'raced' } }
      const made = await both('POST', MAPS, [map, map])
      assert.deepEqual(codes(made), [201, 409])
      const seen = made.find(({ status }) => status === 201)!.json
      const updates = [
        { ...seen, data: { by: 'one' } },
        { ...seen, data: { by: 'two' } },
      ]
      assert.deepEqual(codes(await both('PUT', `${MAPS}/raced`, updates)), [200, 409])

      const service = (name: string, spec: object) => ({ metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } })
      const wanted = { clusterIP: '10.96.0.50' }
      assert.deepEqual(codes(await both('POST', SERVICES, [service('a', wanted), service('b', wanted)])), [201, 422])
      const port = { type: 'NodePort', ports: [{ port: 80, nodePort: 31_000 }] }
      assert.deepEqual(codes(await both('POST', SERVICES, [service('c', port), service('d', port)])), [201, 422])
      await close()
    })

    it('increment together without losing a step', async () => {
      const { servers, close } = await startTwo()
      const headers = { 'content-type': 'application/merge-patch+json' }
      await servers[0].call('POST', MAPS, { body: { metadata: { name: 'm' }, data: {} } })
      const patches = Array.from({ length: 20 }, (_, index) =>
        servers[index % 2]!.call('PATCH', `${MAPS}/m`, { body: { data: { [`k${index}`]: '1' } }, headers }),
      )
      for (const { status } of await Promise.all(patches)) assert.equal(status, 200)
      assert.equal(Object.keys((await servers[1].call('GET', `${MAPS}/m`)).json.data).length, 20)
      await close()
    })

    it('are both endpoints of the service kubernetes, until one goes', async () => {
      const { servers, clock, close } = await startTwo()
      const [one, two] = servers
      const addressed = (wanted: string[]) =>
        eventually({ what: `the endpoints are ${wanted}`, everyMs: 5 }, async () => {
          const { json } = await one.call('GET', '/api/v1/namespaces/default/endpoints/kubernetes')
          return json.subsets[0].addresses.map(({ ip }: { ip: string }) => ip).join() === wanted.join()
        })
      clock.advance(10_000)
      await addressed(['10.0.0.1', '10.0.0.2'])
      assert.equal((await one.call('GET', `${SERVICES}/kubernetes`)).json.spec.clusterIP, '10.96.0.1')
      await two.server.close()
      clock.advance(10_000)
      await addressed(['10.0.0.1'])
      await close()
    })
  })
}
