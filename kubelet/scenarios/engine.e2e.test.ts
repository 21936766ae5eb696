import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../platform/clock.ts'
import { ensureImage } from '../../test/images/index.ts'
import { DockerRuntime } from '../docker/runtime.ts'
import { type Driver, realDriver } from '../testing/drivers.ts'
import { TestNode } from '../testing/node.ts'
import { OwnDocker } from '../testing/own-docker.ts'
import { condition, container, QUICK, shell } from './steps.ts'

const SPEC = { ...QUICK, hostNetwork: true, containers: [shell('main', "trap 'exit 0' TERM; sleep 3600 & wait")] }
const TIMEOUT = { timeout: 240_000 }

async function withEngine(
  liveRestore: boolean,
  run: (docker: OwnDocker, node: TestNode, driver: Driver) => Promise<void>,
): Promise<void> {
  const docker = await OwnDocker.start(liveRestore)
  try {
    await ensureImage('busybox', docker.socket)
    const runtime = new DockerRuntime(systemClock, { socketPath: docker.socket })
    const name = `kubelet-test-engine-${process.pid}`
    const node = await TestNode.start(runtime, systemClock, name, { network: { name: 'host' } })
    try {
      const driver = realDriver(() => node)
      node.create('pod', SPEC)
      await driver.until('the pod is ready', () => condition(node, 'pod', 'Ready') === 'True', 60_000)
      await run(docker, node, driver)
      node.delete('pod')
      await driver.until('the pod is gone', () => node.pod('pod') === undefined, 60_000)
    } finally {
      await node.stop()
      for (const left of await runtime.list({})) await runtime.remove(left.id)
    }
  } finally {
    await docker.remove()
  }
}

describe('an engine that is killed and started again', () => {
  it('with live-restore: running containers are adopted', TIMEOUT, () =>
    withEngine(true, async (docker, node, driver) => {
      const before = container(node, 'pod')?.containerID
      await docker.kill()
      await driver.pass(3000)
      await docker.start()
      await driver.pass(5000)
      assert.deepEqual([container(node, 'pod')?.containerID, container(node, 'pod')?.restartCount], [before, 0])
      assert.equal(condition(node, 'pod', 'Ready'), 'True')
    }),
  )

  it('without: they are started again', TIMEOUT, () =>
    withEngine(false, async (docker, node, driver) => {
      await docker.kill()
      await docker.start()
      const isBack = () => container(node, 'pod')?.restartCount === 1 && condition(node, 'pod', 'Ready') === 'True'
      await driver.until('the pod is back', isBack, 90_000)
    }),
  )

  it('and one that hangs for a while', TIMEOUT, () =>
    withEngine(false, async (docker, node, driver) => {
      const before = container(node, 'pod')?.containerID
      docker.signal('SIGSTOP')
      await driver.pass(10_000)
      docker.signal('SIGCONT')
      await driver.pass(3000)
      assert.deepEqual([container(node, 'pod')?.containerID, container(node, 'pod')?.restartCount], [before, 0])
    }),
  )
})
