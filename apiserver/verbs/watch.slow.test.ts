import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ApiResponse } from '../../api/exchange.ts'
import { startTestServer, type TestServer, withServer } from '../testing.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const MERGE = { 'content-type': 'application/merge-patch+json' }

// biome-ignore lint/suspicious/noExplicitAny: events hold objects of every kind
type Event = { type: string; object: any }

/** Reads the events of a watch one by one. */
class Reader {
  readonly #abort = new AbortController()
  readonly #pieces: AsyncIterator<Uint8Array>
  #lines: string[] = []

  private constructor(response: ApiResponse, abort: AbortController) {
    this.#abort = abort
    this.#pieces = (response.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  }

  static async open(server: TestServer, target: string, headers: Record<string, string> = {}): Promise<Reader> {
    const abort = new AbortController()
    const response = await server.send('GET', target, { signal: abort.signal, headers })
    assert.equal(response.status, 200)
    return new Reader(response, abort)
  }

  async next(): Promise<Event | undefined> {
    while (this.#lines.length === 0) {
      const { done, value } = await this.#pieces.next()
      if (done) return undefined
      this.#lines = Buffer.from(value).toString().trim().split('\n')
    }
    return JSON.parse(this.#lines.shift()!) as Event
  }

  async take(count: number): Promise<string[]> {
    const found: string[] = []
    while (found.length < count) {
      const event = await this.next()
      if (!event) break
      found.push(`${event.type} ${event.object.metadata?.name ?? event.object.reason ?? ''}`)
    }
    return found
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.#pieces.return?.()
  }
}

const put = (server: TestServer, name: string, labels: Record<string, string> = {}) =>
  server.call('POST', MAPS, { body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels } } })
const label = (server: TestServer, name: string, labels: Record<string, string | null>) =>
  server.call('PATCH', `${MAPS}/${name}`, { body: { metadata: { labels } }, headers: MERGE })
const remove = (server: TestServer, name: string) => server.call('DELETE', `${MAPS}/${name}`)
const revisionNow = async (server: TestServer) =>
  (await server.call('GET', MAPS)).json.metadata.resourceVersion as string

describe('a watch', () => {
  it('without a revision begins with what is there', () =>
    withServer(async server => {
      await put(server, 'a')
      const reader = await Reader.open(server, `${MAPS}?watch=true`)
      assert.deepEqual(await reader.take(1), ['ADDED a'])
      await put(server, 'b')
      await remove(server, 'a')
      assert.deepEqual(await reader.take(2), ['ADDED b', 'DELETED a'])
      await reader.close()
    }))

  it('from a revision tells everything after it, once and in order', () =>
    withServer(async server => {
      await put(server, 'a')
      const since = await revisionNow(server)
      await put(server, 'b')
      await label(server, 'b', { x: 'y' })
      const reader = await Reader.open(server, `${MAPS}?watch=true&resourceVersion=${since}`)
      assert.deepEqual(await reader.take(2), ['ADDED b', 'MODIFIED b'])
      await remove(server, 'b')
      assert.deepEqual(await reader.take(1), ['DELETED b'])
      await reader.close()
    }))

  it('carries the revision of each event, of deletions too', () =>
    withServer(async server => {
      const reader = await Reader.open(server, `${MAPS}?watch=true&resourceVersion=${await revisionNow(server)}`)
      const { json } = await put(server, 'a')
      await remove(server, 'a')
      const [added, deleted] = [await reader.next(), await reader.next()]
      assert.equal(added?.object.metadata.resourceVersion, json.metadata.resourceVersion)
      assert.ok(Number(deleted?.object.metadata.resourceVersion) > Number(json.metadata.resourceVersion))
      await reader.close()
    }))

  it('with a selector sees objects enter and leave', () =>
    withServer(async server => {
      await put(server, 'a')
      const reader = await Reader.open(
        server,
        `${MAPS}?watch=true&labelSelector=x%3Dy&resourceVersion=${await revisionNow(server)}`,
      )
      await label(server, 'a', { x: 'y' })
      await label(server, 'a', { z: '1' })
      await label(server, 'a', { x: null })
      await label(server, 'a', { z: '2' })
      await remove(server, 'a')
      await put(server, 'b', { x: 'y' })
      assert.deepEqual(await reader.take(4), ['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED b'])
      await reader.close()
    }))

  it('of one name and of another namespace hears nothing else', () =>
    withServer(async server => {
      const since = await revisionNow(server)
      const one = await Reader.open(
        server,
        `${MAPS}?watch=true&fieldSelector=metadata.name%3Db&resourceVersion=${since}`,
      )
      await put(server, 'a')
      await put(server, 'b')
      assert.deepEqual(await one.take(1), ['ADDED b'])
      await one.close()
    }))

  it('with sendInitialEvents says where the beginning ends', () =>
    withServer(async server => {
      await put(server, 'a')
      const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
      const reader = await Reader.open(server, `${MAPS}?${query}`)
      assert.deepEqual(await reader.take(1), ['ADDED a'])
      const bookmark = await reader.next()
      assert.equal(bookmark?.type, 'BOOKMARK')
      assert.equal(bookmark?.object.kind, 'ConfigMap')
      assert.equal(bookmark?.object.metadata.annotations['k8s.io/initial-events-end'], 'true')
      await put(server, 'b')
      assert.deepEqual(await reader.take(1), ['ADDED b'])
      await reader.close()
    }))

  it('with bookmarks is told the revision from time to time', () =>
    withServer(async server => {
      const since = await revisionNow(server)
      const reader = await Reader.open(server, `${MAPS}?watch=true&allowWatchBookmarks=true&resourceVersion=${since}`)
      const pending = reader.next()
      await server.call('POST', '/api/v1/namespaces', {
        body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } },
      })
      const revision = (await server.call('GET', '/api/v1/namespaces')).json.metadata.resourceVersion
      server.clock.advance(60_000)
      const bookmark = await pending
      assert.deepEqual([bookmark?.type, bookmark?.object.metadata.resourceVersion], ['BOOKMARK', revision])
      await reader.close()
    }))

  it('ends at its timeout', () =>
    withServer(async server => {
      const reader = await Reader.open(
        server,
        `${MAPS}?watch=true&timeoutSeconds=5&resourceVersion=${await revisionNow(server)}`,
      )
      const pending = reader.next()
      await new Promise(resolve => setImmediate(resolve))
      server.clock.advance(5_000)
      assert.equal(await pending, undefined)
    }))

  it('ends when the server does', async () => {
    const server = await startTestServer()
    const reader = await Reader.open(server, `${MAPS}?watch=true&resourceVersion=${await revisionNow(server)}`)
    const pending = reader.next()
    await new Promise(resolve => setImmediate(resolve))
    await server.server.close()
    assert.equal(await pending, undefined)
  })

  it('from a revision that is gone is told so as an event', () =>
    withServer(async server => {
      for (let i = 0; i < 5; i++) await put(server, `x${i}`)
      const now = Number(await revisionNow(server))
      await server.store.compact(now)
      // A second server on the same store remembers nothing from before its start.
      const second = await startTestServer({ store: server.store })
      const reader = await Reader.open(second, `${MAPS}?watch=true&resourceVersion=${now - 4}`)
      const event = await reader.next()
      assert.deepEqual([event?.type, event?.object.code, event?.object.reason], ['ERROR', 410, 'Expired'])
      assert.equal(await reader.next(), undefined)
      await second.server.close()
    }))

  it('from before the start of the server is replayed from the store', () =>
    withServer(async server => {
      await put(server, 'a')
      const since = await revisionNow(server)
      await put(server, 'b')
      await remove(server, 'b')
      await put(server, 'c')
      const second = await startTestServer({ store: server.store })
      const reader = await Reader.open(second, `${MAPS}?watch=true&resourceVersion=${since}`)
      assert.deepEqual(await reader.take(3), ['ADDED b', 'DELETED b', 'ADDED c'])
      await put(server, 'd')
      assert.deepEqual(await reader.take(1), ['ADDED d'])
      await reader.close()
      await second.server.close()
    }))

  it('as a table tells rows', () =>
    withServer(async server => {
      const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
      const reader = await Reader.open(
        server,
        `${MAPS}?watch=true&resourceVersion=${await revisionNow(server)}`,
        headers,
      )
      await put(server, 'a')
      const event = await reader.next()
      assert.deepEqual([event?.object.kind, event?.object.rows[0].cells[0]], ['Table', 'a'])
      await reader.close()
    }))

  it('that nobody reads is cut off, and costs the others nothing', () =>
    withServer(async server => {
      const since = await revisionNow(server)
      const slow = await Reader.open(server, `${MAPS}?watch=true&resourceVersion=${since}`)
      await put(server, 'first')
      assert.deepEqual(await slow.take(1), ['ADDED first'])
      const data = { big: 'x'.repeat(1 << 20) }
      for (let i = 0; i < 20; i++) {
        const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `big-${i}` }, data }
        assert.equal((await server.call('POST', MAPS, { body })).status, 201)
      }
      let events = 0
      while (await slow.next()) events++
      assert.ok(events < 20, 'the slow watcher was handed everything')
    }))
})

describe('a list', () => {
  it('in pages is of one moment', () =>
    withServer(async server => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) await put(server, name)
      const names = (answer: { json: { items: { metadata: { name: string } }[] } }) =>
        answer.json.items.map(one => one.metadata.name)
      const first = await server.call('GET', `${MAPS}?limit=2`)
      assert.deepEqual([names(first), first.json.metadata.remainingItemCount], [['a', 'b'], 3])
      await remove(server, 'c')
      await put(server, 'aa')
      const second = await server.call('GET', `${MAPS}?limit=2&continue=${first.json.metadata.continue}`)
      assert.deepEqual([names(second), second.json.metadata.remainingItemCount], [['c', 'd'], 1])
      assert.equal(second.json.metadata.resourceVersion, first.json.metadata.resourceVersion)
      const third = await server.call('GET', `${MAPS}?limit=2&continue=${second.json.metadata.continue}`)
      assert.deepEqual([names(third), third.json.metadata.continue], [['e'], undefined])
    }))

  it('whose moment is gone says how to go on', () =>
    withServer(async server => {
      for (const name of ['a', 'b', 'c']) await put(server, name)
      const first = await server.call('GET', `${MAPS}?limit=1`)
      await put(server, 'd')
      await server.store.compact(Number(await revisionNow(server)))
      const expired = await server.call('GET', `${MAPS}?limit=1&continue=${first.json.metadata.continue}`)
      assert.deepEqual([expired.status, expired.json.reason], [410, 'Expired'])
      const rest = await server.call('GET', `${MAPS}?continue=${expired.json.metadata.continue}`)
      assert.deepEqual(
        rest.json.items.map((one: { metadata: { name: string } }) => one.metadata.name),
        ['b', 'c', 'd'],
      )
    }))

  it('of an exact revision is as it was', () =>
    withServer(async server => {
      await put(server, 'a')
      const then = await revisionNow(server)
      await put(server, 'b')
      const past = await server.call('GET', `${MAPS}?resourceVersion=${then}&resourceVersionMatch=Exact`)
      assert.deepEqual([past.json.items.length, past.json.metadata.resourceVersion], [1, then])
      const since = await server.call('GET', `${MAPS}?resourceVersion=${then}&resourceVersionMatch=NotOlderThan`)
      assert.equal(since.json.items.length, 2)
    }))

  const bad: [string, number, RegExp][] = [
    ['resourceVersion=abc', 422, /resourceVersion: Invalid value: "abc"/],
    ['resourceVersionMatch=Exact', 422, /forbidden unless resourceVersion is provided/],
    ['resourceVersion=0&resourceVersionMatch=Exact', 422, /forbidden for resourceVersion "0"/],
    ['resourceVersion=1&resourceVersionMatch=Other', 422, /supported values/],
    ['continue=%3F%3F', 400, /continue key is not valid/],
    ['continue=e30', 400, /does not recognize this encoded version/],
    ['limit=x', 400, /invalid syntax/],
    ['sendInitialEvents=true', 422, /forbidden for list/],
    ['watch=true&sendInitialEvents=true', 422, /requires setting resourceVersionMatch/],
  ]
  for (const [query, code, message] of bad) {
    it(`refuses ?${query}`, () =>
      withServer(async server => {
        const answer = await server.call('GET', `${MAPS}?${query}`)
        assert.equal(answer.status, code, answer.text)
        assert.match(answer.json.message, message)
      }))
  }

  it('as a table has columns and rows, with the metadata of each', () =>
    withServer(async server => {
      await put(server, 'a')
      const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
      const { json } = await server.call('GET', MAPS, { headers: { accept } })
      assert.equal(json.kind, 'Table')
      assert.deepEqual(
        json.columnDefinitions.map((column: { name: string }) => column.name),
        ['Name', 'Data', 'Age'],
      )
      assert.deepEqual(json.rows[0].cells, ['a', 0, '0s'])
      assert.deepEqual([json.rows[0].object.kind, json.rows[0].object.metadata.name], ['PartialObjectMetadata', 'a'])
    }))
})
