import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnavailableError } from './errors.ts'
import { Membership } from './membership.ts'
import { ReadQueue } from './read-queue.ts'
import { ReadRounds } from './reads.ts'

const three = new Membership(['A', 'B', 'C'].map(id => ({ id, learner: false, context: '' })))

describe('rounds of proof', () => {
  it('settle with a majority, and with the index that was committed when they began', () => {
    const rounds = new ReadRounds()
    const number = rounds.open([{ from: 'A', context: 1 }], 7, 'A')
    assert.deepEqual(rounds.takeSettled(three), [])
    rounds.acknowledge('B', number)
    assert.deepEqual(rounds.takeSettled(three), [{ request: { from: 'A', context: 1 }, index: 7 }])
    assert.deepEqual(rounds.takeSettled(three), [])
  })

  it('are proved by answers to later ones, not to earlier ones', () => {
    const rounds = new ReadRounds()
    const first = rounds.open([{ from: 'A', context: 1 }], 7, 'A')
    const second = rounds.open([{ from: 'A', context: 2 }], 9, 'A')
    rounds.acknowledge('B', first)
    assert.deepEqual(
      rounds.takeSettled(three).map(({ index }) => index),
      [7],
    )
    rounds.acknowledge('C', second)
    assert.deepEqual(
      rounds.takeSettled(three).map(({ index }) => index),
      [9],
    )
    rounds.open([{ from: 'A', context: 3 }], 11, 'A')
    rounds.open([{ from: 'A', context: 4 }], 12, 'A')
    rounds.acknowledge('B', rounds.newest)
    assert.deepEqual(
      rounds.takeSettled(three).map(({ index }) => index),
      [11, 12],
    )
  })

  it('count no member twice, and nobody who is no voter', () => {
    const five = new Membership(['A', 'B', 'C', 'D', 'E'].map(id => ({ id, learner: id === 'E', context: '' })))
    const rounds = new ReadRounds()
    const number = rounds.open([{ from: 'A', context: 1 }], 7, 'A')
    for (const id of ['B', 'B', 'E', 'X']) rounds.acknowledge(id, number)
    assert.deepEqual(rounds.takeSettled(five), [])
    rounds.acknowledge('C', number)
    assert.equal(rounds.takeSettled(five).length, 1)
  })
})

describe('waiting readers', () => {
  it('share one question, and wait until its answer has been applied', async () => {
    const queue = new ReadQueue(100)
    const reads = [queue.add(9), queue.add(9)]
    const question = queue.takeQuestion(0)!
    assert.equal(question, 101)
    const later = queue.add(9)
    assert.equal(queue.takeQuestion(0), undefined)
    queue.answered(question, 7)
    queue.applied(6)
    queue.applied(8)
    assert.deepEqual(await Promise.all(reads), [7, 7])
    queue.answered(queue.takeQuestion(1)!, 8)
    assert.equal(await later, 8)
  })

  it('ask again when no answer comes, and ignore a late one', async () => {
    const queue = new ReadQueue(0)
    const read = queue.add(1000)
    const lost = queue.takeQuestion(0)!
    queue.tick(100, 100)
    const again = queue.takeQuestion(100)!
    queue.answered(lost, 3)
    queue.answered(again, 5)
    queue.applied(5)
    assert.equal(await read, 5)
  })

  it('give up at their deadline', async () => {
    const queue = new ReadQueue(0)
    const read = queue.add(200)
    queue.takeQuestion(0)
    queue.tick(250, 100)
    await assert.rejects(read, UnavailableError)
  })

  it('are all told when the member stops', async () => {
    const queue = new ReadQueue(0)
    const settled = queue.add(9)
    queue.answered(queue.takeQuestion(0)!, 7)
    const asked = queue.add(9)
    queue.takeQuestion(0)
    const waiting = queue.add(9)
    queue.rejectAll(new Error('stopped'))
    for (const read of [settled, asked, waiting]) await assert.rejects(read, /stopped/)
  })
})
