import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Deployment } from '../../api/types/apps-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { DEPLOYMENTS, PODS } from '../../client/resources.ts'
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts'
import { startFakeKubelet } from '../../test/support/fake-kubelet.ts'
import { follow } from '../../test/support/follow.ts'
import { createControllerManager } from '../manager.ts'
import { isReady } from '../pods.ts'
import { resolveLimits } from './rollout.ts'

const namespace = 'default'
const selector = { matchLabels: { app: 'web' } }
const template = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'app', image }], terminationGracePeriodSeconds: 0 },
})

interface Plan {
  replicas: number
  surge: number | string
  unavailable: number | string
  /** Each is rolled out as soon as so many pods of the one before have been seen; bad ones never get ready. */
  updates: { image: string; after: number }[]
}

const share = (most: number) => fc.oneof(fc.integer({ min: 0, max: most }), fc.constantFrom('0%', '25%', '50%', '100%'))
const isNone = (limit: number | string) => Number.parseInt(String(limit), 10) === 0
const anyPlan: fc.Arbitrary<Plan> = fc.record({
  replicas: fc.integer({ min: 1, max: 9 }),
  surge: share(4),
  unavailable: share(4),
  updates: fc.array(fc.record({ image: fc.constantFrom('v2', 'v3', 'bad'), after: fc.nat(4) }), { maxLength: 4 }),
})
// Without any room nothing could ever move, and the API server refuses it.
const plans = anyPlan.filter(({ surge, unavailable }) => !isNone(surge) || !isNone(unavailable))

const imageOf = (pod: Pod) => pod.spec?.containers[0]?.image

async function rollThrough(plane: ControlPlane, { replicas, surge, unavailable, updates }: Plan): Promise<void> {
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } }
  const spec = { replicas, selector, template: template('v1'), strategy }
  await plane.create<Deployment>(DEPLOYMENTS, { metadata: { name: 'web', namespace }, spec })
  const rolled = (image: string) =>
    plane.until<Pod, boolean>(PODS, `all ${replicas} are ${image}`, pods => {
      return pods.length === replicas && pods.every(pod => imageOf(pod) === image && isReady(pod))
    })
  await rolled('v1')
  const { maxSurge, maxUnavailable } = resolveLimits(replicas, surge, unavailable)
  const following = await follow<Pod>(plane.client, PODS, pods => {
    const living = pods.filter(pod => !pod.metadata.deletionTimestamp)
    assert.ok(living.length <= replicas + maxSurge, `${living.length} pods of ${replicas} with a surge of ${maxSurge}`)
    const ready = living.filter(isReady).length
    assert.ok(ready >= replicas - maxUnavailable, `${ready} of ${replicas} are ready, ${maxUnavailable} may be missing`)
  })
  for (const { image, after } of [...updates, { image: 'last', after: 0 }]) {
    const patch = { spec: { template: template(image) } }
    await plane.client.resource(DEPLOYMENTS).patch('web', 'strategic', patch, { namespace })
    // A rollout that may not surge moves only as far as pods may be missing; a bad one no further than that.
    const within = Math.min(after, image === 'bad' ? 1 : replicas)
    await plane.until<Pod, boolean>(PODS, `${within} are ${image}`, pods => {
      return pods.filter(pod => imageOf(pod) === image).length >= within
    })
  }
  await rolled('last')
  await following.stop()
  await plane.client.resource(DEPLOYMENTS).delete('web', { namespace, propagationPolicy: 'Foreground' })
  await plane.until(DEPLOYMENTS, 'nothing is left', found => found.length === 0)
  await plane.until(PODS, 'no pod is left', pods => pods.length === 0)
}

describe('a rolling update, seen in every state that its pods go through', () => {
  it('never has more pods than maxSurge allows, nor fewer ready ones than maxUnavailable', async () => {
    const plane = await startControlPlane()
    const manager = createControllerManager(plane)
    const kubelet = await startFakeKubelet(plane, { fate: pod => (imageOf(pod) === 'bad' ? 'broken' : 'ready') })
    await manager.start()
    try {
      await fc.assert(
        fc.asyncProperty(plans, plan => rollThrough(plane, plan)),
        { numRuns: 12, endOnFailure: true },
      )
    } finally {
      await manager.stop()
      await kubelet.stop()
      await plane.close()
    }
  })
})
