import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { Cache } from './cache.ts'
import { canonical, Entry, serialise } from './entry.ts'
import { prefixEnd, shelfPrefixOf } from './keys.ts'
import { createMemoryStore } from './memory.ts'
import { Shelf } from './shelf.ts'
import { CompactedError, type Store, type WatchOptions } from './store.ts'
import { decodeContinue, encodeContinue } from './tokens.ts'
import { plainTransformer } from './transform.ts'
import { WatcherQueue } from './watcher.ts'

const MAPS = '/registry/configmaps/'
const bytes = (name: string, more: object = {}) =>
  serialise({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...more } })
const settle = async (done: () => boolean) => {
  for (let i = 0; i < 1000 && !done(); i++) await new Promise(resolve => setImmediate(resolve))
  assert.ok(done(), 'what was waited for did not happen')
}

/** A store with some of its ways changed. */
function over(store: Store, changes: Partial<Store>): Store {
  const methods = [
    'get',
    'range',
    'create',
    'update',
    'remove',
    'watch',
    'revision',
    'compact',
    'grantLease',
    'health',
    'close',
  ] as const
  const bound = Object.fromEntries(
    methods.map(name => [name, (store[name] as (...args: unknown[]) => unknown).bind(store)]),
  )
  return { ...(bound as unknown as Store), ...changes }
}

function cacheOn(store: Store, clock = new FakeClock(), log = new MemoryLog()) {
  return { clock, log, cache: new Cache({ store, clock, log, transformer: plainTransformer }) }
}

describe('the stored form', () => {
  it('holds no resourceVersion, and gets it on its way out', () => {
    const value = serialise({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', resourceVersion: '7' } })
    assert.ok(!value.toString().includes('resourceVersion'))
    assert.deepEqual(JSON.parse(new Entry('/registry/a', value, 9).json().toString()).metadata, {
      resourceVersion: '9',
      name: 'a',
    })
  })

  it('written by somebody else in another order is brought into ours', () => {
    const foreign = Buffer.from(
      `{"data":{"text":"${'x'.repeat(600)}"},"kind":"ConfigMap","metadata":{"name":"a"},"apiVersion":"v1"}`,
    )
    const object = new Entry('k', canonical(foreign), 3).object()
    assert.deepEqual([object.kind, object.metadata?.resourceVersion], ['ConfigMap', '3'])
  })

  const prefixes: [string, string][] = [
    ['/registry/pods/default/web', '/registry/pods/'],
    ['/registry/services/specs/default/web', '/registry/services/specs/'],
    ['/registry/namespaces/default', '/registry/namespaces/'],
    ['/registry/example.com/widgets/default/a', '/registry/example.com/widgets/'],
    [
      '/registry/apiextensions.k8s.io/customresourcedefinitions/a.b',
      '/registry/apiextensions.k8s.io/customresourcedefinitions/',
    ],
  ]
  for (const [key, prefix] of prefixes) it(`${key} lies in ${prefix}`, () => assert.equal(shelfPrefixOf(key), prefix))

  it('continue tokens read back', () => {
    const token = { revision: 12, start: 'default/web\u0000' }
    assert.deepEqual(decodeContinue(encodeContinue(token)), token)
  })
})

describe('the cache', () => {
  it('knows what was there, and what comes', async () => {
    const clock = new FakeClock()
    const store = createMemoryStore(clock)
    await store.create(`${MAPS}default/a`, bytes('a'))
    const { cache } = cacheOn(store, clock)
    await cache.start()
    assert.equal(cache.shelf(MAPS).size, 1)
    await store.create(`${MAPS}default/b`, bytes('b'))
    await cache.upToDate()
    assert.deepEqual(
      cache
        .shelf(MAPS)
        .range(MAPS, prefixEnd(MAPS))
        .map(({ key }) => key),
      [`${MAPS}default/a`, `${MAPS}default/b`],
    )
    await cache.close()
    await store.close()
  })

  it('asks the store once for all who want to be up to date at the same time', async () => {
    const clock = new FakeClock()
    const store = createMemoryStore(clock)
    let asked = 0
    const counting = over(store, {
      revision() {
        asked++
        return store.revision()
      },
    })
    const { cache } = cacheOn(counting, clock)
    await cache.start()
    await Promise.all(Array.from({ length: 100 }, () => cache.upToDate()))
    assert.ok(asked <= 2, `asked ${asked} times`)
    await cache.close()
  })

  it('does not wait for ever for what is not coming', async () => {
    const { cache, clock } = cacheOn(createMemoryStore(new FakeClock()))
    await cache.start()
    const reached = cache.reaches(1000, 3000)
    await new Promise(resolve => setImmediate(resolve))
    clock.advance(3000)
    assert.equal(await reached, false)
    await cache.close()
  })

  it('takes up a watch that broke, and misses nothing', async () => {
    const clock = new FakeClock()
    const store = createMemoryStore(clock)
    let breakNext = false
    const breaking = over(store, {
      async *watch(start: string, end: string, options: WatchOptions) {
        for await (const item of store.watch(start, end, options)) {
          if (breakNext) {
            breakNext = false
            throw new Error('the connection broke')
          }
          yield item
        }
      },
    })
    const { cache, log } = cacheOn(breaking, clock)
    await cache.start()
    breakNext = true
    await store.create(`${MAPS}default/a`, bytes('a'))
    await settle(() => log.entries.some(({ message }) => message.includes('broke')))
    await store.create(`${MAPS}default/b`, bytes('b'))
    clock.advance(250)
    await settle(() => cache.shelf(MAPS).size === 2)
    await cache.close()
  })

  it('draws the picture anew when it has fallen too far behind, and tells those who listen', async () => {
    const clock = new FakeClock()
    const store = createMemoryStore(clock)
    let compacted = false
    const lagging = over(store, {
      async *watch(start: string, end: string, options: WatchOptions) {
        if (!compacted) {
          compacted = true
          throw new CompactedError(5)
        }
        yield* store.watch(start, end, options)
      },
    })
    const { cache } = cacheOn(lagging, clock)
    let resets = 0
    await cache.start()
    cache.onReset(() => resets++)
    await store.create(`${MAPS}default/a`, bytes('a'))
    await settle(() => compacted)
    await new Promise(resolve => setImmediate(resolve))
    clock.advance(250)
    await settle(() => resets === 1)
    assert.equal(cache.shelf(MAPS).size, 1)
    await cache.close()
  })

  it('leaves out what it cannot read, and says so', async () => {
    const clock = new FakeClock()
    const store = createMemoryStore(clock)
    await store.create(`${MAPS}default/bad`, Buffer.from('not an object'))
    await store.create(`${MAPS}default/good`, bytes('good'))
    const { cache, log } = cacheOn(store, clock)
    await cache.start()
    assert.equal(cache.shelf(MAPS).size, 1)
    const entry = log.entries.find(({ level }) => level === 'error')
    assert.equal(entry?.fields.key, `${MAPS}default/bad`)
    await cache.close()
  })
})

describe('a shelf', () => {
  it('remembers so many changes, and says when it remembers too little', () => {
    const shelf = new Shelf(MAPS, 0)
    for (let revision = 1; revision <= 5000; revision++) shelf.apply('put', new Entry(`${MAPS}a`, bytes('a'), revision))
    assert.equal(shelf.changesAfter(10), undefined)
    assert.deepEqual(
      shelf.changesAfter(4998)?.map(({ revision }) => revision),
      [4999, 5000],
    )
    assert.deepEqual(shelf.changesAfter(5000), [])
  })

  it('remembers fewer of the large ones', () => {
    const shelf = new Shelf(MAPS, 0)
    const large = bytes('a', { annotations: { big: 'x'.repeat(1 << 20) } })
    for (let revision = 1; revision <= 50; revision++) shelf.apply('put', new Entry(`${MAPS}a`, large, revision))
    assert.equal(shelf.changesAfter(20), undefined)
    assert.ok(shelf.changesAfter(49))
  })
})

describe('a queue of what waits for a watcher', () => {
  it('hands over all there is at once', async () => {
    const queue = new WatcherQueue<string>()
    queue.push('a', 1)
    queue.push('b', 1)
    assert.deepEqual(await queue.take(), ['a', 'b'])
    const pending = queue.take()
    queue.push('c', 1)
    assert.deepEqual(await pending, ['c'])
    queue.end()
    assert.equal(await queue.take(), undefined)
  })

  it('ends for who is too slow, when what it has is taken', async () => {
    const queue = new WatcherQueue<number>()
    assert.ok(queue.push(1, 20 << 20))
    assert.equal(queue.push(2, 1), false)
    assert.deepEqual(await queue.take(), [1])
    assert.equal(await queue.take(), undefined)
  })
})
