import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEtcd } from '../etcd/start.ts'
import { systemClock } from '../platform/clock.ts'
import { systemDisk } from '../platform/disk.ts'
import { MemoryLog } from '../platform/log.ts'
import { systemRandom } from '../platform/random.ts'
import { severalServers } from '../test/contract/several.ts'
import { createMemoryStore } from './storage/memory.ts'
import { createRemoteStore } from './storage/remote.ts'

severalServers('in memory', async clock => {
  const store = createMemoryStore(clock)
  return { stores: [store, store], close: async () => undefined }
})

severalServers('over the network', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'kubox-several-'))
  const config = { name: 'default', dataDirectory, listenPeerUrls: [], advertisePeerUrls: ['http://localhost:2380'] }
  const etcd = await startEtcd(
    { ...config, listenClientUrls: ['http://127.0.0.1:0'], advertiseClientUrls: [] },
    { disk: systemDisk, clock: systemClock, random: systemRandom, log: new MemoryLog() },
  )
  await etcd.member.ready()
  const connect = () => createRemoteStore({ endpoints: [`http://127.0.0.1:${etcd.port}`], clock: systemClock })
  const [one, two] = [connect(), connect()]
  return {
    stores: [one, two],
    async close() {
      await Promise.all([one.close(), two.close()])
      await etcd.stop()
      await rm(dataDirectory, { recursive: true })
    },
  }
})
