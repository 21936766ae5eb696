import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isReason } from '../../api/errors.ts'
import type { ConfigMap } from '../../api/types/core-v1.ts'
import { CONFIG_MAPS } from '../../client/resources.ts'
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts'
import { createControllerManager } from '../manager.ts'

const namespace = 'default'
const COUNT = 12
const all = Array.from({ length: COUNT }, (_, i) => i)
const some = (most: number) => fc.uniqueArray(fc.nat(COUNT - 1), { maxLength: most })

interface World {
  /** By object: who owns it. Circles are meant to happen. */
  owners: number[][]
  blocks: boolean[]
  /** Deleted first, without their dependents. */
  orphaning: number[]
  deleted: { which: number; how: 'Background' | 'Foreground' }[]
}

const worlds: fc.Arbitrary<World> = fc.record({
  owners: fc.array(some(2), { minLength: COUNT, maxLength: COUNT }),
  blocks: fc.array(fc.boolean(), { minLength: COUNT, maxLength: COUNT }),
  orphaning: some(2),
  deleted: fc.array(
    fc.record({ which: fc.nat(COUNT - 1), how: fc.constantFrom('Background' as const, 'Foreground' as const) }),
    { minLength: 1, maxLength: 4 },
  ),
})

/** Who is left: nobody who was deleted, and nobody who had owners of whom none is left. */
function survivors({ owners, orphaning, deleted }: World): number[] {
  const kept = owners.map(list => list.filter(owner => !orphaning.includes(owner)))
  const gone = new Set([...orphaning, ...deleted.map(({ which }) => which)])
  for (let before = -1; before !== gone.size; ) {
    before = gone.size
    for (const one of all) if (kept[one]!.length > 0 && kept[one]!.every(owner => gone.has(owner))) gone.add(one)
  }
  return all.filter(one => !gone.has(one))
}

let round = 0

async function live(plane: ControlPlane, world: World): Promise<void> {
  const prefix = `r${round++}-`
  const maps = plane.client.resource<ConfigMap>(CONFIG_MAPS)
  const uids: string[] = []
  for (const one of all) {
    const made = await maps.create({ metadata: { name: `${prefix}${one}`, namespace } })
    uids.push(made.metadata.uid)
  }
  for (const one of all) {
    const ownerReferences = world.owners[one]!.map(owner => ({
      ...{ apiVersion: 'v1', kind: 'ConfigMap', name: `${prefix}${owner}`, uid: uids[owner]! },
      blockOwnerDeletion: world.blocks[one]!,
    }))
    await maps.patch(`${prefix}${one}`, 'merge', { metadata: { ownerReferences } }, { namespace })
  }
  const remove = async (one: number, propagationPolicy: 'Background' | 'Foreground' | 'Orphan') => {
    try {
      await maps.delete(`${prefix}${one}`, { namespace, propagationPolicy })
    } catch (error) {
      // Its owner was deleted just before, and so it is gone already.
      if (!isReason(error, 'NotFound')) throw error
    }
  }
  const left = (expected: number[]) =>
    plane.until<ConfigMap, boolean>(CONFIG_MAPS, `${expected} are left of ${JSON.stringify(world)}`, found => {
      const own = found.filter(({ metadata }) => metadata.name.startsWith(prefix))
      const names = own.map(({ metadata }) => Number(metadata.name.slice(prefix.length)))
      const lost = expected.filter(one => !names.includes(one))
      assert.deepEqual(lost, [], 'nothing with a live owner is ever deleted')
      return own.length === expected.length && own.every(({ metadata }) => !metadata.deletionTimestamp)
    })
  for (const one of world.orphaning) await remove(one, 'Orphan')
  await left(all.filter(one => !world.orphaning.includes(one)))
  await Promise.all(world.deleted.map(({ which, how }) => remove(which, how)))
  await left(survivors(world))
}

describe('garbage collection of random worlds on a real API server', () => {
  it('leaves exactly those who were not deleted and have a live owner, or never had one', async () => {
    const plane = await startControlPlane()
    const manager = createControllerManager({ ...plane, disabled: ['node-lifecycle'] })
    await manager.start()
    try {
      await fc.assert(
        fc.asyncProperty(worlds, world => live(plane, world)),
        { numRuns: 15, endOnFailure: true },
      )
    } finally {
      await manager.stop()
      await plane.close()
    }
  })
})
