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
  const run = (until: number) =>
    Promise.all(
      Array.from({ length: inFlight }, async () => {
        while (performance.now() < until) await store.create(`bench/${count++}`, value)
      }),
    )
  try {
    await member.ready()
    // As for the clients over gRPC: what is not compiled yet is not what is asked for.
    await run(performance.now() + 1000)
    const [before, started] = [count, performance.now()]
    await run(started + seconds * 1000)
    return (count - before) / ((performance.now() - started) / 1000)
  } finally {
    await store.close()
    await rm(directory, { recursive: true })
  }
}
