import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { CompactedError, prefixEnd, type Store, type StoredValue } from '../../apiserver/storage/store.ts'
import { eventually } from '../support/eventually.ts'
import { Collector, textOf } from './collector.ts'

/** A store to be tried. Cases keep to prefixes of their own, so one store serves all of them. */
export interface StoreUnderTest {
  store: Store
  /** Lets this much time pass for a store with a clock of its own; for others time passes by itself. */
  pass(ms: number): Promise<void>
}

const bytes = (text: string) => Buffer.from(text)

/** What every implementation of Store does alike. `open` is called once, `close` at the end. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let tried: StoreUnderTest
    let store: Store
    before(async () => {
      tried = await open()
      store = tried.store
    })
    after(() => store.close())
    const prefix = caseNames()

    const written = async (key: string, text: string): Promise<number> => {
      const result = await store.create(key, bytes(text))
      assert.ok(result.ok, `${key} existed already`)
      return result.revision
    }

    describe('writes', () => {
      it('creates a key once and hands back what stands there the second time', async () => {
        const key = `${prefix()}a`
        const first = await store.create(key, bytes('one'))
        assert.equal(first.ok, true)
        const second = await store.create(key, bytes('two'))
        assert.ok(!second.ok)
        assert.equal(textOf(second.current), 'one')
        assert.equal(second.current!.modRevision, first.revision)
        assert.equal(second.current!.version, 1)
      })

      it('counts revisions and versions as etcd does', async () => {
        const key = `${prefix()}a`
        const created = await written(key, '1')
        const updated = await store.update(key, bytes('2'), created)
        assert.equal(updated.revision, created + 1)
        const { value, revision } = await store.get(key)
        assert.equal(revision, created + 1)
        const { createRevision, modRevision, version, lease } = value!
        assert.deepEqual(
          { createRevision, modRevision, version, lease },
          {
            createRevision: created,
            modRevision: created + 1,
            version: 2,
            lease: 0n,
          },
        )
      })

      it('starts a new life with version 1 after a deletion', async () => {
        const key = `${prefix()}a`
        const created = await written(key, '1')
        const removed = await store.remove(key, created)
        assert.ok(removed.ok)
        assert.equal(textOf(removed.previous), '1')
        assert.equal((await store.get(key)).value, undefined)
        const again = await written(key, '2')
        const { value } = await store.get(key)
        assert.deepEqual([value!.createRevision, value!.version], [again, 1])
      })

      const stale: [string, (key: string, revision: number) => ReturnType<Store['update']>][] = [
        ['update', (key, revision) => store.update(key, bytes('mine'), revision)],
        ['remove', (key, revision) => store.remove(key, revision)],
      ]
      for (const [verb, run] of stale) {
        it(`refuses to ${verb} what has changed, and shows it`, async () => {
          const key = `${prefix()}a`
          const created = await written(key, 'old')
          const newest = await store.update(key, bytes('new'), created)
          const refused = await run(key, created)
          assert.ok(!refused.ok)
          assert.equal(textOf(refused.current), 'new')
          assert.equal(refused.revision, newest.revision, 'a refused write must not make a revision')
        })

        it(`refuses to ${verb} what does not exist`, async () => {
          const refused = await run(`${prefix()}nothing`, 1)
          assert.ok(!refused.ok)
          assert.equal(refused.current, undefined)
        })

        it(`refuses to ${verb} on the strength of revision 0`, async () => {
          await assert.rejects(async () => run(`${prefix()}nothing`, 0), RangeError)
        })
      }

      it('lets exactly one of many racing writers win', async () => {
        const key = `${prefix()}a`
        const created = await written(key, 'start')
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, i) => store.update(key, bytes(`writer ${i}`), created)),
        )
        assert.equal(results.filter(result => result.ok).length, 1)
        const winner = results.findIndex(result => result.ok)
        assert.equal(textOf((await store.get(key)).value), `writer ${winner}`)
      })

      it('hands back the previous value of an update', async () => {
        const key = `${prefix()}a`
        const result = await store.update(key, bytes('2'), await written(key, '1'))
        assert.ok(result.ok)
        assert.equal(textOf(result.previous), '1')
      })

      const values: [string, Uint8Array][] = [
        ['an empty value', new Uint8Array(0)],
        ['every byte', Uint8Array.from({ length: 256 }, (_, i) => i)],
        ['a megabyte', new Uint8Array(2 ** 20).fill(7)],
      ]
      for (const [what, value] of values) {
        it(`keeps ${what} as it is`, async () => {
          const key = `${prefix()}a`
          await store.create(key, value)
          const read = (await store.get(key)).value!.value
          assert.equal(Buffer.compare(read, value), 0)
        })
      }
    })

    describe('reads', () => {
      const filled = async (names: readonly string[]): Promise<[string, number[]]> => {
        const start = prefix()
        const revisions: number[] = []
        for (const each of names) revisions.push(await written(start + each, each))
        return [start, revisions]
      }
      const keys = (values: readonly StoredValue[], start: string) => values.map(value => value.key.slice(start.length))

      it('gives keys in order of their bytes', async () => {
        const [start] = await filled(['b', 'a', 'ä', 'a/b', 'Z', 'z', '日本'])
        const { values, count, more } = await store.range(start, prefixEnd(start))
        assert.deepEqual(keys(values, start), ['Z', 'a', 'a/b', 'b', 'z', 'ä', '日本'])
        assert.deepEqual([count, more], [7, false])
      })

      it('leaves out the end of the range and everything beyond', async () => {
        const [start] = await filled(['a', 'b', 'c'])
        const { values } = await store.range(`${start}a`, `${start}c`)
        assert.deepEqual(keys(values, start), ['a', 'b'])
      })

      it('gives nothing for a range that is empty or upside down', async () => {
        const [start] = await filled(['a', 'b'])
        assert.deepEqual((await store.range(`${start}x`, `${start}y`)).values, [])
        assert.deepEqual((await store.range(`${start}b`, `${start}a`)).values, [])
      })

      it('pages through a range at one revision while it changes', async () => {
        const [start, revisions] = await filled(['a', 'b', 'c', 'd', 'e'])
        const end = prefixEnd(start)
        const first = await store.range(start, end, { limit: 2 })
        assert.deepEqual(keys(first.values, start), ['a', 'b'])
        assert.deepEqual([first.count, first.more], [5, true])
        await store.remove(`${start}d`, revisions[3]!)
        await written(`${start}cc`, 'new')
        const rest = await store.range(`${first.values.at(-1)!.key}\0`, end, { limit: 3, revision: first.revision })
        assert.deepEqual(keys(rest.values, start), ['c', 'd', 'e'])
        assert.deepEqual([rest.count, rest.more], [3, false])
      })

      it('gives keys without values, or only their number, where asked to', async () => {
        const [start] = await filled(['a', 'b'])
        const end = prefixEnd(start)
        const bare = await store.range(start, end, { keysOnly: true })
        assert.deepEqual(
          bare.values.map(value => [value.key, value.value.length]),
          [
            [`${start}a`, 0],
            [`${start}b`, 0],
          ],
        )
        const counted = await store.range(start, end, { countOnly: true })
        assert.deepEqual([counted.values, counted.count], [[], 2])
      })

      it('sees every write that was acknowledged before', async () => {
        const key = `${prefix()}a`
        let revision = await written(key, '0')
        for (let i = 1; i <= 20; i++) {
          revision = (await store.update(key, bytes(`${i}`), revision)).revision
          assert.equal(textOf((await store.get(key)).value), `${i}`)
          assert.equal(await store.revision(), revision)
        }
      })

      it('rejects a revision that is still to come', async () => {
        const start = prefix()
        const revision = (await store.revision()) + 1000
        await assert.rejects(store.range(start, prefixEnd(start), { revision }), /future/)
      })
    })

    describe('watches', () => {
      const watchOf = (start: string, fromRevision: number) => new Collector(store, start, fromRevision)

      it('replays the past in order and goes on with the present', async () => {
        const start = prefix()
        const first = await written(`${start}a`, '1')
        const second = await store.update(`${start}a`, bytes('2'), first)
        const watch = watchOf(start, first)
        await watch.until(2)
        await store.remove(`${start}a`, second.revision)
        await written(`${start}b`, '3')
        await watch.until(4)
        assert.deepEqual(watch.summary(start), [
          `put a=1 at ${first}`,
          `put a=2 at ${first + 1} was 1`,
          `delete a at ${first + 2} was 2`,
          `put b=3 at ${first + 3}`,
        ])
        await watch.stop()
      })

      it('tells of its own range only', async () => {
        const start = prefix()
        const revision = await store.revision()
        const watch = watchOf(`${start}in/`, revision + 1)
        await written(`${start}i`, 'before')
        await written(`${start}in/a`, 'inside')
        await written(`${start}in0`, 'behind')
        await written(`${start}in/z`, 'inside')
        await watch.until(2)
        assert.deepEqual(watch.keys(), [`${start}in/a`, `${start}in/z`])
        await watch.stop()
      })

      it('soon learns of a revision that writes elsewhere have brought, once somebody asks for it', async () => {
        const [own, other] = [prefix(), prefix()]
        const stop = new AbortController()
        const watch = store.watch(own, prefixEnd(own), { fromRevision: await store.revision(), signal: stop.signal })
        let seen = 0
        const watching = (async () => {
          for await (const { revision } of watch) seen = revision
        })()
        await written(`${own}a`, 'x')
        await written(`${other}a`, 'x')
        const wanted = await store.revision()
        await eventually({ what: `the watch tells of ${wanted}`, everyMs: 10, evidence: () => `${seen}` }, async () => {
          await tried.pass(100)
          return seen >= wanted
        })
        stop.abort()
        await watching
      })

      it('begins at the wanted revision even if that is still to come', async () => {
        const start = prefix()
        const revision = await store.revision()
        const watch = watchOf(start, revision + 3)
        for (const each of ['a', 'b', 'c', 'd']) await written(start + each, each)
        await watch.until(2)
        assert.deepEqual(watch.keys(), [`${start}c`, `${start}d`])
        await watch.stop()
      })

      it('neither loses nor repeats nor reorders under load, wherever it begins', async () => {
        const start = prefix()
        const total = 300
        const from = (await store.revision()) + 1
        const watches = [watchOf(start, from)]
        for (let i = 0; i < total; i++) {
          await written(`${start}${i}`, `${i}`)
          if (i % 100 === 50) watches.push(watchOf(start, from))
        }
        for (const watch of watches) {
          await watch.until(total)
          assert.deepEqual(
            watch.keys(),
            Array.from({ length: total }, (_, i) => `${start}${i}`),
          )
          await watch.stop()
        }
      })

      it('ends when its signal aborts', async () => {
        const start = prefix()
        const watch = watchOf(start, await store.revision())
        await watch.stop()
        assert.equal(watch.failure, undefined)
      })

      it('rejects with CompactedError where the past is gone', async () => {
        const start = prefix()
        const first = await written(`${start}a`, '1')
        const last = await store.update(`${start}a`, bytes('2'), first)
        await store.compact(last.revision)
        const watch = watchOf(start, first)
        await watch.ended
        assert.ok(watch.failure instanceof CompactedError, `it ended with ${watch.failure}`)
        assert.equal(watch.failure.compactRevision, last.revision)
      })
    })

    describe('compaction', () => {
      it('keeps the newest values and forgets the past', async () => {
        const start = prefix()
        const end = prefixEnd(start)
        const first = await written(`${start}a`, '1')
        await written(`${start}b`, '1')
        const last = await store.update(`${start}a`, bytes('2'), first)
        await store.compact(last.revision)
        const { values } = await store.range(start, end)
        assert.deepEqual(values.map(textOf), ['2', '1'])
        await assert.rejects(store.range(start, end, { revision: first }), CompactedError)
        assert.equal((await store.range(start, end, { revision: last.revision })).count, 2)
      })

      it('rejects what is compacted already or still to come', async () => {
        const revision = await written(`${prefix()}a`, '1')
        await store.compact(revision)
        await assert.rejects(store.compact(revision), CompactedError)
        await assert.rejects(store.compact(revision + 1000), /future/)
      })
    })

    describe('leases', () => {
      it('takes its keys away when its time is over, as one change', async () => {
        const start = prefix()
        const lease = await store.grantLease(2)
        await store.create(`${start}a`, bytes('1'), lease)
        const last = await store.create(`${start}b`, bytes('2'), lease)
        await written(`${start}c`, 'stays')
        assert.equal((await store.get(`${start}a`)).value!.lease, lease)
        const watch = new Collector(store, start, last.revision + 2)
        await tried.pass(5000)
        await watch.until(2)
        assert.deepEqual(watch.keys(), [`${start}a`, `${start}b`])
        assert.equal(watch.items.filter(item => item.events.length > 0).length, 1, 'both go in one revision')
        const { values } = await store.range(start, prefixEnd(start))
        assert.deepEqual(values.map(textOf), ['stays'])
        await watch.stop()
      })

      it('refuses a lease that does not exist', async () => {
        await assert.rejects(store.create(`${prefix()}a`, bytes('1'), 12345n), /requested lease not found/)
      })
    })

    it('is healthy', () => store.health())
  })
}

function caseNames(): () => string {
  let count = 0
  return () => `/contract/${process.pid}/${count++}/`
}
