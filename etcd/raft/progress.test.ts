import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Progress } from './progress.ts'

function replicating(match: number, window = 3): Progress {
  const progress = new Progress(match + 1, window)
  progress.accepted(match)
  return progress
}

describe('probing', () => {
  it('sends one message at a time', () => {
    const progress = new Progress(5, 3)
    assert.equal(progress.paused, false)
    progress.sent(7, 3)
    assert.equal(progress.paused, true)
    assert.equal(progress.next, 5)
    progress.alive(9)
    assert.equal(progress.paused, false)
  })

  it('goes back to the hint, but not before what is known to match', () => {
    const progress = new Progress(10, 3)
    assert.equal(progress.rejected(9, 4), true)
    assert.equal(progress.next, 5)
    progress.accepted(4)
    progress.unreachable()
    assert.equal(progress.rejected(4, 0), false)
    assert.equal(progress.next, 5)
  })

  it('ignores rejections of other messages', () => {
    const progress = new Progress(10, 3)
    assert.equal(progress.rejected(7, 3), false)
    assert.equal(progress.next, 10)
  })
})

describe('replicating', () => {
  it('sends on until the window is full, and again when answers come', () => {
    const progress = replicating(4)
    for (const last of [5, 6, 7]) progress.sent(last, 1)
    assert.deepEqual([progress.next, progress.paused], [8, true])
    progress.accepted(6)
    assert.deepEqual([progress.match, progress.next, progress.paused], [6, 8, false])
  })

  it('does not count messages without entries', () => {
    const progress = replicating(4, 1)
    progress.sent(4, 0)
    assert.equal(progress.paused, false)
  })

  it('lets one more message through a full window on a sign of life', () => {
    const progress = replicating(4, 1)
    progress.sent(5, 1)
    assert.equal(progress.paused, true)
    progress.alive(5)
    assert.deepEqual([progress.paused, progress.mustAsk], [false, true])
  })

  it('probes from what is known to match after a rejection or a broken connection', () => {
    for (const trouble of [(p: Progress) => p.rejected(6, 6), (p: Progress) => p.unreachable()]) {
      const progress = replicating(4)
      progress.sent(6, 2)
      trouble(progress)
      assert.deepEqual([progress.state, progress.next], ['probe', 5])
    }
  })

  it('tells news from repetitions', () => {
    const progress = replicating(4)
    progress.sent(6, 2)
    assert.deepEqual([progress.accepted(6), progress.accepted(6), progress.accepted(5)], [true, false, false])
    assert.equal(progress.match, 6)
  })
})

describe('sending a snapshot', () => {
  it('sends nothing else until its end', () => {
    const progress = replicating(4)
    progress.sentSnapshot(20)
    assert.equal(progress.paused, true)
    progress.alive(30)
    assert.equal(progress.paused, true)
    assert.equal(progress.rejected(4, 0), false)
  })

  it('goes on after it when it has been taken over', () => {
    const progress = replicating(4)
    progress.sentSnapshot(20)
    progress.accepted(20)
    assert.deepEqual([progress.state, progress.next], ['replicate', 21])
  })

  const ends: [boolean, number][] = [
    [true, 21],
    [false, 5],
  ]
  for (const [arrived, next] of ends) {
    it(`${arrived ? 'that arrived' : 'that failed'}: waits for a sign of life, then tries from ${next}`, () => {
      const progress = replicating(4)
      progress.sentSnapshot(20)
      progress.snapshotEnded(arrived)
      assert.deepEqual([progress.state, progress.next, progress.paused], ['probe', next, true])
      progress.alive(30)
      assert.equal(progress.paused, false)
    })
  }
})
