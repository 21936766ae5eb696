import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { systemClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { systemRandom } from '../../platform/random.ts'
import { noTransport } from '../transport.ts'
import type { StateMachine } from './applier.ts'
import { RaftDriver } from './driver.ts'
import { NotLeaderError, StoppedError } from './errors.ts'
import type { Entry } from './message.ts'
import { createStorage, openStorage, storageExists } from './storage.ts'

const directories: string[] = []
after(() => Promise.all(directories.map(directory => rm(directory, { recursive: true }))))

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kubox-raft-'))
  directories.push(directory)
  return directory
}

/** Remembers the words that were proposed, in order. */
class Words implements StateMachine {
  words: string[] = []
  apply(entries: readonly Entry[]): void {
    for (const { type, data } of entries) {
      if (type === 'normal' && data.length > 0) this.words.push(Buffer.from(data).toString())
    }
  }
  snapshot() {
    return [Buffer.from(JSON.stringify(this.words))]
  }
  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = []
    for await (const chunk of chunks) parts.push(chunk)
    this.words = JSON.parse(Buffer.concat(parts).toString())
  }
}

async function startAlone(directory: string, settings = {}) {
  const log = new MemoryLog()
  const options = { disk: systemDisk, directory, log, segmentBytes: 64 * 1024 }
  const founders = [{ id: 'a1', learner: false, context: 'one' }]
  const storage = (await storageExists(options))
    ? await openStorage(options)
    : await createStorage(options, Buffer.from('cluster 7'), founders)
  const machine = new Words()
  const driver = await RaftDriver.start({
    id: 'a1',
    storage,
    transport: noTransport,
    clock: systemClock,
    random: systemRandom,
    log,
    stateMachine: machine,
    settings,
  })
  return { driver, machine, storage, log }
}

describe('a driver alone in its cluster', () => {
  it('leads at once, and applies what is proposed', async () => {
    const { driver, machine } = await startAlone(await newDirectory())
    await driver.readIndex()
    assert.equal(driver.status().role, 'leader')
    const index = await driver.propose(Buffer.from('hello'))
    assert.deepEqual(machine.words, ['hello'])
    assert.equal(await driver.readIndex(), index)
    await driver.stop()
  })

  it('shows after a restart what was acknowledged before', async () => {
    const directory = await newDirectory()
    const first = await startAlone(directory)
    await first.driver.readIndex()
    for (const word of ['a', 'b', 'c']) await first.driver.propose(Buffer.from(word))
    await first.driver.stop()
    const second = await startAlone(directory)
    await second.driver.readIndex()
    assert.deepEqual(second.machine.words, ['a', 'b', 'c'])
    assert.equal(Buffer.from(second.storage.metadata).toString(), 'cluster 7')
    await second.driver.stop()
  })

  it('takes snapshots, forgets the log before them, and restarts from the newest', async () => {
    const directory = await newDirectory()
    const first = await startAlone(directory, { snapshotAfterBytes: 20_000, catchUpEntries: 10 })
    await first.driver.readIndex()
    const words = Array.from({ length: 2000 }, (_, number) => `word ${number} ${'x'.repeat(60)}`)
    for (let at = 0; at < words.length; at += 50) {
      await Promise.all(words.slice(at, at + 50).map(word => first.driver.propose(Buffer.from(word))))
    }
    await first.driver.stop()
    assert.ok((await systemDisk.list(join(directory, 'wal'))).length <= 5, 'old segments are removed')
    assert.equal((await systemDisk.list(join(directory, 'snap'))).length, 2)
    const second = await startAlone(directory)
    assert.ok(second.driver.core.log.firstIndex > 1000)
    await second.driver.readIndex()
    assert.deepEqual(second.machine.words, words)
    await second.driver.stop()
  })

  it('refuses before it leads, and after it was stopped', async () => {
    const { driver } = await startAlone(await newDirectory())
    await assert.rejects(driver.propose(Buffer.from('early')), NotLeaderError)
    const pending = driver.readIndex()
    await Promise.all([driver.stop(), assert.rejects(pending, StoppedError)])
    await assert.rejects(driver.propose(Buffer.from('late')), StoppedError)
  })
})
