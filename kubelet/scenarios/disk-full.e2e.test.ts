import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Node } from '../../api/types/core-v1.ts'
import { systemClock } from '../../platform/clock.ts'
import { ensureImage } from '../../test/images/index.ts'
import { DockerRuntime } from '../docker/runtime.ts'
import { realDriver } from '../testing/drivers.ts'
import { TestNode } from '../testing/node.ts'
import { OwnDocker } from '../testing/own-docker.ts'
import { condition, container, phase, QUICK, remove, shell } from './steps.ts'

/** The engine and the agent share one small disk; the pods use the node's network, as the engine has no bridge. */
async function onSmallDisk(run: (node: TestNode) => Promise<void>): Promise<void> {
  const docker = await OwnDocker.start(false, '64m')
  try {
    await ensureImage('busybox', docker.socket)
    const runtime = new DockerRuntime(systemClock, { socketPath: docker.socket })
    const at = (name: string) => join(docker.folder, 'agent', name)
    const paths = { root: at('kubelet'), manifests: at('manifests'), podLogs: at('pods') }
    const name = `kubelet-test-disk-${process.pid}`
    const node = await TestNode.start(runtime, systemClock, name, {
      network: { name: 'host' },
      paths,
      pressureSettleMs: 2000,
    })
    try {
      await run(node)
    } finally {
      await node.stop()
      for (const left of await runtime.list({})) await runtime.remove(left.id)
    }
  } finally {
    await docker.remove()
  }
}

describe('a disk that a pod fills to the last byte', () => {
  it('costs that pod its life, and no other; the node says so, and goes on', { timeout: 400_000 }, () =>
    onSmallDisk(async node => {
      const driver = realDriver(() => node)
      const spec = { ...QUICK, hostNetwork: true }
      const isReady = (name: string) => condition(node, name, 'Ready') === 'True'
      const pressure = () => {
        const { status } = node.api.objects.get(`/api/v1/nodes/${node.name}`) as Node
        return status?.conditions?.find(one => one.type === 'DiskPressure')?.status
      }
      node.create('steady', { ...spec, containers: [shell('main', "trap 'exit 0' TERM; sleep infinity & wait")] })
      await driver.until('the steady pod is ready', () => isReady('steady'), 60_000)
      const before = container(node, 'steady')?.containerID
      const volumeMounts = [{ name: 'room', mountPath: '/room' }]
      const fill = 'cat /dev/zero > /room/all; echo full; sleep infinity'
      const volumes = [{ name: 'room', emptyDir: {} }]
      node.create('filler', { ...spec, volumes, containers: [shell('main', fill, { volumeMounts })] })
      await driver.until('the node says that its disk is full', () => pressure() === 'True', 60_000)
      await driver.until('the pod that filled it has ended', () => phase(node, 'filler') === 'Failed', 60_000)
      assert.equal(node.pod('filler')?.status?.reason, 'Evicted')
      assert.match(node.pod('filler')?.status?.message ?? '', /^The node was low on resource: ephemeral-storage\./)
      await remove(node, driver, 'filler')
      node.create('later', { ...spec, containers: [shell('main', 'sleep infinity')] })
      await driver.until('new pods start', () => isReady('later'), 60_000)
      await driver.until('the pressure is over', () => pressure() === 'False', 90_000)
      assert.deepEqual([container(node, 'steady')?.containerID, container(node, 'steady')?.restartCount], [before, 0])
      for (const name of ['steady', 'later']) await remove(node, driver, name)
    }),
  )
})
