import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { dealHand, entropyBits, flowHash } from '../../api/flow/dealing.ts'
import { limitedSpec } from '../../api/flow/suggested.ts'
import type { PriorityLevelConfiguration } from '../../api/types/flowcontrol-v1.ts'
import { Level, Pool, type Waiting } from './level.ts'
import { type Allotment, allot, seatsOfList } from './shares.ts'

const level = (name: string, shares: number, lendable = 0, borrowing?: number): PriorityLevelConfiguration => {
  const spec = limitedSpec({ name, shares, lendable })
  return { metadata: { name }, spec: { ...spec, limited: { ...spec.limited, borrowingLimitPercent: borrowing } } }
}

describe('the shares of levels', () => {
  const cases: [string, PriorityLevelConfiguration[], number, Record<string, [number, number, number]>][] = [
    ['a single one has all', [level('a', 5)], 10, { a: [10, 10, 10] }],
    ['two by shares, rounded up', [level('a', 1), level('b', 2)], 10, { a: [4, 4, 10], b: [7, 7, 10] }],
    ['what is lent is not kept', [level('a', 1, 50), level('b', 1)], 20, { a: [10, 5, 20], b: [10, 10, 20] }],
    ['who may borrow little', [level('a', 1, 0, 50), level('b', 1)], 20, { a: [10, 10, 15], b: [10, 10, 20] }],
    ['who has no share', [level('a', 0), level('b', 1)], 10, { a: [0, 0, 10], b: [10, 10, 10] }],
  ]
  for (const [what, levels, seats, wanted] of cases) {
    it(what, () => {
      const found = [...allot(levels, seats)].map(([name, { nominal, kept, most }]) => [name, [nominal, kept, most]])
      assert.deepEqual(Object.fromEntries(found), wanted)
    })
  }

  const widths: [number, number, number][] = [
    [0, 0, 1],
    [100, 0, 1],
    [101, 0, 2],
    [100_000, 0, 10],
    [100_000, 500, 5],
    [50, 500, 1],
  ]
  for (const [objects, limit, seats] of widths) {
    it(`a list of ${objects} with limit ${limit} takes ${seats}`, () =>
      assert.equal(seatsOfList(objects, limit), seats))
  }
})

describe('a hand', () => {
  it('holds different cards of the deck, whatever the hash', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 2n ** 64n - 1n),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 9 }),
        (hash, deck, size) => {
          const hand = dealHand(hash, deck, size)
          assert.equal(hand.length, Math.min(size, deck))
          assert.equal(new Set(hand).size, hand.length)
          assert.ok(hand.every(card => card >= 0 && card < deck))
        },
      ),
      { seed: 7, numRuns: 300 },
    )
  })

  it('is every hand about as often as any other', () => {
    const seen = new Map<string, number>()
    for (let hash = 0n; hash < 60n; hash++) {
      const key = dealHand(hash, 5, 3).join()
      seen.set(key, (seen.get(key) ?? 0) + 1)
    }
    assert.deepEqual([seen.size, new Set(seen.values())], [60, new Set([1])])
  })

  it('is that of the flow, and hardly ever that of another', () => {
    const hand = (name: string) => dealHand(flowHash('s', name), 128, 6)
    assert.deepEqual(hand('a'), hand('a'))
    const flood = new Set(hand('flood'))
    const hidden = Array.from({ length: 2000 }, (_, index) => hand(`user-${index}`)).filter(cards =>
      cards.every(card => flood.has(card)),
    )
    assert.equal(hidden.length, 0)
  })

  for (const [deck, size, bits] of [
    [64, 6, 36],
    [128, 6, 42],
    [512, 8, 72],
    [1, 1, 0],
  ] as const) {
    it(`${size} of ${deck} need ${bits} bits`, () => assert.equal(entropyBits(deck, size), bits))
  }
})

const allotment = (over: Partial<Allotment>): Allotment => ({ exempt: false, nominal: 2, kept: 2, most: 10, ...over })
const QUEUING = { queues: 16, handSize: 4, queueLengthLimit: 3 }

function levelsOf(seats: number, allotments: Record<string, Partial<Allotment>>) {
  const pool = new Pool(seats)
  const made = Object.entries(allotments).map(([name, over]) => {
    return Object.assign(new Level(name, pool), { allotment: allotment(over), queuing: QUEUING })
  })
  pool.levels = made
  return made as [Level, ...Level[]]
}

const flow = (distinguisher: string) => ({ schema: 's', distinguisher })

describe('a level', () => {
  it('serves flows evenly, however long the queue of one of them is', () => {
    const [only] = levelsOf(1, { a: { nominal: 1, most: 1 } })
    only.queuing = { queues: 64, handSize: 1, queueLengthLimit: 50 }
    only.take(1)
    const order: string[] = []
    const queues = new Map<string, Waiting['queue']>()
    const enter = (name: string) => {
      const waiting = only.enqueue(flow(name), 1, () => order.push(name)) as Waiting
      queues.set(name, waiting.queue)
    }
    for (let index = 0; index < 5; index++) enter('flood')
    for (const name of ['agent', 'agent']) enter(name)
    for (let last: string | undefined = 'first'; last; last = order.at(-1)) {
      const before = order.length
      only.give(1, queues.get(last), 10)
      if (order.length === before) break
    }
    assert.deepEqual(order, ['flood', 'agent', 'flood', 'agent', 'flood', 'flood', 'flood'])
  })

  it('charges a flow for the time that its requests took', () => {
    const [only] = levelsOf(1, { a: { nominal: 1, most: 1 } })
    only.queuing = { queues: 64, handSize: 1, queueLengthLimit: 50 }
    only.take(1)
    const order: string[] = []
    const queues = new Map<string, Waiting['queue']>()
    for (const name of ['slow', 'slow', 'slow', 'quick', 'quick', 'quick', 'quick']) {
      queues.set(name, (only.enqueue(flow(name), 1, () => order.push(name)) as Waiting).queue)
    }
    only.give(1)
    while (order.length < 7) only.give(1, queues.get(order.at(-1)!), order.at(-1) === 'slow' ? 100 : 10)
    assert.deepEqual(order, ['slow', 'quick', 'quick', 'quick', 'quick', 'slow', 'slow'])
  })

  it('refuses whose hand is full, and nobody else', () => {
    const [only] = levelsOf(1, { a: { nominal: 1, most: 1 } })
    only.take(1)
    const enter = (name: string) => only.enqueue(flow(name), 1, () => {})
    for (let index = 0; index < 12; index++) assert.notEqual(typeof enter('flood'), 'string')
    assert.equal(enter('flood'), 'queue-full')
    assert.notEqual(typeof enter('agent'), 'string')
  })

  it('without queues refuses at once', () => {
    const [only] = levelsOf(1, { a: { nominal: 1, most: 1 } })
    only.queuing = undefined
    only.take(1)
    assert.equal(
      only.enqueue(flow('a'), 1, () => {}),
      'concurrency-limit',
    )
  })

  it('borrows what others do not keep, and never what is theirs', () => {
    const [greedy, careful] = levelsOf(10, { greedy: { nominal: 4, kept: 4 }, careful: { nominal: 6, kept: 3 } }) as [
      Level,
      Level,
    ]
    let taken = 0
    while (greedy.hasRoom(1)) {
      greedy.take(1)
      taken++
    }
    assert.equal(taken, 7)
    for (let index = 0; index < 6; index++) {
      assert.ok(careful.hasRoom(1), `its seat ${index}`)
      careful.take(1)
    }
  })

  it('lets in who waits when another level gives back what it had borrowed', () => {
    const [a, b] = levelsOf(4, { a: { nominal: 2, kept: 0 }, b: { nominal: 2, kept: 0 } }) as [Level, Level]
    for (let index = 0; index < 4; index++) a.take(1)
    const started: string[] = []
    for (let index = 0; index < 2; index++) b.take(1)
    assert.equal(b.hasRoom(1), false)
    b.enqueue(flow('x'), 1, () => started.push('x'))
    a.give(1)
    a.give(1)
    assert.deepEqual(started, [])
    a.give(1)
    assert.deepEqual(started, ['x'])
  })

  it('that is exempt is always let in', () => {
    const [exempt] = levelsOf(1, { exempt: { exempt: true, nominal: 0 } })
    for (let index = 0; index < 100; index++) {
      assert.ok(exempt.hasRoom(1))
      exempt.take(1)
    }
  })

  it('forgets who went away', () => {
    const [only] = levelsOf(1, { a: { nominal: 1, most: 1 } })
    only.take(1)
    const started: string[] = []
    const gone = only.enqueue(flow('a'), 1, () => started.push('gone')) as Waiting
    only.enqueue(flow('a'), 1, () => started.push('stays'))
    only.forget(gone)
    only.give(1)
    assert.deepEqual([started, only.waiting, only.running], [['stays'], 0, 1])
  })
})
