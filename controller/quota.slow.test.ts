import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isReason } from '../api/errors.ts'
import { quantityMilli } from '../api/quantity.ts'
import type { ConfigMap, Pod, ResourceQuota, Service } from '../api/types/core-v1.ts'
import { CONFIG_MAPS, PODS, RESOURCE_QUOTAS, SERVICES } from '../client/resources.ts'
import { type ControlPlane, makePod, startControlPlane } from '../test/support/control-plane.ts'
import { follow } from '../test/support/follow.ts'
import { createControllerManager } from './manager.ts'

const namespace = 'default'

/** What one of several users does, one after the other; the same names are meant to be used by several of them. */
type Deed = { do: 'pod'; name: string; cpu: number } | { do: 'map'; name: string } | { do: 'delete'; name: string }

const names = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
const deeds: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pod' as const), name: names, cpu: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('map' as const), name: names }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), name: names }) },
)
const plans = fc.record({
  pods: fc.integer({ min: 1, max: 6 }),
  cpu: fc.integer({ min: 3, max: 15 }),
  maps: fc.integer({ min: 1, max: 5 }),
  users: fc.array(fc.array(deeds, { minLength: 3, maxLength: 10 }), { minLength: 6, maxLength: 6 }),
})

async function carryOut(plane: ControlPlane, deed: Deed): Promise<void> {
  const { client } = plane
  try {
    if (deed.do === 'pod') await plane.create(PODS, makePod(deed.name, { cpu: `${deed.cpu}00m` }))
    else if (deed.do === 'map') await plane.create<ConfigMap>(CONFIG_MAPS, { metadata: { name: deed.name, namespace } })
    else {
      await client.resource(PODS).delete(deed.name, { namespace, gracePeriodSeconds: 0 })
      await client.resource(CONFIG_MAPS).delete(deed.name, { namespace })
    }
  } catch (error) {
    // Too late, too early or too much: all of that happens to users, and is told them.
    const isTooMuch = isReason(error, 'Forbidden') && /exceeded quota/.test((error as Error).message)
    if (!isTooMuch && !isReason(error, 'AlreadyExists') && !isReason(error, 'NotFound')) throw error
  }
}

const milli = (pods: readonly Pod[]) =>
  pods.reduce((sum, pod) => sum + quantityMilli(pod.spec?.containers[0]?.resources?.requests?.cpu ?? 0), 0)

async function spend(plane: ControlPlane, plan: { pods: number; cpu: number; maps: number; users: Deed[][] }) {
  const hard = { pods: String(plan.pods), 'requests.cpu': `${plan.cpu}00m`, 'count/configmaps': String(plan.maps) }
  await plane.create<ResourceQuota>(RESOURCE_QUOTAS, { metadata: { name: 'all', namespace }, spec: { hard } })
  await plane.until<ResourceQuota, boolean>(RESOURCE_QUOTAS, 'counted', ([quota]) => quota?.status?.used?.pods === '0')
  const pods = await follow<Pod>(plane.client, PODS, all => {
    assert.ok(all.length <= plan.pods, `${all.length} pods, ${plan.pods} allowed`)
    assert.ok(milli(all) <= plan.cpu * 100, `${milli(all)}m cpu, ${plan.cpu}00m allowed`)
  })
  const maps = await follow<ConfigMap>(plane.client, CONFIG_MAPS, all => {
    assert.ok(all.length <= plan.maps, `${all.length} ConfigMaps, ${plan.maps} allowed`)
  })
  await Promise.all(
    plan.users.map(async deedsOfOne => {
      for (const deed of deedsOfOne) await carryOut(plane, deed)
    }),
  )
  await settle(plane, plan.pods)
  await pods.stop()
  await maps.stop()
  await clear(plane)
}

/** In the end the quota says what there is, and lets be made what that leaves, and no more. */
async function settle(plane: ControlPlane, most: number): Promise<void> {
  // Something that goes makes the controller count again, also what was charged in vain.
  await plane.create(SERVICES, { metadata: { name: 'any', namespace }, spec: { ports: [{ port: 1 }] } } as Service)
  await plane.client.resource(SERVICES).delete('any', { namespace })
  const pods = await plane.list<Pod>(PODS, namespace)
  const maps = await plane.list<ConfigMap>(CONFIG_MAPS, namespace)
  await plane.until<ResourceQuota, boolean>(RESOURCE_QUOTAS, 'what there is', ([quota]) => {
    const used = quota?.status?.used ?? {}
    const counts = [used.pods, used['count/configmaps']].map(Number)
    return (
      counts.join() === [pods.length, maps.length].join() && quantityMilli(used['requests.cpu'] ?? 0) === milli(pods)
    )
  })
  for (let i = pods.length; i < most; i++) await plane.create(PODS, makePod(`more-${i}`, { cpu: '0' }))
  await assert.rejects(plane.create(PODS, makePod('too-many', { cpu: '0' })), /exceeded quota: all, requested: pods=1/)
}

async function clear({ client }: ControlPlane): Promise<void> {
  await client.resource(RESOURCE_QUOTAS).deleteCollection({ namespace })
  await client.resource(PODS).deleteCollection({ namespace, gracePeriodSeconds: 0 })
  await client.resource(CONFIG_MAPS).deleteCollection({ namespace })
}

describe('a quota, seen in every state that what it limits goes through', () => {
  it('is never exceeded by several users at once, and never less than it says', async () => {
    const plane = await startControlPlane()
    const manager = createControllerManager({ ...plane, disabled: ['node-lifecycle'] })
    await manager.start()
    try {
      await fc.assert(
        fc.asyncProperty(plans, plan => spend(plane, plan)),
        { numRuns: 10, endOnFailure: true },
      )
    } finally {
      await manager.stop()
      await plane.close()
    }
  })
})
