import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../platform/clock.ts'
import { startTestServer } from '../testing.ts'
import { Compaction } from './compaction.ts'
import { createMemoryStore } from './memory.ts'
import { CompactedError } from './store.ts'

const value = Buffer.from('x')

describe('the past of the store', () => {
  it('is kept for an interval, and then forgotten', async () => {
    const store = createMemoryStore(new FakeClock())
    const compaction = new Compaction(store)
    const at = async (revision: number) => (await store.range('/a', '/b', { revision })).values[0]!.modRevision
    const first = (await store.create('/a', value)).revision
    await compaction.turn()
    const second = (await store.update('/a', value, first)).revision
    const third = (await store.update('/a', value, second)).revision
    await compaction.turn()
    assert.deepEqual([await at(first), await at(second), await at(third)], [first, second, third])
    await store.create('/b', value)
    await compaction.turn()
    await assert.rejects(at(first), CompactedError)
    await assert.rejects(at(second), CompactedError)
    assert.equal(await at(third), third)
    assert.equal((await store.range('/a', '/b')).values.length, 1)
  })

  it('is forgotten once by several servers', async () => {
    const store = createMemoryStore(new FakeClock())
    const [one, two] = [new Compaction(store), new Compaction(store)]
    await store.create('/a', value)
    for (const compaction of [one, two]) await compaction.turn()
    await store.create('/b', value)
    for (const compaction of [one, two, one, two]) await compaction.turn()
    assert.equal((await store.range('/', '0')).values.length, 2)
  })

  for (const [what, compactionIntervalMs, forgotten] of [
    ['every five minutes', undefined, true],
    ['never, where that is wanted', 0, false],
  ] as const) {
    it(`is forgotten ${what}`, async () => {
      const server = await startTestServer({ compactionIntervalMs })
      const path = '/api/v1/namespaces/default/configmaps'
      const compacted = async () => {
        server.clock.advance(300_000)
        for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve))
        return (await server.call('GET', `${path}?resourceVersion=1&resourceVersionMatch=Exact`)).status === 410
      }
      const seen: boolean[] = []
      for (let turn = 0; turn < 3; turn++) {
        await server.call('POST', path, { body: { metadata: { name: `b${turn}` } } })
        seen.push(await compacted())
      }
      assert.equal(seen.at(-1), forgotten)
      await server.server.close()
    })
  }
})
