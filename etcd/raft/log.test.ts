import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { RaftLog } from './log.ts'
import { type Entry, NO_SNAPSHOT } from './message.ts'

const entry = (index: number, term: number, bytes = 0): Entry => ({
  index,
  term,
  type: 'normal',
  data: new Uint8Array(bytes),
})
/** Entries with these terms, from `first` on. */
const entries = (terms: number[], first = 1) => terms.map((term, at) => entry(first + at, term))
const termsOf = (log: RaftLog) => log.slice(log.firstIndex, log.lastIndex).map(({ term }) => term)

function unstableLog(terms: number[], commit = 0): RaftLog {
  const log = new RaftLog(NO_SNAPSHOT, [], 0)
  log.merge(entries(terms))
  log.commitTo(commit)
  return log
}

describe('taking over entries', () => {
  const cases: { has: number[]; from: number; gets: number[]; becomes: number[] }[] = [
    { has: [], from: 1, gets: [1, 1], becomes: [1, 1] },
    { has: [1, 1], from: 3, gets: [2], becomes: [1, 1, 2] },
    { has: [1, 1, 1], from: 1, gets: [1, 1], becomes: [1, 1, 1] },
    { has: [1, 1, 1], from: 2, gets: [1, 1, 1], becomes: [1, 1, 1, 1] },
    { has: [1, 1, 1], from: 2, gets: [2], becomes: [1, 2] },
    { has: [1, 1, 1, 1], from: 2, gets: [1, 3], becomes: [1, 1, 3] },
    { has: [1, 1], from: 3, gets: [], becomes: [1, 1] },
  ]
  for (const { has, from, gets, becomes } of cases) {
    it(`[${has}] with [${gets}] from ${from} on becomes [${becomes}]`, () => {
      const log = unstableLog(has)
      log.merge(entries(gets, from))
      assert.deepEqual(termsOf(log), becomes)
    })
  }

  it('never cuts off what is committed', () => {
    assert.throws(() => unstableLog([1, 1, 1], 2).merge(entries([2], 2)), /committed already/)
  })
})

describe('whose log is up to date', () => {
  const cases: [number, number, boolean][] = [
    [3, 2, true],
    [2, 2, false],
    [4, 2, true],
    [1, 3, true],
    [9, 1, false],
  ]
  for (const [lastIndex, lastTerm, expected] of cases) {
    it(`${lastIndex}.${lastTerm} against 3.2: ${expected}`, () => {
      assert.equal(unstableLog([1, 1, 2]).isUpToDate(lastIndex, lastTerm), expected)
    })
  }
})

describe('the way of entries to the disk', () => {
  it('hands each out once, and counts them as durable when the write is', () => {
    const log = unstableLog([1, 1])
    assert.equal(log.takeUnstable().length, 2)
    assert.equal(log.hasUnstable, false)
    assert.equal(log.stable, 0)
    log.push(entry(3, 1))
    log.persisted()
    assert.equal(log.stable, 2)
    assert.deepEqual(
      log.takeUnstable().map(({ index }) => index),
      [3],
    )
  })

  it('does not count what was cut off while it was being written', () => {
    const log = unstableLog([1, 1, 1])
    log.takeUnstable()
    log.merge([entry(2, 2), entry(3, 2)])
    log.persisted()
    assert.equal(log.stable, 1)
    assert.deepEqual(
      log.takeUnstable().map(({ index, term }) => [index, term]),
      [
        [2, 2],
        [3, 2],
      ],
    )
  })

  it('hands out to apply what is committed and durable, each once', () => {
    const log = unstableLog([1, 1, 1], 3)
    assert.equal(log.takeCommitted(9).length, 0)
    log.takeUnstable()
    log.persisted()
    assert.deepEqual(
      log.takeCommitted(2).map(({ index }) => index),
      [1, 2],
    )
    assert.deepEqual(
      log.takeCommitted(9).map(({ index }) => index),
      [3],
    )
    assert.deepEqual(log.takeCommitted(9), [])
  })
})

describe('a log after a snapshot', () => {
  it('knows the term of the last entry that it forgot, and of none before', () => {
    const log = new RaftLog({ index: 5, term: 2, members: [] }, entries([2, 3], 6), 6)
    assert.deepEqual(
      [4, 5, 6, 7, 8].map(index => log.term(index)),
      [undefined, 2, 2, 3, undefined],
    )
    assert.equal(log.commit, 6)
  })

  it('does not believe a commit index beyond its end, or before the snapshot', () => {
    const snapshot = { index: 5, term: 2, members: [] }
    assert.equal(new RaftLog(snapshot, [], 9).commit, 5)
    assert.equal(new RaftLog(snapshot, entries([2], 6), 1).commit, 5)
  })

  it('keeps the rest when it is compacted, and compacts only what was handed out', () => {
    const log = new RaftLog(NO_SNAPSHOT, entries([1, 1, 2, 2]), 3)
    assert.throws(() => log.compact(3))
    log.takeCommitted(9)
    log.compact(3)
    assert.deepEqual([log.firstIndex, log.lastIndex, log.term(3)], [4, 4, 2])
    log.compact(2)
    assert.equal(log.firstIndex, 4)
  })

  it('begins anew with a snapshot from the leader', () => {
    const log = unstableLog([1, 1, 1])
    log.restore({ index: 9, term: 4, members: [] })
    assert.deepEqual([log.firstIndex, log.lastIndex, log.commit, log.stable], [10, 9, 9, 9])
  })
})

describe('a slice', () => {
  const log = new RaftLog(NO_SNAPSHOT, [entry(1, 1, 100), entry(2, 1, 100), entry(3, 1, 100)], 0)
  const cases: [number, number][] = [
    [1, 1],
    [115, 1],
    [232, 2],
    [1000, 3],
  ]
  for (const [bytes, count] of cases) {
    it(`of ${bytes} bytes holds ${count}`, () => assert.equal(log.slice(1, 3, bytes).length, count))
  }
})

describe('finding common ground', () => {
  it('is never further back than needed, and never skips it', () => {
    const terms = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 12 })
    const rising = terms.map(steps =>
      steps.map((_, at) => 1 + steps.slice(0, at + 1).reduce((sum, step) => sum + step, 0)),
    )
    fc.assert(
      fc.property(rising, rising, (mine, theirs) => {
        const [follower, leader] = [unstableLog(mine), unstableLog(theirs)]
        const index = Math.min(follower.lastIndex, leader.lastIndex)
        const hint = follower.lastIndexUpToTerm(index, leader.term(index)!)
        const next = leader.lastIndexUpToTerm(hint, follower.term(hint)!)
        const common = Math.max(
          0,
          ...mine.flatMap((term, at) => (theirs[at] === term && sameUpTo(mine, theirs, at) ? [at + 1] : [])),
        )
        assert.ok(next >= common, `tries ${next}, but ${common} is common`)
      }),
    )
  })
})

function sameUpTo(a: number[], b: number[], last: number): boolean {
  return a.slice(0, last + 1).every((term, at) => b[at] === term)
}
