import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { type Member, openMember } from '../../etcd/member.ts'
import { systemClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { systemRandom } from '../../platform/random.ts'
import { storeContract } from '../../test/contract/store.ts'
import { createEmbeddedStore } from './embedded.ts'
import { StoreUnavailableError } from './store.ts'

const directories: string[] = []
after(() => Promise.all(directories.map(directory => rm(directory, { recursive: true }))))

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kubox-store-'))
  directories.push(directory)
  return directory
}

async function openAlone(directory: string): Promise<Member> {
  const machine = { disk: systemDisk, clock: systemClock, random: systemRandom, log: new MemoryLog() }
  const member = await openMember({ name: 'default', directory, ...machine })
  await member.ready()
  return member
}

storeContract('embedded member', async () => {
  const store = createEmbeddedStore(await openAlone(await newDirectory()))
  return { store, pass: async () => {} }
})

describe('the embedded store', () => {
  it('shows after a restart what was written before, with its revisions, leases and history', async () => {
    const directory = await newDirectory()
    const before = createEmbeddedStore(await openAlone(directory))
    const lease = await before.grantLease(60)
    const created = await before.create('/a', Buffer.from('1'), lease)
    await before.update('/a', Buffer.from('2'), created.revision, lease)
    await before.close()

    const store = createEmbeddedStore(await openAlone(directory))
    const { value, revision } = await store.get('/a')
    assert.deepEqual([Buffer.from(value!.value).toString(), value!.version, value!.lease], ['2', 2, lease])
    assert.equal(revision, created.revision + 1)
    const old = await store.range('/a', '/b', { revision: created.revision })
    assert.equal(Buffer.from(old.values[0]!.value).toString(), '1')
    await store.close()
  })

  it('is unavailable once it is closed', async () => {
    const store = createEmbeddedStore(await openAlone(await newDirectory()))
    const watch = store.watch('/', '0', { fromRevision: 1, signal: new AbortController().signal })
    const watching = assert.rejects(async () => {
      for await (const item of watch) assert.deepEqual(item.events, [])
    }, StoreUnavailableError)
    await store.close()
    await watching
    await assert.rejects(store.get('/a'), StoreUnavailableError)
    await assert.rejects(store.health(), StoreUnavailableError)
  })
})
