import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { CorruptionWatch, disagreeing, type KeyHash } from './corruption.ts'

/** Hash and compaction of each member; `a` is the one that asks. */
type Answers = Record<string, [hash: number, compacted?: number]>

const answersOf = (answers: Answers) =>
  new Map(Object.entries(answers).map(([id, [hash, compacted = 1]]): [string, KeyHash] => [id, { hash, compacted }]))

describe('disagreeing', () => {
  const cases: [string, Answers, string[]][] = [
    ['nobody where all are alike', { a: [7], b: [7], c: [7] }, []],
    ['nobody where it is alone', { a: [7] }, []],
    ['the one that differs from the others', { a: [7], b: [8], c: [7] }, ['b']],
    ['the asker itself, where the others agree', { a: [8], b: [7], c: [7] }, ['a']],
    ['two of five', { a: [7], b: [8], c: [7], d: [9], e: [7] }, ['b', 'd']],
    ['everybody where no answer has a majority', { a: [7], b: [8] }, ['a', 'b']],
    ['nobody that has compacted differently', { a: [7], b: [8, 5], c: [7] }, []],
    ['nobody where the asker itself has not answered', { b: [8], c: [7] }, []],
  ]
  for (const [what, answers, expected] of cases) {
    it(`names ${what}`, () => assert.deepEqual(disagreeing(answersOf(answers), 'a'), expected))
  }
})

describe('CorruptionWatch', () => {
  it('compares at the revision of the leader, while it leads, those that answer', async () => {
    const clock = new FakeClock()
    const raised: string[] = []
    const asked: string[] = []
    let leads = false
    const answer = async (id: string, revision: number) => {
      asked.push(`${id} ${revision}`)
      if (id === 'd') throw new Error('it is away')
      return { compacted: 1, hash: id === 'c' ? 1 : 2 }
    }
    const member = {
      id: 'a',
      get isLeader() {
        return leads
      },
      revision: 42,
      roster: { list: () => ['a', 'b', 'c', 'd'].map(id => ({ id })) },
      keyHash: (revision: number) => answer('a', revision),
      raise: (_alarm: number, id: string) => raised.push(id),
    }
    const call = async (id: string, _method: string, revision: Uint8Array) =>
      Buffer.from(JSON.stringify(await answer(id, Number(revision.toString()))))
    const watch = new CorruptionWatch(member, { clock, log: new MemoryLog(), network: { call } })
    watch.start(1000)
    clock.advance(1000)
    assert.deepEqual(asked, [])
    leads = true
    clock.advance(1000)
    await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(asked, ['a 42', 'b 42', 'c 42', 'd 42'])
    assert.deepEqual(raised, ['c'])
    watch.stop()
    clock.advance(5000)
    assert.equal(asked.length, 4)
  })
})
