import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { type RunningEtcd, startEtcd } from '../../etcd/start.ts'
import { systemClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { systemRandom } from '../../platform/random.ts'
import { storeContract } from '../../test/contract/store.ts'
import { createRemoteStore } from './remote.ts'
import { StoreUnavailableError } from './store.ts'

const directories: string[] = []
const running: RunningEtcd[] = []
after(async () => {
  await Promise.all(running.map(server => server.stop()))
  await Promise.all(directories.map(directory => rm(directory, { recursive: true })))
})

async function startServer(): Promise<RunningEtcd> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'kubox-remote-'))
  directories.push(dataDirectory)
  const config = { name: 'default', dataDirectory, listenPeerUrls: [], advertisePeerUrls: ['http://localhost:2380'] }
  const server = await startEtcd(
    { ...config, listenClientUrls: ['http://127.0.0.1:0'], advertiseClientUrls: [] },
    { disk: systemDisk, clock: systemClock, random: systemRandom, log: new MemoryLog() },
  )
  await server.member.ready()
  running.push(server)
  return server
}

storeContract('remote, over gRPC', async () => {
  const { port } = await startServer()
  const store = createRemoteStore({ endpoints: [`http://127.0.0.1:${port}`], clock: systemClock })
  return { store, pass: async () => {} }
})

describe('the remote store', () => {
  it('is unavailable where nobody listens, and says where that is', async () => {
    const store = createRemoteStore({ endpoints: ['http://127.0.0.1:1', 'http://127.0.0.1:2'], clock: systemClock })
    await assert.rejects(store.get('/a'), (error: Error) => {
      assert.ok(error instanceof StoreUnavailableError)
      assert.match(error.message, /127\.0\.0\.1:1: .*127\.0\.0\.1:2: /)
      return true
    })
  })

  it('finds another endpoint, and ends watches whose connection is lost', async () => {
    const server = await startServer()
    const endpoints = ['http://127.0.0.1:1', `http://127.0.0.1:${server.port}`]
    const store = createRemoteStore({ endpoints, clock: systemClock })
    await store.create('/a', Buffer.from('1'))
    const watch = store.watch('/', '0', { fromRevision: 1, signal: new AbortController().signal })
    const seen: string[] = []
    const watching = assert.rejects(async () => {
      for await (const { events } of watch) {
        for (const event of events) seen.push(event.key)
        if (seen.length > 0) await server.stop()
      }
    }, StoreUnavailableError)
    await watching
    assert.deepEqual(seen, ['/a'])
    await store.close()
  })
})
