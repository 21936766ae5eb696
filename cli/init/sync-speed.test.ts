import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { systemClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { describeSync, measureSync } from './sync-speed.ts'

describe("a disk's speed", () => {
  it('is measured, and nothing is left behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kubox-sync-'))
    assert.ok((await measureSync(join(folder, 'etcd'), systemDisk, systemClock)) > 0)
    assert.deepEqual(await readdir(join(folder, 'etcd')), [])
    await rm(folder, { recursive: true })
  })

  const cases: [ms: number, words: RegExp][] = [
    [0.412, /in 0\.4 ms$/],
    [12.4, /in 12 ms$/],
    [25, /in 25 ms: every change .* SSD/],
    [310.6, /in 311 ms: every change/],
  ]
  for (const [ms, words] of cases) {
    it(`${ms} ms`, () => assert.match(describeSync('/var/lib/etcd', ms), words))
  }
})
