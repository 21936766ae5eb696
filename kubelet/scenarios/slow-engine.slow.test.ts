import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { FakeClock } from '../../platform/clock.ts'
import type { ContainerRuntime } from '../runtime.ts'
import { type FakeNode, startFakeNode } from '../testing/fake-node.ts'
import { slowEngine } from '../testing/slow-engine.ts'
import { condition, container, QUICK, shell } from './steps.ts'

const CALL_MS = 1500
/** Look, stop, look how it ended, remove, look: and as many again for looks that were under way when something happened. */
const LONGEST_CALLS = 10

let { clock, runtime, node, driver, stop } = {} as FakeNode

beforeEach(async () => {
  const engine = (fast: ContainerRuntime, clock: FakeClock) => slowEngine(fast, clock, CALL_MS)
  ;({ clock, runtime, node, driver, stop } = await startFakeNode({ engine }))
})
afterEach(() => stop())

const isReady = (name: string) => condition(node, name, 'Ready') === 'True'
const main = shell('main', "trap 'exit 0' TERM; sleep infinity")
const IDLE = { ...QUICK, containers: [main] }

/** How long pods take from the order to delete them until they are gone, in calls of the engine one after the other. */
async function callsToDelete(...names: string[]): Promise<number> {
  const began = clock.monotonic()
  for (const name of names) node.delete(name)
  await driver.until('all are gone', () => names.every(name => !node.pod(name)), 300_000)
  assert.equal(runtime.containers.size, 0)
  return (clock.monotonic() - began) / CALL_MS
}

/** Orders to the engine since the count began. */
const orders = (since: number) =>
  runtime.calls
    .slice(since)
    .filter(call => !/^(list|inspect|images?)$/.test(call))
    .sort()

describe('an engine that takes its time for every call', () => {
  it('a pod that runs is gone after few of them', async () => {
    node.create('web', IDLE)
    await driver.until('it is ready', () => isReady('web'), 120_000)
    const since = runtime.calls.length
    assert.ok((await callsToDelete('web')) <= LONGEST_CALLS)
    assert.deepEqual(orders(since), ['remove', 'remove', 'stop'])
  })

  it('a pod of many containers takes no longer', async () => {
    const containers = ['a', 'b', 'c', 'd'].map(name => ({ ...main, name }))
    node.create('many', { ...QUICK, containers })
    await driver.until('it is ready', () => isReady('many'), 240_000)
    const since = runtime.calls.length
    assert.ok((await callsToDelete('many')) <= LONGEST_CALLS)
    assert.deepEqual(orders(since), [...Array(5).fill('remove'), ...Array(4).fill('stop')])
  })

  it('many pods at once take little longer than one', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `p${index}`)
    for (const name of names) node.create(name, IDLE)
    await driver.until('all are ready', () => names.every(isReady), 240_000)
    const since = runtime.calls.length
    assert.ok((await callsToDelete(...names)) <= 2 * LONGEST_CALLS)
    assert.deepEqual(orders(since), [...Array(24).fill('remove'), ...Array(12).fill('stop')])
  })

  it('a pod whose volumes cannot be made is gone at once, whatever its back-off', async () => {
    node.create('stuck', { ...IDLE, volumes: [{ name: 'v', hostPath: { path: '/no/such/path', type: 'Directory' } }] })
    await driver.until('it has failed often', () => node.events('stuck').length >= 1, 60_000)
    await driver.pass(60_000)
    assert.ok((await callsToDelete('stuck')) <= LONGEST_CALLS)
  })

  it('a pod that is deleted while its container is made never starts it', async () => {
    node.create('early', { terminationGracePeriodSeconds: 600, containers: [shell('main', 'sleep infinity')] })
    await driver.until('the sandbox runs', () => runtime.calls.includes('start'), 60_000)
    const made = Promise.withResolvers<void>()
    runtime.afterCreate = () => made.promise
    await driver.until('the container is there', () => runtime.containers.size === 2, 60_000)
    node.delete('early')
    await driver.pass(6 * CALL_MS)
    made.resolve()
    await driver.until('it is gone', () => !node.pod('early'), 60_000)
    assert.equal(runtime.calls.filter(call => call === 'start').length, 1)
  })

  it('a container that fails its liveness probe is stopped, made and started once', async () => {
    const livenessProbe = { exec: { command: ['cat', '/sick'] }, periodSeconds: 1, failureThreshold: 1 }
    node.create('sick', { ...QUICK, containers: [{ ...main, livenessProbe }] })
    const failed = () => node.events('sick').some(event => event.startsWith('Unhealthy'))
    await driver.until('it has failed', failed, 60_000)
    const since = runtime.calls.length
    const now = () => container(node, 'sick')
    await driver.until('it is replaced', () => now()?.restartCount === 1 && now()?.state?.running, 60_000)
    assert.deepEqual(orders(since), ['create', 'start', 'stop'])
  })
})
