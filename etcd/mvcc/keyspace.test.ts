import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ImageLoader, imageOf } from './image.ts'
import { inRange, Keyspace } from './keyspace.ts'
import { Machine } from './machine.ts'

const bytes = (text: string) => Buffer.from(text)

/** The slow, obvious store: every revision as a map of its own. */
class Model {
  readonly states: Map<string, { value: string; create: number; mod: number; version: number }>[] = [
    new Map(),
    new Map(),
  ]
  get revision(): number {
    return this.states.length - 1
  }
  put(key: string, value: string): void {
    const next = new Map(this.states.at(-1))
    const before = next.get(key)
    const main = this.states.length
    next.set(key, { value, create: before?.create ?? main, mod: main, version: (before?.version ?? 0) + 1 })
    this.states.push(next)
  }
  remove(key: string): boolean {
    if (!this.states.at(-1)!.has(key)) return false
    const next = new Map(this.states.at(-1))
    next.delete(key)
    this.states.push(next)
    return true
  }
  at(revision: number, start: string, end: string) {
    return [...this.states[revision]!]
      .filter(([key]) => inRange(key, start, end))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { value, create, mod, version }]) => [key, value, create, mod, version])
  }
}

function shown(keyspace: Keyspace, revision: number, start: string, end: string) {
  const found: unknown[] = []
  keyspace.scan(start, end, revision, ({ key, value, createRevision, modRevision, version }) => {
    found.push([key, Buffer.from(value).toString(), createRevision, modRevision, version])
    return true
  })
  return found
}

const operation = fc.record({
  kind: fc.constantFrom('put', 'put', 'put', 'remove', 'compact'),
  key: fc.constantFrom('a', 'b', 'b/1', 'b/2', 'c', '\xff', '\xff\x00'),
  value: fc.string({ maxLength: 4 }),
  /** How far compaction stays behind the present. */
  behind: fc.constantFrom(0, 0, 1, 5),
})
const RANGES = [
  ['a', ''],
  ['b', 'c'],
  ['\0', '\0'],
  ['b/', 'b0'],
  ['c', 'b'],
] as const

describe('Keyspace', () => {
  it('shows every revision since compaction as a naive store would, also after being loaded from an image', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), operations => {
        const machine = new Machine()
        const { keyspace } = machine
        const model = new Model()
        for (const { kind, key, value, behind } of operations) {
          if (kind === 'put') {
            model.put(key, value)
            keyspace.put(key, bytes(value), 0n, keyspace.revision + 1, 0)
            keyspace.revision++
          } else if (kind === 'remove' && model.remove(key)) {
            keyspace.remove(key, keyspace.revision + 1, 0)
            keyspace.revision++
          } else if (kind === 'compact' && keyspace.revision - behind > keyspace.compacted)
            keyspace.compact(keyspace.revision - behind)
        }
        const copy = new Machine()
        const loader = new ImageLoader(copy)
        for (const block of imageOf(machine)) loader.push(block)
        loader.finish()
        for (const tried of [keyspace, copy.keyspace]) {
          assert.equal(tried.revision, model.revision)
          const heard = tried.chunkSince(Math.max(2, tried.compacted), 1000).map(record => record.modRevision)
          const first = Math.max(2, tried.compacted)
          assert.deepEqual(heard, model.states.map((_, revision) => revision).slice(first))
          for (let revision = Math.max(1, tried.compacted); revision <= model.revision; revision++) {
            for (const [start, end] of RANGES) {
              assert.deepEqual(shown(tried, revision, start, end), model.at(revision, start, end))
            }
          }
        }
        assert.equal(copy.keyspace.size, keyspace.size)
      }),
      { numRuns: 150 },
    )
  })

  it('hands out history from a revision on, never half of one', () => {
    const keyspace = new Keyspace()
    for (let main = 2; main <= 5; main++) {
      for (let sub = 0; sub < 3; sub++) keyspace.put(`k${sub}`, bytes(''), 0n, main, sub)
      keyspace.revision = main
    }
    const revisions = (from: number, limit: number) =>
      keyspace.chunkSince(from, limit).map(record => record.modRevision)
    assert.deepEqual(revisions(3, 1), [3, 3, 3])
    assert.deepEqual(revisions(3, 4), [3, 3, 3, 4, 4, 4])
    assert.deepEqual(revisions(5, 100), [5, 5, 5])
    assert.deepEqual(revisions(6, 100), [])
  })

  it('forgets what compaction allows, and weighs less', () => {
    const keyspace = new Keyspace()
    for (let main = 2; main <= 101; main++) {
      keyspace.put('often', Buffer.alloc(1000), 0n, main, 0)
      keyspace.revision = main
    }
    keyspace.put('gone', Buffer.alloc(1000), 0n, 102, 0)
    keyspace.revision = 102
    keyspace.remove('gone', 103, 0)
    keyspace.revision = 103
    const before = keyspace.size
    keyspace.compact(103)
    assert.ok(keyspace.size < before / 50, `${before} bytes became ${keyspace.size}`)
    assert.equal(keyspace.keyCount, 2, 'the deletion at the compaction revision is still to be told')
    keyspace.put('often', Buffer.alloc(1000), 0n, 104, 0)
    keyspace.revision = 104
    keyspace.compact(104)
    assert.equal(keyspace.keyCount, 1)
    assert.throws(() => keyspace.checkRevision(103), /compacted/)
    assert.doesNotThrow(() => keyspace.checkRevision(104))
    assert.throws(() => keyspace.checkRevision(105), /future/)
  })
})

describe('inRange', () => {
  const cases: [string, string, string, boolean][] = [
    ['a', 'a', '', true],
    ['ab', 'a', '', false],
    ['a', 'a', 'b', true],
    ['azzz', 'a', 'b', true],
    ['b', 'a', 'b', false],
    ['\xff\xff', 'a', '\0', true],
    ['Z', 'a', '\0', false],
  ]
  for (const [key, start, end, expected] of cases) {
    it(`${JSON.stringify(key)} in [${JSON.stringify(start)}, ${JSON.stringify(end)}): ${expected}`, () => {
      assert.equal(inRange(key, start, end), expected)
    })
  }
})
