import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock } from '../../platform/clock.ts'
import { FakeRuntime } from '../fake/runtime.ts'
import type { ContainerRuntime } from '../runtime.ts'
import { fakeDriver, pumped } from './drivers.ts'
import { TestNode } from './node.ts'

interface FakeNodeOptions {
  latencyMs?: number
  /** What the agent is given as its engine, where that is not the fake one itself. */
  engine?(runtime: ContainerRuntime, clock: FakeClock): ContainerRuntime
}

export type FakeNode = Awaited<ReturnType<typeof startFakeNode>>

/** An agent on a fake engine, under a clock that only the driver moves. */
export async function startFakeNode({ latencyMs, engine = runtime => runtime }: FakeNodeOptions = {}) {
  const clock = new FakeClock()
  const directory = await fs.mkdtemp(join(tmpdir(), 'kubelet-fake-'))
  const runtime = new FakeRuntime(clock, { directory, latencyMs })
  runtime.addImage('busybox')
  const node = await pumped(clock, TestNode.start(engine(runtime, clock), clock, 'fake-node'))
  return {
    clock,
    runtime,
    node,
    driver: fakeDriver(clock, () => node),
    async stop() {
      await pumped(clock, node.stop())
      await fs.rm(directory, { recursive: true, force: true })
    },
  }
}
