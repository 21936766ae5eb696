import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { systemDisk } from '../../platform/disk.ts'
import type { SnapshotMeta } from '../raft/message.ts'
import { SnapshotDamageError, SnapshotStore } from './store.ts'

let directory: string
let store: SnapshotStore

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubox-snap-'))
  store = new SnapshotStore(systemDisk, directory)
})
afterEach(() => rm(directory, { recursive: true }))

const meta = (index: number): SnapshotMeta => ({ index, term: 2, members: [{ id: 'a', learner: false, context: 'ü' }] })

const damaged = (error: unknown) =>
  error instanceof SnapshotDamageError && /damaged at offset|is not a snapshot/.test(error.message)

async function contentOf(snapshot: SnapshotMeta): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const chunk of store.read(snapshot)) parts.push(chunk)
  return Buffer.concat(parts).toString()
}

describe('a snapshot on disk', () => {
  const contents: [string, string[]][] = [
    ['nothing', []],
    ['one chunk', ['hello']],
    ['several chunks, one of them empty', ['a', '', 'b']],
    ['a chunk that is larger than a piece', ['x'.repeat(3 * 1024 * 1024)]],
  ]
  for (const [name, chunks] of contents) {
    it(`gives back ${name}`, async () => {
      const size = await store.write(
        meta(7),
        chunks.map(text => Buffer.from(text)),
      )
      assert.equal(size, chunks.join('').length)
      assert.equal(await contentOf(meta(7)), chunks.join(''))
    })
  }

  it('is found damaged, whichever bit has flipped', async () => {
    await store.write(meta(7), [Buffer.from('hello'), Buffer.from('world')])
    const path = store.path(meta(7))
    const whole = await systemDisk.read(path)
    const file = await systemDisk.open(path)
    for (let offset = 0; offset < whole.length; offset++) {
      await file.write(offset, [Uint8Array.of(whole[offset]! ^ (1 << (offset % 8)))])
      await assert.rejects(contentOf(meta(7)), damaged, `at ${offset}`)
      await file.write(offset, [whole.subarray(offset, offset + 1)])
    }
    await file.close()
    assert.equal(await contentOf(meta(7)), 'helloworld')
  })

  it('is found damaged when its end is missing', async () => {
    await store.write(meta(7), [Buffer.from('hello')])
    const file = await systemDisk.open(store.path(meta(7)))
    await file.truncate((await file.size()) - 3)
    await file.close()
    await assert.rejects(contentOf(meta(7)), SnapshotDamageError)
  })

  it('is not there before it is whole', async () => {
    const failing = async function* () {
      yield Buffer.from('half')
      throw new Error('the source failed')
    }
    await assert.rejects(store.write(meta(7), failing()), /the source failed/)
    await assert.rejects(contentOf(meta(7)), { code: 'ENOENT' })
    assert.deepEqual(await systemDisk.list(directory), [])
  })

  it('makes room for newer ones, which stay', async () => {
    for (const index of [5, 7, 9]) await store.write(meta(index), [])
    await store.removeOlderThan(7)
    assert.equal((await systemDisk.list(directory)).length, 2)
    assert.equal(await contentOf(meta(7)), '')
  })

  it('leaves nothing of an interrupted writer after a start', async () => {
    const writer = await store.begin(meta(7))
    await writer.append(Buffer.from('half'))
    await store.removeLeftovers()
    assert.deepEqual(await systemDisk.list(directory), [])
    await writer.abort()
  })
})
