import { before, describe, it } from 'node:test'
import { systemClock } from '../../platform/clock.ts'
import { ensureImage } from '../../test/images/index.ts'
import { DockerRuntime } from '../docker/runtime.ts'
import { realDriver } from '../testing/drivers.ts'
import { TestNode } from '../testing/node.ts'
import { killAndRecover, killsDuring, killTitle } from './killed.ts'

describe('an agent on Docker that is killed at every step', { concurrency: 4 }, () => {
  const runtime = new DockerRuntime(systemClock)
  before(() => ensureImage('busybox'))

  for (const kill of [...killsDuring('start', 22), ...killsDuring('stop', 10)]) {
    it(killTitle(kill), { timeout: 120_000 }, async () => {
      const name = `kubelet-test-${process.pid}-${kill.during}-${kill.point}`
      const node = await TestNode.start(runtime, systemClock, name, { network: { name } })
      try {
        await killAndRecover(
          node,
          realDriver(() => node),
          runtime,
          kill,
        )
      } finally {
        await node.stop()
        for (const left of await runtime.list({ 'io.kubox.node': name })) await runtime.remove(left.id)
        await runtime.removeNetwork(name)
      }
    })
  }
})
