import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DeleteRangeRequest, PutRequest } from '../proto/messages.ts'
import { Command } from './command.ts'
import { Machine } from './machine.ts'
import type { WatchBatch } from './watch.ts'

class Listener {
  readonly heard: string[] = []
  compactedAt: number | undefined
  room = Number.POSITIVE_INFINITY

  events({ revision, events }: WatchBatch): boolean {
    this.heard.push(`${revision}:${events.map(({ key, deleted }) => (deleted ? `-${key}` : key)).join('+')}`)
    return --this.room > 0
  }
  compacted(revision: number): void {
    this.compactedAt = revision
  }
}

function setUp() {
  const machine = new Machine()
  const put = (key: string) => void machine.apply(Command.of({ put: PutRequest.of({ key }) }))
  const remove = (key: string, rangeEnd = '') =>
    void machine.apply(Command.of({ deleteRange: DeleteRangeRequest.of({ key, rangeEnd }) }))
  const watch = (start: string, end: string, from = 0, listener = new Listener()) => {
    const watcher = machine.hub.watch({ start, end, from, listener })
    return { watcher, listener }
  }
  return { machine, put, remove, watch }
}

describe('WatchHub', () => {
  const ranges: [string, string, string, string[]][] = [
    ['one key', 'b', '', ['3:b', '6:-b']],
    ['a range', 'a', 'c', ['2:a', '3:b', '6:-a+-b']],
    ['from a key on', 'b', '\0', ['3:b', '4:c', '5:d', '6:-b']],
    ['nothing', 'x', 'y', []],
  ]
  for (const [what, start, end, expected] of ranges) {
    for (const when of ['before', 'after'] as const) {
      it(`tells of ${what}, begun ${when} it happened`, () => {
        const { machine, put, remove, watch } = setUp()
        const { watcher, listener } = watch(start, end, when === 'before' ? 0 : 1)
        if (when === 'before') watcher.resume()
        for (const key of ['a', 'b', 'c', 'd']) put(key)
        remove('a', 'c')
        if (when === 'after') watcher.resume()
        const heard =
          when === 'before' ? listener.heard : listener.heard.flatMap(line => splitByRevision(machine, line))
        assert.deepEqual(heard, expected)
        assert.ok(watcher.synced)
      })
    }
  }

  it('keeps nothing for a listener that has enough, and goes on from there without a gap', () => {
    const { put, watch } = setUp()
    const { watcher, listener } = watch('k', 'l')
    watcher.resume()
    listener.room = 2
    for (let i = 0; i < 5; i++) put(`k${i}`)
    assert.deepEqual(listener.heard, ['2:k0', '3:k1'])
    assert.equal(watcher.synced, false)
    listener.room = Number.POSITIVE_INFINITY
    watcher.resume()
    put('k5')
    assert.deepEqual(listener.heard.slice(2), ['6:k2+k3+k4', '7:k5'])
  })

  it('says nothing of what came before the wanted revision', () => {
    const { put, watch } = setUp()
    const { watcher, listener } = watch('k', '', 4)
    watcher.resume()
    for (let i = 0; i < 4; i++) put('k')
    assert.deepEqual(listener.heard, ['4:k', '5:k'])
  })

  it('ends where compaction has overtaken it', () => {
    const { machine, put, watch } = setUp()
    for (let i = 0; i < 4; i++) put('k')
    machine.apply(Command.of({ compaction: { revision: 4, physical: false } }))
    const late = watch('k', '', 3)
    late.watcher.resume()
    assert.equal(late.listener.compactedAt, 4)
    const early = watch('k', '', 4)
    early.watcher.resume()
    assert.deepEqual(early.listener.heard, ['5:k+k'])
    put('k')
    assert.deepEqual(late.listener.heard, [])
  })

  it('is quiet after it was closed, and counts who is left', () => {
    const { machine, put, watch } = setUp()
    const [a, b] = [watch('k', ''), watch('k', 'l')]
    a.watcher.resume()
    b.watcher.resume()
    assert.equal(machine.hub.watcherCount, 2)
    a.watcher.close()
    put('k')
    assert.deepEqual([a.listener.heard, b.listener.heard, machine.hub.watcherCount], [[], ['2:k'], 1])
  })
})

/** The past comes in one batch of many revisions: told apart again, to compare it with the present. */
function splitByRevision(machine: Machine, line: string): string[] {
  const wanted = new Set(line.slice(line.indexOf(':') + 1).split('+'))
  const byRevision = new Map<number, string[]>()
  for (const { key, deleted, modRevision } of machine.keyspace.chunkSince(1, 100)) {
    const name = deleted ? `-${key}` : key
    if (wanted.has(name)) byRevision.set(modRevision, [...(byRevision.get(modRevision) ?? []), name])
  }
  return [...byRevision].map(([revision, names]) => `${revision}:${names.join('+')}`)
}
