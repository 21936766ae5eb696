import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { systemClock } from '../../platform/clock.ts'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { builtImage, ensureImage } from '../../test/images/index.ts'
import { DockerRuntime } from '../docker/runtime.ts'
import { CuttingRegistry } from '../testing/cutting-registry.ts'
import { realDriver } from '../testing/drivers.ts'
import { TestNode } from '../testing/node.ts'
import { ShiftedClock } from '../testing/shifted-clock.ts'
import { condition, container, phase, QUICK, remove, shell } from './steps.ts'

/** In CI the API server is away for 20 s; with this set, for the whole five minutes. */
const AWAY_MS = process.env.KUBOX_LONG_FAULTS ? 300_000 : 20_000
/** Generous: a machine with two cores may have much else to do. */
const SOON_MS = 60_000
const HOUR_MS = 3_600_000
const TERMINABLE = "trap 'exit 0' TERM; sleep infinity & wait"
const TIMEOUT = { timeout: 300_000 + AWAY_MS }

describe('faults around an agent on Docker', { concurrency: 4 }, () => {
  const runtime = new DockerRuntime(systemClock)
  before(() => ensureImage('busybox'))

  /** A node of its own, as a fault concerns all of a node. */
  async function onNode(title: string, run: (node: TestNode, clock: ShiftedClock) => Promise<void>): Promise<void> {
    const clock = new ShiftedClock()
    const name = `kubelet-test-${process.pid}-${title}`
    const node = await TestNode.start(new DockerRuntime(clock), clock, name, { network: { name } })
    try {
      await run(node, clock)
    } finally {
      await node.stop()
      for (const left of await runtime.list({ 'io.kubox.node': name })) await runtime.remove(left.id)
      await runtime.removeNetwork(name)
    }
  }

  const started = (node: TestNode, pod: string) => container(node, pod)?.restartCount ?? 0

  it('the API server away: pods, probes and restarts go on, and the status catches up', TIMEOUT, () =>
    onNode('away', async node => {
      const driver = realDriver(() => node)
      const livenessProbe = { exec: { command: ['cat', '/tmp/up'] }, periodSeconds: 1, failureThreshold: 1 }
      const dying = 'touch /tmp/up; sleep 4; rm /tmp/up; sleep infinity'
      node.create('probed', { ...QUICK, containers: [shell('main', dying, { livenessProbe })] })
      node.create('steady', { ...QUICK, containers: [shell('main', TERMINABLE)] })
      await driver.until(
        'both are ready',
        () => ['probed', 'steady'].every(name => condition(node, name, 'Ready') === 'True'),
        SOON_MS,
      )
      const steady = container(node, 'steady')?.containerID
      const told = started(node, 'probed')
      node.api.away = true
      await driver.pass(AWAY_MS)
      assert.equal(started(node, 'probed'), told, 'nobody can have been told of restarts')
      node.api.away = false
      await driver.until('the status has caught up', () => started(node, 'probed') >= told + 2, SOON_MS)
      assert.deepEqual([container(node, 'steady')?.containerID, started(node, 'steady')], [steady, 0])
      node.create('later', { ...QUICK, containers: [shell('main', TERMINABLE)] })
      await driver.until('new pods start again', () => condition(node, 'later', 'Ready') === 'True', SOON_MS)
      for (const name of ['probed', 'steady', 'later']) await remove(node, driver, name)
    }),
  )

  for (const hours of [1, -1]) {
    it(`the clock jumps by ${hours} h: nothing waits longer, nothing is restarted`, TIMEOUT, () =>
      onNode(`jump${hours > 0 ? 'on' : 'back'}`, async (node, clock) => {
        const driver = realDriver(() => node)
        const livenessProbe = { exec: { command: ['true'] }, periodSeconds: 1, timeoutSeconds: 10 }
        node.create('steady', { ...QUICK, containers: [shell('main', TERMINABLE, { livenessProbe })] })
        node.create('crash', { ...QUICK, containers: [shell('main', 'sleep 1; exit 1')] })
        await driver.until('one is ready', () => condition(node, 'steady', 'Ready') === 'True', SOON_MS)
        await driver.until('the other is in back-off', () => container(node, 'crash')?.state?.waiting, SOON_MS)
        const before = started(node, 'crash')
        clock.jump(hours * HOUR_MS)
        await driver.until('it is tried again', () => started(node, 'crash') > before, SOON_MS)
        await driver.pass(2500)
        assert.equal(started(node, 'steady'), 0)
        assert.equal(condition(node, 'steady', 'Ready'), 'True')
        node.create('later', { ...QUICK, containers: [shell('main', TERMINABLE)] })
        await driver.until('new pods start', () => condition(node, 'later', 'Ready') === 'True', SOON_MS)
        for (const name of ['steady', 'crash', 'later']) await remove(node, driver, name)
      }),
    )
  }

  it('a pull that is cut in the middle of a layer is told, tried again, and goes through', TIMEOUT, async () => {
    const registry = await CuttingRegistry.start(await builtImage('busybox'))
    const { image } = registry
    try {
      await onNode('cut', async node => {
        const driver = realDriver(() => node)
        const main = shell('main', 'test -s /large && exit 0', { image, imagePullPolicy: 'Always' })
        node.create('cut', { ...QUICK, restartPolicy: 'Never', containers: [main] })
        const reason = () => container(node, 'cut')?.state?.waiting?.reason ?? ''
        const failed = () => ['ErrImagePull', 'ImagePullBackOff'].includes(reason())
        await driver.until('the pod says that its image could not be pulled', failed, SOON_MS)
        assert.ok(registry.cuts >= 1, 'the layer was broken off')
        assert.match(node.events('cut').join('\n'), /^Failed: Failed to pull image /m)
        registry.broken = false
        await driver.until(
          'the image is whole and the pod is through',
          () => phase(node, 'cut') === 'Succeeded',
          60_000,
        )
        await remove(node, driver, 'cut')
      })
    } finally {
      await registry.stop()
      if (await runtime.image(image)) await runChecked(systemProcesses, 'docker', ['rmi', image])
    }
  })
})
