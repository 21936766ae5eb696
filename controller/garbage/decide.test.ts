import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Item, isWaitingForDependents, judge, type OwnerState, type Verdict } from './decide.ts'

function item(owners: string[], extra: Partial<Item> = {}): Item {
  const references = owners.map(uid => ({ apiVersion: 'v1', kind: 'Pod', name: uid, uid }))
  return { uid: 'x', owners: references, finalizers: [], isDeleting: false, ...extra }
}

const none = { any: false, blocking: 0, circle: false }
const some = { any: true, blocking: 1, circle: false }
const deleting = (finalizer: string) => item([], { isDeleting: true, finalizers: [finalizer] })

describe('judge', () => {
  const cases: [string, Item, Record<string, OwnerState>, typeof none, Verdict][] = [
    ['nobody owns it', item([]), {}, none, { do: 'nothing' }],
    ['its owner lives', item(['a']), { a: 'alive' }, none, { do: 'nothing' }],
    ['its owner is gone', item(['a']), { a: 'absent' }, none, { do: 'delete', propagation: 'Background' }],
    ['one of two is gone', item(['a', 'b']), { a: 'absent', b: 'alive' }, none, { do: 'drop-owners', uids: ['a'] }],
    ['one of two waits', item(['a', 'b']), { a: 'waiting', b: 'alive' }, none, { do: 'drop-owners', uids: ['a'] }],
    ['its owner waits for it', item(['a']), { a: 'waiting' }, none, { do: 'delete', propagation: 'Background' }],
    [
      'its owner waits, and it has dependents',
      item(['a']),
      { a: 'waiting' },
      some,
      { do: 'delete', propagation: 'Foreground' },
    ],
    [
      'one owner waits, another is gone, and it has dependents',
      item(['a', 'b']),
      { a: 'absent', b: 'waiting' },
      some,
      { do: 'delete', propagation: 'Foreground' },
    ],
    [
      'it was to wait for its dependents',
      item(['a'], { finalizers: ['foregroundDeletion'] }),
      { a: 'absent' },
      none,
      { do: 'delete', propagation: 'Foreground' },
    ],
    ['a circle of waiting', deleting('foregroundDeletion'), {}, { ...some, circle: true }, { do: 'stop-blocking' }],
    [
      'it was to leave its dependents',
      item(['a'], { finalizers: ['orphan'] }),
      { a: 'absent' },
      none,
      { do: 'delete', propagation: 'Orphan' },
    ],
    ['going: nothing more to do', item(['a'], { isDeleting: true }), { a: 'absent' }, none, { do: 'nothing' }],
    ['foreground with dependents', deleting('foregroundDeletion'), {}, some, { do: 'wait-for-dependents' }],
    [
      'foreground without',
      deleting('foregroundDeletion'),
      {},
      none,
      { do: 'remove-finalizer', finalizer: 'foregroundDeletion' },
    ],
    [
      'foreground, none of them blocks',
      deleting('foregroundDeletion'),
      {},
      { ...some, blocking: 0 },
      { do: 'remove-finalizer', finalizer: 'foregroundDeletion' },
    ],
    ['orphan with dependents', deleting('orphan'), {}, some, { do: 'orphan-dependents' }],
    ['orphan without', deleting('orphan'), {}, none, { do: 'remove-finalizer', finalizer: 'orphan' }],
    ['another finalizer is not ours', deleting('example.com/x'), {}, none, { do: 'nothing' }],
  ]
  for (const [name, subject, owners, dependents, expected] of cases) {
    it(name, () =>
      assert.deepEqual(
        judge(subject, owner => owners[owner.uid]!, dependents),
        expected,
      ),
    )
  }
})

describe('isWaitingForDependents', () => {
  const cases: [string, Item, boolean][] = [
    ['going, and to wait for them', deleting('foregroundDeletion'), true],
    ['going, and to leave them', deleting('orphan'), false],
    ['to wait for them, but not asked to go', item([], { finalizers: ['foregroundDeletion'] }), false],
    ['neither', item([]), false],
  ]
  for (const [name, subject, expected] of cases) it(name, () => assert.equal(isWaitingForDependents(subject), expected))
})

/** A world of objects in which verdicts are carried out at once. */
class World {
  readonly items = new Map<string, { item: Item; blocks: boolean }>()

  judge(uid: string): Verdict {
    const blocking = this.#dependentsOf(uid, true)
    return judge(
      this.items.get(uid)!.item,
      ({ uid: owner }) => {
        const known = this.items.get(owner)
        return !known ? 'absent' : isWaitingForDependents(known.item) ? 'waiting' : 'alive'
      },
      { any: this.#dependentsOf(uid).length > 0, blocking: blocking.length, circle: this.#reaches(blocking, uid) },
    )
  }

  #dependentsOf(uid: string, blockingOnly = false): string[] {
    const found = [...this.items].filter(([, { item, blocks }]) => {
      return item.owners.some(owner => owner.uid === uid) && (blocks || !blockingOnly)
    })
    return found.map(([name]) => name)
  }

  #reaches(from: string[], uid: string, depth = 0): boolean {
    if (from.includes(uid)) return true
    return depth < 6 && from.some(next => this.#reaches(this.#dependentsOf(next, true), uid, depth + 1))
  }

  carryOut(uid: string, verdict: Verdict): void {
    const entry = this.items.get(uid)!
    const { item } = entry
    if (verdict.do === 'drop-owners')
      this.#set(uid, { owners: item.owners.filter(owner => !verdict.uids.includes(owner.uid)) })
    if (verdict.do === 'stop-blocking') entry.blocks = false
    if (verdict.do === 'delete') this.delete(uid, verdict.propagation)
    if (verdict.do === 'remove-finalizer') this.items.delete(uid)
    if (verdict.do !== 'orphan-dependents') return
    for (const [other, { item: dependent }] of this.items) {
      this.#set(other, { owners: dependent.owners.filter(owner => owner.uid !== uid) })
    }
  }

  delete(uid: string, propagation: string): void {
    const finalizers = { Background: [], Foreground: ['foregroundDeletion'], Orphan: ['orphan'] }[propagation] ?? []
    if (finalizers.length === 0) this.items.delete(uid)
    else this.#set(uid, { isDeleting: true, finalizers })
  }

  #set(uid: string, change: Partial<Item>): void {
    const entry = this.items.get(uid)!
    entry.item = { ...entry.item, ...change }
  }
}

describe('garbage collection of random worlds', () => {
  const uids = ['a', 'b', 'c', 'd', 'e', 'f']
  const objects = fc.array(
    fc.record({ owners: fc.uniqueArray(fc.constantFrom(...uids), { maxLength: 2 }), blocks: fc.boolean() }),
    { minLength: 6, maxLength: 6 },
  )
  const deletions = fc.array(
    fc.record({ uid: fc.constantFrom(...uids), how: fc.constantFrom('Background', 'Foreground', 'Orphan') }),
    { minLength: 1, maxLength: 3 },
  )

  it('never deletes what has a live owner, and comes to rest', () => {
    fc.assert(
      fc.property(objects, deletions, (plan, asked) => {
        const world = new World()
        plan.forEach(({ owners, blocks }, i) => {
          world.items.set(uids[i]!, { item: item(owners, { uid: uids[i]! }), blocks })
        })
        for (const { uid, how } of asked) if (world.items.has(uid)) world.delete(uid, how)
        let moved = true
        for (let round = 0; moved; round++) {
          assert.ok(round < 100, 'does not come to rest')
          moved = false
          for (const uid of [...world.items.keys()]) {
            if (!world.items.has(uid)) continue
            const { item: subject } = world.items.get(uid)!
            const isAlive = (owner: string) =>
              world.items.has(owner) && !isWaitingForDependents(world.items.get(owner)!.item)
            const verdict = world.judge(uid)
            if (verdict.do === 'nothing' || verdict.do === 'wait-for-dependents') continue
            if (verdict.do === 'delete')
              assert.ok(!subject.owners.some(owner => isAlive(owner.uid)), `${uid} had a live owner`)
            world.carryOut(uid, verdict)
            moved = true
          }
        }
        const stuck = [...world.items.values()].filter(({ item: left }) => left.isDeleting)
        assert.deepEqual(stuck, [], 'nothing is left half deleted')
      }),
      { numRuns: 500 },
    )
  })
})
