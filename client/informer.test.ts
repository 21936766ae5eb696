import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiError } from '../api/errors.ts'
import type { ApiRequest, ApiResponse } from '../api/exchange.ts'
import type { WatchEventType } from '../api/objects.ts'
import type { Pod } from '../api/types/core-v1.ts'
import { FakeClock } from '../platform/clock.ts'
import { MemoryLog } from '../platform/log.ts'
import { seededRandom } from '../platform/random.ts'
import { createClient } from './client.ts'
import { inProcessTransport } from './in-process.ts'
import { Informer } from './informer.ts'
import { PODS } from './resources.ts'

const settle = () => new Promise(resolve => setImmediate(resolve))

function pod(name: string, resourceVersion: number, extra: { uid?: string; node?: string } = {}): Pod {
  return {
    metadata: { name, namespace: 'default', uid: extra.uid ?? `uid-${name}`, resourceVersion: String(resourceVersion) },
    spec: { containers: [], nodeName: extra.node },
  }
}

/** A server that says what the test tells it to: one connection after the other. */
class ScriptedServer {
  readonly requests: ApiRequest[] = []
  streams = true
  list: { items: Pod[]; revision: string } = { items: [], revision: '1' }
  readonly #lines: (string | undefined)[] = []
  #wake = () => {}

  send(type: WatchEventType, object: unknown): void {
    this.#lines.push(`${JSON.stringify({ type, object })}\n`)
    this.#wake()
  }

  endOfInitial(revision: number): void {
    const annotations = { 'k8s.io/initial-events-end': 'true' }
    this.send('BOOKMARK', { metadata: { resourceVersion: String(revision), annotations } })
  }

  endWatch(): void {
    this.#lines.push(undefined)
    this.#wake()
  }

  handle = async (request: ApiRequest): Promise<ApiResponse> => {
    this.requests.push(request)
    if (!request.query.has('watch'))
      return json(200, { items: this.list.items, metadata: { resourceVersion: this.list.revision } })
    if (request.query.has('sendInitialEvents') && !this.streams) {
      return json(422, new ApiError('Invalid', 'sendInitialEvents is forbidden').toStatus())
    }
    return { status: 200, headers: {}, body: this.#stream(request.signal) }
  }

  async *#stream(signal: AbortSignal): AsyncIterable<Uint8Array> {
    const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
    while (!signal.aborted) {
      if (this.#lines.length === 0) {
        await Promise.race([aborted, new Promise<void>(resolve => (this.#wake = resolve))])
        continue
      }
      const line = this.#lines.shift()
      if (line === undefined) return
      yield Buffer.from(line)
    }
  }
}

function json(status: number, body: unknown): ApiResponse {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) }
}

function harness() {
  const server = new ScriptedServer()
  const clock = new FakeClock()
  const log = new MemoryLog()
  const client = createClient(inProcessTransport(server.handle, { name: 'test', groups: [] }))
  const informer = new Informer<Pod>(client.resource<Pod>(PODS), { clock, random: seededRandom(1), log })
  const seen: string[] = []
  informer.addHandler({
    added: (object, initial) => seen.push(`${initial ? 'initial' : 'added'} ${object.metadata.name}`),
    updated: (object, old) =>
      seen.push(`updated ${object.metadata.name} ${old.metadata.resourceVersion}->${object.metadata.resourceVersion}`),
    deleted: object => seen.push(`deleted ${object.metadata.name}`),
  })
  const take = async () => {
    for (let i = 0; i < 10; i++) await settle()
    return seen.splice(0)
  }
  /** Lets pauses and time limits pass. */
  const pass = async (ms: number) => {
    for (let i = 0; i < 10; i++) await settle()
    clock.advance(ms)
    return take()
  }
  return { server, clock, log, informer, take, pass }
}

describe('Informer', () => {
  it('reads everything by one watch and follows it', async () => {
    const { server, informer, take } = harness()
    informer.start()
    server.send('ADDED', pod('a', 1))
    server.send('ADDED', pod('b', 2))
    assert.deepEqual(await take(), [])
    assert.equal(informer.hasSynced, false)
    server.endOfInitial(5)
    assert.deepEqual(await take(), ['initial a', 'initial b'])
    await informer.synced()
    server.send('MODIFIED', pod('a', 6))
    server.send('ADDED', pod('c', 7))
    server.send('DELETED', pod('b', 8))
    assert.deepEqual(await take(), ['updated a 1->6', 'added c', 'deleted b'])
    assert.deepEqual(
      informer
        .list()
        .map(object => object.metadata.name)
        .sort(),
      ['a', 'c'],
    )
    assert.equal(informer.get('default/a')?.kind, 'Pod')
    await informer.stop()
  })

  it('lists and watches where the server cannot stream', async () => {
    const { server, informer, take } = harness()
    server.streams = false
    server.list = { items: [pod('a', 3)], revision: '9' }
    informer.start()
    assert.deepEqual(await take(), ['initial a'])
    server.send('MODIFIED', pod('a', 10))
    assert.deepEqual(await take(), ['updated a 3->10'])
    assert.equal(server.requests.at(-1)?.query.get('resourceVersion'), '9')
    await informer.stop()
  })

  it('lists and watches where the server ignores the wish to stream', async () => {
    const { server, informer, pass } = harness()
    server.list = { items: [pod('a', 3)], revision: '9' }
    informer.start()
    assert.deepEqual(await pass(10_000), ['initial a'])
    await informer.stop()
  })

  it('goes on from the last event or bookmark when a watch ends', async () => {
    const { server, clock, informer, take, pass } = harness()
    informer.start()
    server.endOfInitial(5)
    await take()
    server.send('BOOKMARK', { metadata: { resourceVersion: '42' } })
    clock.advance(60_000)
    server.endWatch()
    await pass(1000)
    assert.equal(server.requests.at(-1)?.query.get('resourceVersion'), '42')
    server.send('ADDED', pod('a', 43))
    assert.deepEqual(await take(), ['added a'])
    await informer.stop()
  })

  it('reads anew when its revision is gone, and tells of the difference only', async () => {
    const { server, informer, take, pass } = harness()
    informer.start()
    for (const name of ['same', 'changed', 'gone', 'replaced']) server.send('ADDED', pod(name, 1))
    server.endOfInitial(5)
    await take()
    server.send('ERROR', new ApiError('Expired', 'too old').toStatus())
    await pass(1000)
    server.send('ADDED', pod('same', 1))
    server.send('ADDED', pod('changed', 7))
    server.send('ADDED', pod('replaced', 8, { uid: 'another' }))
    server.send('ADDED', pod('new', 9))
    server.endOfInitial(10)
    assert.deepEqual((await take()).sort(), [
      'added new',
      'added replaced',
      'deleted gone',
      'deleted replaced',
      'updated changed 1->7',
    ])
    await informer.stop()
  })

  it('cuts a watch on which nothing is heard', async () => {
    const { server, informer, take, pass } = harness()
    informer.start()
    server.endOfInitial(5)
    await take()
    const before = server.requests.length
    await pass(631_000)
    await pass(1000)
    assert.equal(server.requests.length, before + 1)
    assert.equal(server.requests.at(-1)?.query.get('resourceVersion'), '5')
    await informer.stop()
  })

  it('waits longer and longer while the server refuses', async () => {
    const { server, log, informer, pass } = harness()
    let refused = 0
    server.handle = async () => {
      refused++
      return json(403, new ApiError('Forbidden', 'no').toStatus())
    }
    const client = createClient(inProcessTransport(server.handle, { name: 'test', groups: [] }))
    const clock = new FakeClock()
    const lost = new Informer<Pod>(client.resource<Pod>(PODS), { clock, random: seededRandom(1), log })
    lost.start()
    for (let second = 0; second < 60; second++) {
      clock.advance(1000)
      await pass(0)
    }
    assert.ok(refused >= 5 && refused <= 10, `${refused} tries in a minute`)
    await lost.stop()
    await informer.stop()
  })

  it('keeps indexes true over every change', async () => {
    const { server, informer, take } = harness()
    informer.addIndex('node', object => (object.spec.nodeName ? [object.spec.nodeName] : []))
    const names = (node: string) => informer.byIndex('node', node).map(object => object.metadata.name)
    informer.start()
    server.send('ADDED', pod('a', 1, { node: 'n1' }))
    server.send('ADDED', pod('b', 2))
    server.endOfInitial(5)
    await take()
    assert.deepEqual([names('n1'), names('n2')], [['a'], []])
    server.send('MODIFIED', pod('a', 6, { node: 'n2' }))
    server.send('MODIFIED', pod('b', 7, { node: 'n2' }))
    await take()
    assert.deepEqual([names('n1'), names('n2')], [[], ['a', 'b']])
    server.send('DELETED', pod('a', 8, { node: 'n2' }))
    await take()
    assert.deepEqual(names('n2'), ['b'])
    await informer.stop()
  })

  it('tells a late handler of all there is, and lives on when a handler fails', async () => {
    const { server, log, informer, take } = harness()
    informer.start()
    server.send('ADDED', pod('a', 1))
    server.endOfInitial(5)
    await take()
    const late: string[] = []
    informer.addHandler({
      added(object) {
        late.push(object.metadata.name)
        throw new Error('bug')
      },
    })
    server.send('ADDED', pod('b', 6))
    assert.deepEqual(await take(), ['added b'])
    assert.deepEqual(late, ['a', 'b'])
    assert.equal(log.entries.filter(entry => entry.level === 'error').length, 2)
    await informer.stop()
  })
})
