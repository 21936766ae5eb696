import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { ConfigMap } from '../api/types/core-v1.ts'
import { type ControlPlane, startControlPlane } from '../test/support/control-plane.ts'
import { eventually } from '../test/support/eventually.ts'
import { Informer } from './informer.ts'
import { CONFIG_MAPS } from './resources.ts'

describe('informers in the process of the API server', () => {
  const started: { stop(): Promise<void> }[] = []
  after(async () => {
    for (const one of started.reverse()) await one.stop()
  })
  const follow = ({ client, clock, random, log }: ControlPlane) => {
    const informer = new Informer<ConfigMap>(client.resource<ConfigMap>(CONFIG_MAPS), { clock, random, log })
    started.push(informer)
    informer.start()
    return informer
  }
  const map = (name: string, text: string) => ({ metadata: { name, namespace: 'default' }, data: { text } })

  it('hold the same objects, without what nobody reads, and follow every change', async () => {
    const plane = await startControlPlane()
    started.push({ stop: plane.close })
    const maps = plane.client.resource<ConfigMap>(CONFIG_MAPS)
    await maps.create(map('before', 'a'))
    const informers = [follow(plane), follow(plane)]
    await Promise.all(informers.map(informer => informer.synced()))
    const made = await maps.create(map('after', 'b'))
    await maps.update({ ...made, data: { text: 'c' } })
    await maps.delete('before', { namespace: 'default' })
    const seen = (informer: Informer<ConfigMap>) => informer.list().map(({ metadata, data }) => [metadata.name, data])
    const wanted = JSON.stringify([['after', { text: 'c' }]])
    await eventually({ what: 'both have heard of it', deadlineMs: 20_000 }, async () =>
      informers.every(informer => JSON.stringify(seen(informer)) === wanted),
    )
    const [mine, theirs] = informers.map(informer => informer.get('default/after'))
    assert.equal(mine, theirs)
    assert.deepEqual([mine?.kind, mine?.apiVersion, mine?.metadata.managedFields], ['ConfigMap', 'v1', undefined])
    assert.ok((await maps.get('after', 'default')).metadata.managedFields, 'who asks for one is told all of it')
  })
})
