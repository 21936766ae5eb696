import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { FakeClock } from '../../platform/clock.ts'
import { FakeRuntime } from '../fake/runtime.ts'
import { fakeDriver, pumped } from '../testing/drivers.ts'
import { TestNode } from '../testing/node.ts'
import { SCENARIOS } from './all.ts'

describe('a pod on the fake engine', () => {
  for (const { title, run } of SCENARIOS) {
    it(title, async () => {
      const clock = new FakeClock()
      const directory = await fs.mkdtemp(join(tmpdir(), 'kubelet-fake-'))
      const runtime = new FakeRuntime(clock, { directory, latencyMs: 20 })
      runtime.addImage('busybox')
      runtime.addImage('dirty-memory', { command: ['fill-memory'] })
      const node = await pumped(clock, TestNode.start(runtime, clock, 'fake-node'))
      try {
        await run(
          node,
          fakeDriver(clock, () => node),
        )
      } finally {
        await pumped(clock, node.stop())
        await fs.rm(directory, { recursive: true, force: true })
      }
    })
  }
})
