import { join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import type { Disk } from '../../platform/disk.ts'

/** Every write of the cluster waits for one of these; from here on people feel it. */
const SLOW_MS = 25
const ROUNDS = 9
const RECORD = new Uint8Array(2048)

/** How long this folder's disk takes to make a small write durable, in the middle of several. */
export async function measureSync(folder: string, disk: Disk, clock: Clock): Promise<number> {
  await disk.makeDirectory(folder)
  const path = join(folder, 'sync-speed')
  const file = await disk.open(path, { create: true })
  const times: number[] = []
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const began = clock.monotonic()
      await file.write(round * RECORD.length, [RECORD])
      await file.sync()
      times.push(clock.monotonic() - began)
    }
  } finally {
    await file.close()
    await disk.remove(path)
  }
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!
}

export function describeSync(folder: string, ms: number): string {
  const took = `the disk of ${folder} makes a write durable in ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
  if (ms < SLOW_MS) return took
  return `${took}: every change in the cluster takes at least as long. An SSD helps, or "Use Host I/O Cache" in VirtualBox (then a crash of the host may cost the last writes)`
}
