import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { podWith } from '../testing/pictures.ts'
import type { PodServices } from './services.ts'
import { PodWorker } from './worker.ts'

/** A worker of a pod that it may do nothing for, on an engine that counts how often it was asked. */
function idleWorker() {
  const asked: string[] = []
  const settings = { nodeName: 'n', limits: { memoryCapacity: 1, lowestOomScore: 0 } }
  const services = {
    ...{
      clock: new FakeClock(),
      log: new MemoryLog('test'),
      settings,
      nodeIp: () => '',
      statusTarget: () => undefined,
    },
    events: { event: () => {} },
    listing: {
      async ofPod(uid: string) {
        asked.push(uid)
        return []
      },
    },
    runtime: { inspect: async () => undefined },
  } as unknown as PodServices
  const refused = podWith({
    containers: [{ name: 'main', image: 'x', volumeDevices: [{ name: 'v', devicePath: '/d' }] }],
  })
  return { asked, worker: new PodWorker(services, { looked() {}, finished() {} }, refused) }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

describe('waking a worker', () => {
  // Where a look ends and something happens at that very moment, the next look must not be left out.
  for (let ticks = 0; ticks < 20; ticks++) {
    it(`${ticks} steps after it was woken before`, async () => {
      const { worker, asked } = idleWorker()
      worker.wake()
      assert.equal(asked.length, 1)
      for (let tick = 0; tick < ticks; tick++) await undefined
      worker.wake()
      await turn()
      assert.equal(asked.length, 2)
      await worker.stop()
    })
  }

  it('many times during one look leads to one more', async () => {
    const { worker, asked } = idleWorker()
    for (let times = 0; times < 5; times++) worker.wake()
    await turn()
    assert.equal(asked.length, 2)
    await worker.stop()
  })

  it('by what happens to a container that it is removing, it does not', async () => {
    const { worker, asked } = idleWorker()
    worker.memory.busy.set('old', { kind: 'other' })
    worker.happened('old')
    await turn()
    assert.equal(asked.length, 0)
    worker.happened('another')
    await turn()
    assert.equal(asked.length, 1)
    await worker.stop()
  })
})
