import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmbeddedStore } from '../../../apiserver/storage/embedded.ts'
import { openMember } from '../../../etcd/member.ts'
import { systemClock } from '../../../platform/clock.ts'
import { systemDisk } from '../../../platform/disk.ts'
import { MemoryLog } from '../../../platform/log.ts'
import { systemRandom } from '../../../platform/random.ts'

/** Creations a second through the Store interface, as the API server makes them, with so many in flight. */
export async function inProcessPuts(inFlight: number, seconds: number): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'kubox-bench-'))
  const machinery = { disk: systemDisk, clock: systemClock, random: systemRandom, log: new MemoryLog() }
  const member = await openMember({ name: 'default', directory, ...machinery })
  const store = createEmbeddedStore(member)
  const value = Buffer.alloc(256, 'v')
  let count = 0
  try {
    await member.ready()
    const started = performance.now()
    const end = started + seconds * 1000
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        while (performance.now() < end) await store.create(`bench/${count++}`, value)
      }),
    )
    return count / ((performance.now() - started) / 1000)
  } finally {
    await store.close()
    await rm(directory, { recursive: true })
  }
}
