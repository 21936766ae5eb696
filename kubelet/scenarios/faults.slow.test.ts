import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { seededRandom } from '../../platform/random.ts'
import { RuntimeError } from '../runtime.ts'
import { type FakeNode, startFakeNode } from '../testing/fake-node.ts'
import { churn } from './churn.ts'
import { killAndRecover, killsDuring, killTitle } from './killed.ts'
import { condition, container, QUICK, shell } from './steps.ts'

let { clock, runtime, node, driver, stop } = {} as FakeNode

beforeEach(async () => {
  ;({ clock, runtime, node, driver, stop } = await startFakeNode({ latencyMs: 20 }))
})
afterEach(() => stop())

const isReady = (name: string) => condition(node, name, 'Ready') === 'True'
const IDLE = { ...QUICK, containers: [shell('main', "trap 'exit 0' TERM; sleep infinity")] }

describe('an agent that is killed at every step', () => {
  for (const kill of [...killsDuring('start', 24), ...killsDuring('stop', 12)].filter(({ point }) => point % 3 !== 0)) {
    it(killTitle(kill), () => killAndRecover(node, driver, runtime, kill))
  }
})

describe('the API server away for five minutes', () => {
  it('pods go on, restarts go on, and the status catches up', async () => {
    const livenessProbe = { exec: { command: ['cat', '/tmp/up'] }, periodSeconds: 10, failureThreshold: 1 }
    const script = 'touch /tmp/up; sleep 120; rm /tmp/up; sleep infinity'
    node.create('lonely', { ...QUICK, containers: [shell('main', script, { livenessProbe })] })
    await driver.until('the pod is ready', () => isReady('lonely'))
    node.api.away = true
    await driver.pass(300_000)
    assert.equal(container(node, 'lonely')?.restartCount, 0)
    node.api.away = false
    await driver.until('the status has caught up', () => (container(node, 'lonely')?.restartCount ?? 0) >= 2)
  })
})

describe('somebody else writes', () => {
  const patch = (name: string, status: object) =>
    node.change(name, pod => ({ ...pod, status: { ...pod.status, ...status } }))

  it('that a pod is not ready, as is said of those on a lost node: it is put right', async () => {
    node.create('lost', IDLE)
    await driver.until('the pod is ready', () => isReady('lost'))
    const conditions = node.pod('lost')!.status!.conditions!
    patch('lost', { conditions: conditions.map(one => (one.type === 'Ready' ? { ...one, status: 'False' } : one)) })
    assert.ok(!isReady('lost'))
    await driver.until('the pod is ready again', () => isReady('lost'))
  })

  it('that a pod has failed: its containers end, and it stays failed', async () => {
    node.create('declared', IDLE)
    await driver.until('the pod is ready', () => isReady('declared'))
    patch('declared', { phase: 'Failed', reason: 'NodeLost' })
    await driver.until('its container has ended', () => container(node, 'declared')?.state?.terminated)
    await driver.pass(5000)
    const { phase, reason } = node.pod('declared')!.status!
    assert.deepEqual([phase, reason], ['Failed', 'NodeLost'])
  })
})

describe('the network of the pods', () => {
  it('is made again when somebody took it away', async () => {
    await driver.until('there is one', () => runtime.networks.size === 1)
    runtime.networks.clear()
    node.create('first', IDLE)
    await driver.until('the pod is ready', () => isReady('first'))
    assert.equal(runtime.networks.size, 1)
  })
})

describe('a clock that jumps', () => {
  for (const hours of [1, -1]) {
    it(`by ${hours} h: nothing waits longer, nothing happens earlier`, async () => {
      node.create('steady', IDLE)
      node.create('crash', { ...QUICK, containers: [shell('main', 'sleep 1; exit 1')] })
      await driver.until('it is ready', () => isReady('steady'))
      await driver.until('it is in back-off', () => container(node, 'crash')?.state?.waiting)
      const before = container(node, 'crash')!.restartCount
      clock.jump(hours * 3_600_000)
      await driver.until('it is tried again', () => container(node, 'crash')!.restartCount > before, 10_000)
      assert.equal(container(node, 'steady')?.restartCount, 0)
    })
  }
})

describe('a machine that sleeps', () => {
  it('says so when it wakes', async () => {
    await driver.pass(6000)
    clock.jump(9 * 3_600_000)
    const events = () => [...node.api.objects.values()].map(one => (one as { message?: string }).message)
    await driver.until('there is an event', () => events().includes('This machine slept 9 h'))
  })
})

describe('an engine that goes away and comes back', () => {
  const outage = async (ms: number, meanwhile: () => void) => {
    runtime.obstacle = call => {
      throw new RuntimeError('Unavailable', `Docker does not answer (${call})`, true)
    }
    runtime.breakEvents()
    meanwhile()
    await driver.pass(ms)
    runtime.obstacle = () => {}
  }

  it('with its containers: they are adopted', async () => {
    node.create('kept', IDLE)
    await driver.until('the pod is ready', () => isReady('kept'))
    const before = container(node, 'kept')?.containerID
    await outage(30_000, () => {})
    await driver.pass(5000)
    assert.deepEqual([container(node, 'kept')?.containerID, container(node, 'kept')?.restartCount], [before, 0])
    assert.ok(isReady('kept'))
  })

  it('without them: they are started again', async () => {
    node.create('ended', IDLE)
    await driver.until('the pod is ready', () => isReady('ended'))
    await outage(30_000, () => {
      for (const { process } of runtime.containers.values()) process?.signal('SIGKILL')
    })
    await driver.until('it is back', () => container(node, 'ended')?.restartCount === 1 && isReady('ended'))
  })

  it('shows on the node while it lasts', async () => {
    const status = () =>
      node.api.objects.get('/api/v1/nodes/fake-node') as {
        status?: { conditions?: { type: string; status: string }[] }
      }
    const nodeReady = () => status()?.status?.conditions?.find(one => one.type === 'Ready')?.status
    await driver.until('the node is ready', () => nodeReady() === 'True')
    await outage(30_000, () => {})
    assert.equal(nodeReady(), 'False')
    await driver.until('the node is ready again', () => nodeReady() === 'True')
  })
})

describe('two hundred pods, created and deleted in random order', () => {
  it('leave nothing behind', { timeout: 60_000 }, () => churn(node, driver, 200, seededRandom(7)))
})

describe('a machine that goes down', () => {
  it('ends its pods first, and says so', async () => {
    node.create('worker', IDLE)
    await driver.until('the pod is ready', () => isReady('worker'))
    await driver.finish(node.agent.shutDown())
    await driver.until('the pod has failed', () => node.pod('worker')?.status?.phase === 'Failed')
    const { reason, message } = node.pod('worker')!.status!
    assert.deepEqual([reason, message], ['Terminated', 'Pod was terminated in response to imminent node shutdown.'])
  })
})
