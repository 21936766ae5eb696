import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resourcePath } from '../../api/objects.ts'
import type { Pod, PodStatus } from '../../api/types/core-v1.ts'
import { PODS } from '../../client/resources.ts'
import { FakeClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { seededRandom } from '../../platform/random.ts'
import { FakeApi } from '../testing/api.ts'
import { podWith } from '../testing/pictures.ts'
import { StatusReporter } from './reporter.ts'

const PATH = resourcePath(PODS, { namespace: 'default', name: 'web' })
const conditions = (status: string) => [{ type: 'Ready', status }]
const READY: PodStatus = { phase: 'Running', conditions: conditions('True') }

class Scene {
  readonly clock = new FakeClock()
  readonly api = new FakeApi(this.clock)
  readonly reporter = new StatusReporter({
    ...{ pods: this.api.resource<Pod>(PODS), clock: this.clock, random: seededRandom(1), log: new MemoryLog('test') },
  })
  readonly target = this.api.put(PATH, podWith({})).metadata as { name: string; namespace: string; uid: string }

  get pod() {
    return this.api.find<Pod>(PODS, 'web', 'default')!
  }

  get ready() {
    return this.pod.status?.conditions?.find(one => one.type === 'Ready')?.status
  }

  get patches() {
    return this.api.requests.filter(request => request.startsWith('patch')).length
  }

  async told(status: PodStatus): Promise<this> {
    this.reporter.report(this.target, status)
    await this.reporter.settled(this.target.uid)
    return this
  }

  /** Somebody else writes into the status; the agent's watch shows it. */
  async overwritten(status: PodStatus): Promise<void> {
    const changed: Pod = { ...this.pod, status: { ...this.pod.status, ...status } }
    this.api.put(PATH, changed)
    this.reporter.shown(this.pod)
    this.clock.advance(1000)
    await this.reporter.settled(this.target.uid)
  }
}

describe('reporting a status', () => {
  it('what was told already is not told again', async () => {
    const scene = await new Scene().told(READY)
    await scene.told({ ...READY })
    assert.equal(scene.patches, 1)
  })

  it('what somebody wrote over it is put right', async () => {
    const scene = await new Scene().told(READY)
    await scene.overwritten({ conditions: conditions('False') })
    assert.equal(scene.ready, 'True')
  })

  it('what others say beside it is left alone', async () => {
    const scene = await new Scene().told(READY)
    await scene.overwritten({ nominatedNodeName: 'other' })
    assert.equal(scene.patches, 1)
  })

  it('an end that others declare is left to the worker', async () => {
    const scene = await new Scene().told(READY)
    await scene.overwritten({ phase: 'Failed' })
    assert.deepEqual([scene.pod.status?.phase, scene.patches], ['Failed', 1])
  })

  it('an older version of the object is no contradiction', async () => {
    const scene = await new Scene().told({ phase: 'Pending' })
    const former = scene.pod
    await scene.told(READY)
    scene.reporter.shown(former)
    scene.clock.advance(1000)
    await scene.reporter.settled(scene.target.uid)
    assert.equal(scene.patches, 2)
  })

  for (let ticks = 0; ticks < 12; ticks++) {
    it(`what somebody writes over it ${ticks} steps after a request began`, async () => {
      const scene = new Scene()
      scene.reporter.report(scene.target, READY)
      for (let tick = 0; tick < ticks; tick++) await undefined
      await scene.overwritten({ conditions: conditions('False') })
      await new Promise(resolve => setImmediate(resolve))
      scene.clock.advance(1000)
      await scene.reporter.settled(scene.target.uid)
      assert.equal(scene.ready, 'True')
    })
  }

  // Where the end of one request and the next report meet, nothing may fall between them.
  for (let ticks = 0; ticks < 12; ticks++) {
    it(`a report that comes ${ticks} steps after a request began`, async () => {
      const scene = new Scene()
      scene.reporter.report(scene.target, { phase: 'Pending' })
      for (let tick = 0; tick < ticks; tick++) await undefined
      scene.reporter.report(scene.target, READY)
      await new Promise(resolve => setImmediate(resolve))
      assert.equal(scene.ready, 'True')
    })
  }
})
